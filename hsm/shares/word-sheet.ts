/**
 * The worksheet of a threshold share: the same headings as that of a component, then the words of SLIP-39, numbered, three
 * in a row: seven rows for the 20 words of a key of 16 bytes, nine for the 27 of 24, eleven for the 33 of 32.
 *
 * ```
 *  1  academic  acid      acne
 *  4  acquire   acrobat   activity
 * ```
 *
 * Typed back, capitals, blanks and line breaks make no difference, numbers and headings may be left out, and the first four
 * letters of a word are enough. A refusal names the word by its number, and never what was typed.
 */
import { secretBytes } from '../secret-bytes';
import type { ShareName } from './commitment';
import type { KeyBytes } from './key-bytes';
import { checkHeading, isBlank, isHeading, linesOf, writeHeadings } from './sheet-headings';
import { MAX_TYPED_BYTES, WorksheetRefused } from './sheet-refused';
import { Slip39Refused } from './slip39/refused';
import { readSlip39, writeSlip39 } from './slip39/share';

/** Words in a row. */
const WORDS_IN_ROW = 3;
const COLUMN = '  academic'.length;
const ROW_BYTES = '33'.length + WORDS_IN_ROW * COLUMN + '\n'.length;
const SPACE = 0x20;
const LINE_FEED = 0x0a;

/**
 * Writes the worksheet of one share.
 *
 * @param share the words in ASCII, one space between them
 * @returns UTF-8 bytes, ended by a line feed; the caller zeroes them
 */
export function writeWordSheet(name: ShareName, custodian: string, share: Uint8Array): Buffer {
  const top = writeHeadings(name, custodian);
  const words = wordsOf(share);
  const rows = Math.ceil(words.length / WORDS_IN_ROW);
  const sheet = secretBytes(top.length + rows * ROW_BYTES);
  sheet.fill(SPACE);
  top.copy(sheet);
  for (const [place, word] of words.entries()) {
    const row = top.length + Math.floor(place / WORDS_IN_ROW) * ROW_BYTES;
    const column = place % WORDS_IN_ROW;
    if (column === 0) sheet.write(String(place + 1).padStart(2), row, 'ascii');
    sheet.set(word, row + 4 + column * COLUMN);
  }
  for (let row = 1; row <= rows; row += 1) sheet[top.length + row * ROW_BYTES - 1] = LINE_FEED;
  return sheet;
}

/**
 * Reads what a custodian typed. Whether it is the share that was handed out, only the commitment tells.
 *
 * @param typed UTF-8, at most 4096 bytes
 * @param bytes length of the key of which a share is asked for
 * @returns the words in ASCII, one space between them; the caller zeroes them
 * @throws WorksheetRefused naming the word or heading that is wrong
 */
export function readWordSheet(typed: Uint8Array, name: ShareName, custodian: string, bytes: KeyBytes = 32): Buffer {
  if (typed.length > MAX_TYPED_BYTES) throw new WorksheetRefused('far more was typed than a worksheet holds');
  const words = secretBytes(typed.length + 1);
  let length = 0;
  let isInRows = false;
  try {
    for (const line of linesOf(typed)) {
      // SECURITY(K-364): a heading becomes a string, a row of words must not; behind the first row there are only rows.
      if (!isInRows && isHeading(line)) checkHeading(line, name, custodian);
      else {
        isInRows ||= !line.every(isBlank);
        words.set(line, length);
        length += line.length;
        words[length] = SPACE;
        length += 1;
      }
    }
    return canonical(words.subarray(0, length), name, bytes);
  } finally {
    words.fill(0);
  }
}

/** The words as they were written, whatever shorter form was typed. */
function canonical(words: Uint8Array, name: ShareName, bytes: KeyBytes): Buffer {
  try {
    const share = readSlip39(words);
    try {
      if (share.memberThreshold !== name.threshold || share.groupCount !== 1) {
        throw new WorksheetRefused(
          'the words are those of a share of another set: of one that needs another number of shares',
        );
      }
      if (share.value.length !== bytes)
        throw new WorksheetRefused('the words are those of a share of another set: of a key of another length');
      return writeSlip39(share);
    } finally {
      share.value.fill(0);
    }
  } catch (error) {
    if (error instanceof Slip39Refused) throw new WorksheetRefused(error.message);
    throw error;
  }
}

function wordsOf(share: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = [];
  let start = 0;
  for (let end = 0; end <= share.length; end += 1) {
    if (end < share.length && share[end] !== SPACE) continue;
    words.push(share.subarray(start, end));
    start = end + 1;
  }
  return words;
}
