/**
 * The worksheet: the form in which a custodian copies a component by hand and types it back. Headings name the share;
 * then come rows, each with its number, eight hex digits in two groups, and two check digits (check-digits.ts): four of
 * them for a component of 16 bytes, six for 24, eight for 32.
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
import { isKeyLength, type KeyBytes } from './key-bytes';
import { checkHeading, isBlank, isHeading, linesOf, writeHeadings } from './sheet-headings';
import { MAX_TYPED_BYTES, WorksheetRefused } from './sheet-refused';
import { secretBytes } from '../secret-bytes';

const ROW_BYTES = 4;
const ROW_DIGITS = 2 * ROW_BYTES;
const LINE_DIGITS = 1 + ROW_DIGITS + CHECK_DIGITS;
const DIGITS = Buffer.from('0123456789ABCDEF', 'ascii');
const DIGITS_RULE = 'digits are 0 to 9 and A to F, a zero is never the letter O, a one never I or L';

/**
 * Writes the worksheet of one share.
 *
 * @param component 16, 24 or 32 bytes
 * @returns UTF-8 bytes, ended by a line feed; the caller zeroes them
 * @throws RangeError for a component of another length
 */
export function writeWorksheet(name: ShareName, custodian: string, component: Uint8Array): Buffer {
  if (!isKeyLength(component.length)) {
    throw new RangeError(`component: expected 16, 24 or 32 bytes, got ${String(component.length)}`);
  }
  const rows = component.length / ROW_BYTES;
  const top = writeHeadings(name, custodian);
  const rowLength = '1   0000 0000   00\n'.length;
  const sheet = Buffer.alloc(top.length + rows * rowLength);
  top.copy(sheet);
  for (let row = 1; row <= rows; row += 1) {
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
 * @param bytes length of the component that is asked for
 * @returns the component; the caller zeroes it
 * @throws WorksheetRefused naming the row or heading that is wrong
 */
export function readWorksheet(typed: Uint8Array, name: ShareName, custodian: string, bytes: KeyBytes = 32): Buffer {
  if (typed.length > MAX_TYPED_BYTES) throw new WorksheetRefused('far more was typed than a worksheet holds');
  const rows = new RowReader(bytes);
  try {
    for (const line of linesOf(typed)) {
      if (isHeading(line)) checkHeading(line, name, custodian);
      else rows.take(line);
    }
    return rows.finish();
  } finally {
    rows.forget();
  }
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;

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

/** Collects digits line by line; knows which row it is in. */
class RowReader {
  readonly #component: Buffer;
  readonly #rows: number;
  readonly #pending = secretBytes(LINE_DIGITS);
  #length = 0;
  #row = 1;

  constructor(bytes: KeyBytes) {
    this.#component = secretBytes(bytes);
    this.#rows = bytes / ROW_BYTES;
  }

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
    if (this.#row <= this.#rows) throw new WorksheetRefused(`row ${String(this.#row)} and what follows it are missing`);
    const component = secretBytes(this.#component.length);
    component.set(this.#component);
    return component;
  }

  forget(): void {
    this.#component.fill(0);
    this.#pending.fill(0);
  }

  #add(digits: Uint8Array): void {
    if (this.#row > this.#rows)
      throw new WorksheetRefused(`there is something after row ${String(this.#rows)}, the last one`);
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
    if (row > this.#rows)
      throw new WorksheetRefused(`there is something after row ${String(this.#rows)}, the last one`);
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
    const row = Math.min(this.#row + Math.floor((this.#length + before) / LINE_DIGITS), this.#rows);
    const place = row === 1 && this.#length + before === 0 ? 'row 1, or a heading before it' : `row ${String(row)}`;
    return new WorksheetRefused(`${place}: there is something that is no digit; ${DIGITS_RULE}`);
  }

  #wrongLength(what: string): WorksheetRefused {
    return new WorksheetRefused(
      `row ${String(this.#row)}: ${what}; a row has its number, ${String(ROW_DIGITS)} digits and ${String(CHECK_DIGITS)} check digits`,
    );
  }
}

/** Value of a hex digit in either case, or null. */
function digitOf(byte: number | undefined): number | null {
  if (byte === undefined) return null;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : null;
}
