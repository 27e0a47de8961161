/**
 * A share of SLIP-39 as its words say it: 20 words for a secret of 16 bytes, 27 for 24, 33 for 32. The layout in bits:
 * identifier 15, extendable 1, iteration exponent 4, group index 4, group threshold − 1 4, groups − 1 4, member index 4,
 * member threshold − 1 4, zeros up to a whole word, the value, checksum 30.
 */
import { secretBytes } from '../../secret-bytes';
import { CHECKSUM_WORDS, checksumOf, isWhole, placeOfWrongWord } from './checksum';
import { Slip39Refused } from './refused';
import { SLIP39_WORDS } from './word-list';

/** What shares of one set have in common. */
export interface Slip39Set {
  /** 15 random bits. */
  readonly identifier: number;
  readonly isExtendable: boolean;
  readonly iterationExponent: number;
  readonly groupThreshold: number;
  readonly groupCount: number;
}

/** One share. `value` is secret, 16 bytes or more, an even number; who has the share zeroes it. */
export interface Slip39Share extends Slip39Set {
  readonly groupIndex: number;
  readonly memberIndex: number;
  readonly memberThreshold: number;
  readonly value: Buffer;
}

const WORD_BITS = 10;
const HEADER_WORDS = 4;
const LEAST_WORDS = 20;
const LEAST_VALUE_BYTES = 16;
const MOST_PADDING_BITS = 8;
/** Longest text that is looked at, in bytes: a share of 32 bytes has at most 297. */
const MOST_TEXT_BYTES = 2_000;
const LONGEST_WORD = 8;

/**
 * The words of a share, in small letters, with one space between them.
 *
 * @returns ASCII bytes; the caller zeroes them
 */
export function writeSlip39(share: Slip39Share): Buffer {
  const words = wordsOf(share);
  try {
    // SECURITY(K-364): numbers and letters alike are wiped, here and where they are read.
    const text = secretBytes(words.length * (LONGEST_WORD + 1));
    let length = 0;
    for (const word of words) {
      if (length > 0) text[length++] = SPACE;
      length += putWord(text, length, word);
    }
    return text.subarray(0, length);
  } finally {
    words.fill(0);
  }
}

/**
 * Reads a share as somebody typed it: capitals, commas, numbers of words, and white space of any kind make no difference, and the
 * first four letters of a word are enough.
 *
 * @returns the share; the caller zeroes its value
 * @throws Slip39Refused naming the place of a word that is none of the list, or that is wrong when all others are right
 */
export function readSlip39(text: Uint8Array): Slip39Share {
  if (text.length > MOST_TEXT_BYTES) throw new Slip39Refused('the text is too long for a share');
  const words = wordNumbers(text);
  try {
    if (words.length < LEAST_WORDS)
      throw new Slip39Refused(`a share has at least 20 words, here are ${String(words.length)}`);
    const isExtendable = ((words[1] ?? 0) & 0b10000) !== 0;
    if (!isWhole(words, isExtendable)) throw new Slip39Refused(whatIsWrong(words, isExtendable));
    return shareOf(words, isExtendable);
  } finally {
    words.fill(0);
  }
}

function whatIsWrong(words: readonly number[], isExtendable: boolean): string {
  // The second word says how the checksum begins: it may be that one.
  const place = placeOfWrongWord(words, isExtendable) ?? (placeOfWrongWord(words, !isExtendable) === 1 ? 1 : null);
  return place === null
    ? 'more than one word is wrong, or words are missing or in another order'
    : `word ${String(place + 1)} is wrong`;
}

/** The numbers of a share's words, checksum and all; secret. */
function wordsOf(share: Slip39Share): number[] {
  const valueBits = share.value.length * 8;
  const valueWords = Math.ceil(valueBits / WORD_BITS);
  const header =
    share.identifier * 2 ** 25 +
    (share.isExtendable ? 2 ** 24 : 0) +
    share.iterationExponent * 2 ** 20 +
    share.groupIndex * 2 ** 16 +
    (share.groupThreshold - 1) * 2 ** 12 +
    (share.groupCount - 1) * 2 ** 8 +
    share.memberIndex * 2 ** 4 +
    (share.memberThreshold - 1);
  const words = Array.from({ length: HEADER_WORDS }, (_, at) => Math.floor(header / 1024 ** (3 - at)) % 1024);
  const padding = valueWords * WORD_BITS - valueBits;
  for (let at = 0; at < valueWords; at += 1) {
    let word = 0;
    for (let bit = 0; bit < WORD_BITS; bit += 1) {
      const position = at * WORD_BITS + bit - padding;
      const byte = position < 0 ? 0 : (share.value[position >>> 3] ?? 0);
      word = (word << 1) | ((byte >>> (7 - (position & 7))) & 1);
    }
    words.push(word);
  }
  // Into the same array, which is wiped.
  words.push(...checksumOf(words, share.isExtendable));
  return words;
}

