/**
 * The form of a worksheet as a window needs it (docs/shares.md, "Worksheet"): eight rows, each of its number, eight hex
 * digits in two groups and two check digits. Whether a row is right, the share process alone tells.
 */
import { TypedBytes } from './typed-bytes';

/** Rows of a worksheet. */
export const ROWS = 8;
/** Digits of a row, without its number, as they are grouped. */
export const GROUPS = [4, 4, 2] as const;
/** Digits of a row, without its number. */
export const ROW_DIGITS = 10;

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
 * What the custodian typed, as the share process reads it: a line for each row, its number first.
 *
 * @param rows digits of each row, in order
 * @returns UTF-8 with a buffer of its own; the caller zeroes it
 */
export function typedSheet(rows: readonly TypedBytes[]): Uint8Array<ArrayBuffer> {
  const sheet = new TypedBytes(rows.reduce((length, row) => length + row.length + 4, 1));
  try {
    for (const [at, row] of rows.entries()) {
      sheet.append(`${String(at + 1)} `);
      for (let digit = 0; digit < row.length; digit += 1) sheet.append(row.at(digit));
      sheet.append('\n');
    }
    return sheet.copy();
  } finally {
    sheet.clear();
  }
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
