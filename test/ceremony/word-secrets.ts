/**
 * The true secrets of a kept rehearsal with threshold shares, and every form in which a share of words could leak: its words,
 * their numbers, and the bytes that they stand for. Found without the product's code but for the word list, whose hash the
 * vectors' test compares with the standard's.
 */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SLIP39_WORDS } from '../../hsm/shares/slip39/word-list';
import { formsOf, type Needle } from './secrets';

const { recoverSecret } = createRequire(import.meta.url)('slip39') as {
  readonly recoverSecret: (mnemonics: readonly string[], passphrase: string) => readonly number[];
};

/** So many words in a row are a leak of a share: 40 bits. */
const PART_WORDS = 4;
/** Words that all shares of a set have alike or that say no secret: identifier, thresholds, indexes. */
const HEADER_WORDS = 4;
const CHECKSUM_WORDS = 3;

/** What one custodian was shown. */
export interface WordShare {
  readonly name: string;
  readonly words: readonly string[];
}

/** Shares that the player of a room was shown by now. */
export function wordSharesOf(room: string): WordShare[] {
  const { worksheets } = JSON.parse(readFileSync(join(room, 'player.json'), 'utf8')) as {
    readonly worksheets: readonly { readonly custodian: string; readonly text: string }[];
  };
  return worksheets.map(({ custodian, text }) => ({
    name: `share of ${custodian}`,
    words: text.split('\n\n')[1]?.match(/[a-z]+/gu) ?? [],
  }));
}

/** The master key that shares give, enough of them. */
export function masterKeyOf(shares: readonly WordShare[]): Buffer {
  return Buffer.from(
    recoverSecret(
      shares.map(({ words }) => words.join(' ')),
      '',
    ),
  );
}

/** Every form of every part of a share. */
export function formsOfWords({ name, words }: WordShare): Needle[] {
  const needles: Needle[] = [];
  const add = (form: string, bytes: Buffer): void => {
    needles.push({ what: `${name}, ${form}`, bytes });
  };
  const addText = (form: string, text: string): void => {
    add(form, Buffer.from(text));
    add(`${form}, UTF-16`, Buffer.from(text, 'utf16le'));
  };
  const numbers = words.map((word) => SLIP39_WORDS.indexOf(word));
  for (let at = HEADER_WORDS; at + PART_WORDS <= words.length; at += 1) {
    const part = words.slice(at, at + PART_WORDS);
    for (const [form, between] of [
      ['words', ' '],
      ['words by commas', ','],
      ['words by lines', '\n'],
    ] as const)
      addText(form, part.join(between));
    // As a sheet has them: three to a row, in columns.
    if (at % 3 === 0)
      addText(
        'a row of the sheet',
        part
          .slice(0, 3)
          .map((word) => word.padEnd(10))
          .join('')
          .trimEnd(),
      );
    for (const [form, bytes] of numberForms(numbers.slice(at, at + PART_WORDS))) add(form, bytes);
    addText('numbers', numbers.slice(at, at + PART_WORDS).join(','));
  }
  const bytes = { name: `${name}, its bytes`, key: valueOf(numbers) };
  return [...needles, ...formsOf(bytes)];
}

/**
 * Numbers as arrays of machine words, and as V8 keeps them: small integers in the upper half of eight bytes, or doubles. Of
 * these two the first half, which is zero, is left out, for half of all memory begins so.
 */
function* numberForms(numbers: readonly number[]): Generator<[string, Buffer]> {
  yield ['numbers of 16 bits', Buffer.from(Uint16Array.from(numbers).buffer)];
  yield ['numbers of 32 bits', Buffer.from(Uint32Array.from(numbers).buffer)];
  const small = BigUint64Array.from(numbers, (one) => BigInt(one) << 32n);
  yield ['numbers as V8 keeps them', Buffer.from(small.buffer).subarray(4)];
  yield ['numbers as doubles', Buffer.from(Float64Array.from(numbers).buffer).subarray(4)];
}

/** The bytes that the words stand for, without header and checksum: padding comes first, and is zero. */
function valueOf(numbers: readonly number[]): Buffer {
  const bits = numbers
    .slice(HEADER_WORDS, -CHECKSUM_WORDS)
    .map((number) => number.toString(2).padStart(10, '0'))
    .join('');
  const value = bits.slice(bits.length % 16).match(/.{8}/gu) ?? [];
  return Buffer.from(value.map((byte) => parseInt(byte, 2)));
}