function shareOf(words: readonly number[], isExtendable: boolean): Slip39Share {
  const header = words.slice(0, HEADER_WORDS).reduce((sum, word) => sum * 1024 + word, 0);
  const field = (place: number): number => Math.floor(header / 2 ** place) % 16;
  const valueWords = words.slice(HEADER_WORDS, -CHECKSUM_WORDS);
  const bits = valueWords.length * WORD_BITS;
  const padding = bits % 16;
  const length = (bits - padding) / 8;
  if (padding > MOST_PADDING_BITS || length < LEAST_VALUE_BYTES)
    throw new Slip39Refused(`no share has ${String(words.length)} words`);
  const groupThreshold = field(12) + 1;
  const groupCount = field(8) + 1;
  if (groupThreshold > groupCount) throw new Slip39Refused('the share asks for more groups than there are');
  const value = secretBytes(length);
  let wrong = 0;
  for (let at = 0; at < bits; at += 1) {
    const bit = ((valueWords[Math.floor(at / WORD_BITS)] ?? 0) >>> (WORD_BITS - 1 - (at % WORD_BITS))) & 1;
    const position = at - padding;
    if (position < 0) wrong |= bit;
    else value[position >>> 3] = ((value[position >>> 3] ?? 0) << 1) | bit;
  }
  if (wrong !== 0) {
    value.fill(0);
    throw new Slip39Refused('the share has bits set where there are none');
  }
  return {
    identifier: Math.floor(header / 2 ** 25),
    isExtendable,
    iterationExponent: field(20),
    groupIndex: field(16),
    groupThreshold,
    groupCount,
    memberIndex: field(4),
    memberThreshold: field(0) + 1,
    value,
  };
}

const SPACE = 0x20;
/** All words one after the other, each in eight bytes, spaces behind. */
const TABLE = Buffer.from(SLIP39_WORDS.map((word) => word.padEnd(LONGEST_WORD)).join(''), 'ascii');
const LENGTHS = SLIP39_WORDS.map(({ length }) => length);

/** The same, four letters in a number. */
const QUARTERS = Int32Array.from({ length: TABLE.length / 4 }, (_, at) => TABLE.readInt32LE(at * 4));

/** Puts a word in its place, reading the whole list whichever it is, so that no cache tells it. Returns its length. */
function putWord(text: Buffer, at: number, number: number): number {
  let [length, first, second] = [0, 0, 0];
  for (let candidate = 0; candidate < LENGTHS.length; candidate += 1) {
    // All ones where the numbers are equal, else zero.
    const mask = ((candidate ^ number) - 1) >> 31;
    length |= (LENGTHS[candidate] ?? 0) & mask;
    first |= (QUARTERS[candidate * 2] ?? 0) & mask;
    second |= (QUARTERS[candidate * 2 + 1] ?? 0) & mask;
  }
  text.writeInt32LE(first, at);
  text.writeInt32LE(second, at + 4);
  text.fill(0, at + length, at + LONGEST_WORD);
  return length;
}

/** The numbers of the words in a text. */
function wordNumbers(text: Uint8Array): number[] {
  const words: number[] = [];
  const letters = secretBytes(LONGEST_WORD + 1);
  let length = 0;
  const end = (): void => {
    if (length === 0) return;
    const number = numberOf(letters, Math.min(length, letters.length));
    letters.fill(0);
    length = 0;
    if (number === null) throw new Slip39Refused(`word ${String(words.length + 1)} is not on the list`);
    words.push(number);
  };
  try {
    for (const byte of text) {
      const letter = byte | 0x20;
      const isLetter = letter >= 0x61 && letter <= 0x7a && byte < 0x80;
      if (isLetter) {
        if (length < letters.length) letters[length] = letter;
        length += 1;
      } else if (isBetweenWords(byte)) end();
      else throw new Slip39Refused(`word ${String(words.length + 1)} has a character that no word has`);
    }
    end();
    return words;
  } catch (error) {
    words.fill(0);
    throw error;
  } finally {
    letters.fill(0);
  }
}

/** White space, commas, full stops, and digits: sheets number their words. */
function isBetweenWords(byte: number): boolean {
  return byte <= SPACE || byte === 0x2c || byte === 0x2e || (byte >= 0x30 && byte <= 0x39);
}

/** The number of a word by all its letters, or by its first four; null when there is none. */
function numberOf(letters: Uint8Array, length: number): number | null {
  if (length < 4 || length > LONGEST_WORD) return null;
  let found = -1;
  for (let candidate = 0; candidate < LENGTHS.length; candidate += 1) {
    let difference = 0;
    for (let letter = 0; letter < length; letter += 1) {
      difference |= (letters[letter] ?? 0) ^ (TABLE[candidate * LONGEST_WORD + letter] ?? 0);
    }
    if (length !== 4) difference |= length ^ (LENGTHS[candidate] ?? 0);
    // All ones where there is no difference, else zero.
    const mask = (difference - 1) >> 31;
    found = (found & ~mask) | (candidate & mask);
  }
  return found < 0 ? null : found;
}
