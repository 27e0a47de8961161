/**
 * The forms of a worksheet as a window needs them (docs/shares.md, "Worksheet"): rows of digits for a component, rows of
 * words for a threshold share. Whether a row is right, the share process alone tells.
 */
import type { Dialogue } from '../../hsm/dialogue';
import { TypedBytes } from './typed-bytes';

/** How a share is typed, row by row. Rows are counted from 0. */
export interface SheetForm {
  readonly rows: number;
  /** Most characters of a row. */
  readonly capacity: number;
  /** Lengths of the groups in which a row is drawn; none: as it is typed. */
  readonly groups: readonly number[];
  readonly nameOf: (row: number) => string;
  /** The character as it is kept; null when no row has it, an empty text when it makes no difference. */
  readonly keep: (character: string) => string | null;
  /** What a key that is not taken is told, after the name of the row. */
  readonly noKey: string;
  /** What the row lacks; null when it may be whole. */
  readonly lacks: (typed: TypedBytes, row: number) => string | null;
  /** How it is typed. */
  readonly rule: string;
  /** What the custodian sees, for whoever copies it. */
  readonly shown: readonly string[];
  /** What stands before a row for the share process. */
  readonly before: (row: number) => string;
}

const DIGITS_RULE = 'Digits are 0 to 9 and A to F: a zero is never the letter O, a one never I or L';
const ROW_DIGITS = 10;

/** Bytes of a master key. */
type KeyBytes = 16 | 24 | 32;

/** Rows, each of its number, eight hex digits in two groups and two check digits: one for each four bytes of the key. */
const rowsOfDigits = (bytes: KeyBytes): SheetForm => ({
  rows: bytes / 4,
  capacity: ROW_DIGITS,
  groups: [4, 4, 2],
  nameOf: (row) => `Row ${String(row + 1)}`,
  keep: (character) => {
    if (/\s/.test(character)) return '';
    return /^[0-9a-f]$/i.test(character) ? character.toUpperCase() : null;
  },
  noKey: `that key is no digit. ${DIGITS_RULE}`,
  lacks: ({ length }) => (length < ROW_DIGITS ? `digits are missing, it has ${String(ROW_DIGITS)}` : null),
  rule: 'In each row, all digits after its number, check digits too. Enter goes on to the next row, Backspace takes back a digit, Ctrl-U the row. Blanks and small letters make no difference',
  shown: [
    `${String(bytes / 4)} rows, each with its number, two groups of four digits, and two check digits`,
    DIGITS_RULE,
  ],
  before: (row) => `${String(row + 1)} `,
});

const WORDS_IN_ROW = 3;
const LONGEST_ROW = '12345678 '.length * WORDS_IN_ROW;

/** Words of SLIP-39 for a key. */
const WORDS: Readonly<Record<KeyBytes, number>> = { 16: 20, 24: 27, 32: 33 };

/** The words of a share, three in a row; of 20 words the last row has two. */
const rowsOfWords = (bytes: KeyBytes): SheetForm => ({
  rows: Math.ceil(WORDS[bytes] / WORDS_IN_ROW),
  capacity: LONGEST_ROW,
  groups: [],
  nameOf: (row) =>
    `Words ${String(row * WORDS_IN_ROW + 1)}–${String(Math.min((row + 1) * WORDS_IN_ROW, WORDS[bytes]))}`,
  keep: (character) => {
    if (/\s/.test(character)) return ' ';
    return /^[a-z]$/i.test(character) ? character.toLowerCase() : null;
  },
  noKey: 'that key is no letter. Words have letters from A to Z only, and a blank between them',
  lacks: (typed, row) => {
    const needed = Math.min(WORDS_IN_ROW, WORDS[bytes] - row * WORDS_IN_ROW);
    return wordCount(typed) === needed ? null : `it has ${String(needed)} words`;
  },
  rule: 'Three words to a row, a blank between them. Enter goes on to the next row, Backspace takes back a letter, Ctrl-U the row. The first four letters of a word are enough',
  shown: [
    `${String(WORDS[bytes])} words, three in a row, each row with the number of its first word`,
    'Every word has 4 to 8 letters; no two begin with the same four',
  ],
  before: () => '',
});

/** The form of the share that a dialogue is about. */
export function formOf(dialogue: Extract<Dialogue, { kind: 'share-show' | 'share-enter' }>): SheetForm {
  const bytes = dialogue.bytes ?? 32;
  return dialogue.form === 'rows' ? rowsOfDigits(bytes) : rowsOfWords(bytes);
}

/** The row that a refusal of the share process names, from 0; null when it names none. */
export function refusedRow(refused: string | null): number | null {
  const [, what, number] = /^(row|word) (\d{1,2})\b/.exec(refused ?? '') ?? [];
  if (number === undefined) return null;
  return what === 'row' ? Number(number) - 1 : Math.ceil(Number(number) / WORDS_IN_ROW) - 1;
}

/** Most lines of a worksheet, and most bytes of one, that are shown. */
const MAX_LINES = 40;
const MAX_LINE_BYTES = 200;

const SPACE = 0x20;
const LINE_FEED = 0x0a;

/** One line of a worksheet: views of its bytes. */
export interface SheetLine {
  /** `row`: one of digits, which is secret; `heading`: names the share. */
  readonly kind: 'row' | 'heading';
  readonly words: readonly Uint8Array[];
}

/**
 * Lines and words of a worksheet, as views of its bytes: nothing is copied.
 *
 * @param sheet UTF-8
 * @returns null when this is no worksheet: no row, too long, or with control characters
 */
export function sheetLines(sheet: Uint8Array): readonly SheetLine[] | null {
  const lines = split(sheet, LINE_FEED).map((line) => split(line, SPACE));
  if (lines.length > MAX_LINES) return null;
  for (const words of lines) {
    if (words.reduce((length, word) => length + word.length + 1, 0) > MAX_LINE_BYTES) return null;
    if (words.some((word) => word.some((byte) => byte < SPACE || byte === 0x7f))) return null;
  }
  const found = lines.map((words): SheetLine => ({ kind: isRow(words) ? 'row' : 'heading', words }));
  return found.some(({ kind }) => kind === 'row') ? found : null;
}

/**
 * What the custodian typed, as the share process reads it: a line for each row.
 *
 * @param rows characters of each row, in order
 * @returns UTF-8 with a buffer of its own; the caller zeroes it
 */
export function typedSheet(rows: readonly TypedBytes[], form: SheetForm): Uint8Array<ArrayBuffer> {
  const sheet = new TypedBytes(rows.reduce((length, row) => length + row.length + 4, 1));
  try {
    for (const [at, row] of rows.entries()) {
      sheet.append(form.before(at));
      for (let digit = 0; digit < row.length; digit += 1) sheet.append(row.at(digit));
      sheet.append('\n');
    }
    return sheet.copy();
  } finally {
    sheet.clear();
  }
}

/** Runs of letters. */
function wordCount(typed: TypedBytes): number {
  let count = 0;
  for (let place = 0; place < typed.length; place += 1) {
    if (typed.at(place) !== ' ' && (place === 0 || typed.at(place - 1) === ' ')) count += 1;
  }
  return count;
}

function isRow(words: readonly Uint8Array[]): boolean {
  const first = words[0]?.[0] ?? 0;
  return first >= 0x30 && first <= 0x39;
}

function split(bytes: Uint8Array, at: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let end = 0; end <= bytes.length; end += 1) {
    if (end < bytes.length && bytes[end] !== at) continue;
    if (end > start) parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return parts;
}
