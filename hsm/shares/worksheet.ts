/**
 * The worksheet: the form in which a custodian copies a component by hand and types it back. Headings name the share;
 * then come eight rows, each with its number, eight hex digits in two groups, and two check digits (check-digits.ts).
 *
 * ```
 * KEYRITE SHARE
 * Set        3F2A 91C0
 * Share      2 of 3
 * Scheme     components, all needed
 * Custodian  carol
 *
 * 1   0A1B 2C3D   7E
 * ...
 * 8   1122 3344   0F
 * ```
 *
 * Typed back, spaces, blank lines and small letters make no difference; headings may be left out, but one that is there
 * must be right. A row may be broken over several lines, and a line may hold several whole rows.
 *
 * Words a person sees: what is wrong with which row, and what a row should be. Never what was typed: not even which
 * letter, since a letter O tells of a zero, and these words reach the main process.
 */
import { timingSafeEqual } from 'node:crypto';
import { CHECK_DIGITS, checkDigits } from './check-digits';
import type { ShareName } from './commitment';
import { COMPONENT_BYTES } from './components';
import { secretBytes } from '../secret-bytes';

/** Rows of a worksheet. */
export const ROWS = 8;

/** Most bytes that are read of what a person typed. */
export const MAX_TYPED_BYTES = 4096;

const ROW_BYTES = COMPONENT_BYTES / ROWS;
const ROW_DIGITS = 2 * ROW_BYTES;
const LINE_DIGITS = 1 + ROW_DIGITS + CHECK_DIGITS;
const DIGITS = Buffer.from('0123456789ABCDEF', 'ascii');
const DIGITS_RULE = 'digits are 0 to 9 and A to F, a zero is never the letter O, a one never I or L';

/** A typed worksheet is not what was handed out. The message names row or heading, and holds nothing of the share. */
export class WorksheetRefused extends Error {
  override readonly name = 'WorksheetRefused';
}

/** The short form of a set id (16 bytes hex) on a worksheet: its first four bytes, in two groups. */
export function shortSetId(set: string): string {
  return `${set.slice(0, 4)} ${set.slice(4, 8)}`.toUpperCase();
}

/**
 * Writes the worksheet of one share.
 *
 * @param component 32 bytes
 * @returns UTF-8 bytes, ended by a line feed; the caller zeroes them
 * @throws RangeError for a component of another length
 */
export function writeWorksheet(name: ShareName, custodian: string, component: Uint8Array): Buffer {
  if (component.length !== COMPONENT_BYTES) {
    throw new RangeError(`component: expected ${String(COMPONENT_BYTES)} bytes, got ${String(component.length)}`);
  }
  const top = Buffer.from(
    ['KEYRITE SHARE', ...headings(name, custodian).map(([key, value]) => `${key.padEnd(11)}${value}`), '', ''].join(
      '\n',
    ),
  );
  const rowLength = '1   0000 0000   00\n'.length;
  const sheet = Buffer.alloc(top.length + ROWS * rowLength);
  top.copy(sheet);
  for (let row = 1; row <= ROWS; row += 1) {
    writeRow(
      sheet,
      top.length + (row - 1) * rowLength,
      row,
      component.subarray((row - 1) * ROW_BYTES, row * ROW_BYTES),
    );
  }
  return sheet;
}

/**
 * Reads what a custodian typed. Whether it is the share that was handed out, only the commitment tells.
 *
 * @param typed UTF-8, at most 4096 bytes
 * @returns the component, 32 bytes; the caller zeroes it
 * @throws WorksheetRefused naming the row or heading that is wrong
 */
export function readWorksheet(typed: Uint8Array, name: ShareName, custodian: string): Buffer {
  if (typed.length > MAX_TYPED_BYTES) throw new WorksheetRefused('far more was typed than a worksheet holds');
  const rows = new RowReader();
  try {
    for (const line of linesOf(typed)) {
      if (isHeading(line)) checkHeading(Buffer.from(line).toString('latin1'), name, custodian);
      else rows.take(line);
    }
    return rows.finish();
  } finally {
    rows.forget();
  }
}

function headings(name: ShareName, custodian: string): [string, string][] {
  return [
    ['Set', shortSetId(name.set)],
    ['Share', `${String(name.index)} of ${String(name.count)}`],
    ['Scheme', `${name.scheme}, all needed`],
    ['Custodian', custodian],
  ];
}

function writeRow(sheet: Buffer, at: number, row: number, bytes: Uint8Array): void {
  const digits = secretBytes(ROW_DIGITS);
  try {
    bytes.forEach((byte, i) => {
      digits[2 * i] = byte >> 4;
      digits[2 * i + 1] = byte & 15;
    });
    const values = [row, ...digits, ...checkDigits(row, digits)];
    let value = 0;
    for (const [offset, sample] of [...Buffer.from('1   0000 0000   00')].entries()) {
      sheet[at + offset] = sample === SPACE ? SPACE : (DIGITS[values[value++] ?? 0] ?? 0);
    }
    sheet[at + '1   0000 0000   00'.length] = LINE_FEED;
    values.fill(0);
  } finally {
    digits.fill(0);
  }
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const HEADING = /^\s*(keyrite\s+share|set|share|scheme|custodian)(?:\s(.*))?$/i;
const KEYWORDS = ['keyrite', 'set', 'share', 'scheme', 'custodian'].map((word) => Buffer.from(word, 'ascii'));

/** Lines as views of the typed bytes; CR, LF, or both end one. */
function* linesOf(typed: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (let at = 0; at <= typed.length; at += 1) {
    const byte = typed[at];
    if (byte !== undefined && byte !== LINE_FEED && byte !== 0x0d) continue;
    yield typed.subarray(start, at);
    start = at + 1;
  }
}

/** Whether a line begins with a heading's word. Compared as bytes: rows never become strings. */
function isHeading(line: Uint8Array): boolean {
  const start = line.findIndex((byte) => !isBlank(byte));
  return start >= 0 && KEYWORDS.some((word) => word.every((letter, i) => ((line[start + i] ?? 0) | 0x20) === letter));
}

function checkHeading(line: string, name: ShareName, custodian: string): void {
  const [, word, rest] = HEADING.exec(line) ?? [];
  const key = squeezed(word ?? '');
  const title: [string, string] = ['KEYRITE SHARE', ''];
  const heading = [title, ...headings(name, custodian)].find(([label]) => squeezed(label) === key);
  if (heading === undefined) throw new WorksheetRefused('a heading is none of those of the worksheet');
  const [label, expected] = heading;
  if (squeezed(rest ?? '') !== squeezed(expected)) throw new WorksheetRefused(headingTrouble(label, rest ?? '', name));
}

function headingTrouble(label: string, value: string, name: ShareName): string {
  const asked = `share ${String(name.index)} of set ${shortSetId(name.set)} is asked for`;
  if (label === 'Set' && /^[0-9a-f]{8}$/.test(squeezed(value))) return `this is a share of another set: ${asked}`;
  const other = /^([0-9]{1,2})of([0-9]{1,2})$/.exec(squeezed(value));
  if (label === 'Share' && other !== null && Number(other[2]) === name.count && Number(other[1]) <= name.count) {
    return `by its heading this is share ${String(Number(other[1]))}: ${asked}`;
  }
  return `the heading ${label} is not that of the worksheet handed out: ${asked}`;
}

function squeezed(text: string): string {
  return text.replace(/\s/g, '').toLowerCase();
}

/** Collects digits line by line; knows which row it is in. */
class RowReader {
  readonly #component = secretBytes(COMPONENT_BYTES);
  readonly #pending = secretBytes(LINE_DIGITS);
  #length = 0;
  #row = 1;

  take(line: Uint8Array): void {
    const digits = secretBytes(line.length);
    try {
      let count = 0;
      for (const byte of line) {
        if (isBlank(byte)) continue;
        const digit = digitOf(byte);
        if (digit === null) throw this.#noDigit(count);
        digits[count] = digit;
        count += 1;
      }
      if (count > 0) this.#add(digits.subarray(0, count));
    } finally {
      digits.fill(0);
    }
  }

  finish(): Buffer {
    if (this.#length > 0) throw this.#wrongLength('digits are missing');
    if (this.#row <= ROWS) throw new WorksheetRefused(`row ${String(this.#row)} and what follows it are missing`);
    const component = secretBytes(COMPONENT_BYTES);
    component.set(this.#component);
    return component;
  }

  forget(): void {
    this.#component.fill(0);
    this.#pending.fill(0);
  }

  #add(digits: Uint8Array): void {
    if (this.#row > ROWS) throw new WorksheetRefused(`there is something after row ${String(ROWS)}, the last one`);
    if (this.#length > 0 && this.#length + digits.length > LINE_DIGITS) throw this.#wrongLength('digits are missing');
    if (digits.length > LINE_DIGITS && digits.length % LINE_DIGITS !== 0) {
      throw this.#wrongLength('its line has too many digits, or too few for several rows');
    }
    for (let at = 0; at < digits.length;) {
      const part = digits.subarray(at, at + LINE_DIGITS - this.#length);
      this.#pending.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length === LINE_DIGITS) this.#close();
    }
  }

  #close(): void {
    const row = this.#row;
    if (row > ROWS) throw new WorksheetRefused(`there is something after row ${String(ROWS)}, the last one`);
    if (this.#pending[0] !== row) {
      throw new WorksheetRefused(
        `row ${String(row)}: it must begin with its number, ${String(row)}; is a row left out or twice?`,
      );
    }
    const digits = this.#pending.subarray(1, 1 + ROW_DIGITS);
    const expected = Uint8Array.from(checkDigits(row, digits));
    if (!timingSafeEqual(expected, this.#pending.subarray(1 + ROW_DIGITS))) {
      throw new WorksheetRefused(
        `row ${String(row)}: a digit is wrong, or two are swapped; the check digits at its end do not fit`,
      );
    }
    for (let i = 0; i < ROW_BYTES; i += 1) {
      this.#component[(row - 1) * ROW_BYTES + i] = ((digits[2 * i] ?? 0) << 4) | (digits[2 * i + 1] ?? 0);
    }
    this.#length = 0;
    this.#row += 1;
  }

  #noDigit(before: number): WorksheetRefused {
    const row = Math.min(this.#row + Math.floor((this.#length + before) / LINE_DIGITS), ROWS);
    const place = row === 1 && this.#length + before === 0 ? 'row 1, or a heading before it' : `row ${String(row)}`;
    return new WorksheetRefused(`${place}: there is something that is no digit; ${DIGITS_RULE}`);
  }

  #wrongLength(what: string): WorksheetRefused {
    return new WorksheetRefused(
      `row ${String(this.#row)}: ${what}; a row has its number, ${String(ROW_DIGITS)} digits and ${String(CHECK_DIGITS)} check digits`,
    );
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0x09;
}

/** Value of a hex digit in either case, or null. */
function digitOf(byte: number | undefined): number | null {
  if (byte === undefined) return null;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : null;
}
