/** SLIP-39: the official vectors, the npm package `slip39` as second opinion, and properties of our own. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpolate, invert, multiply } from '../../hsm/shares/slip39/gf256';
import { Slip39Refused } from '../../hsm/shares/slip39/refused';
import { combineSlip39, splitSlip39, type Slip39Split } from '../../hsm/shares/slip39/scheme';
import { readSlip39, writeSlip39, type Slip39Share } from '../../hsm/shares/slip39/share';
import { SLIP39_WORDS } from '../../hsm/shares/slip39/word-list';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const require = createRequire(import.meta.url);
/** The official vectors, as the npm package brings them: description, mnemonics, master secret in hex or nothing. */
const VECTORS = JSON.parse(readFileSync(require.resolve('slip39/test/vectors.json'), 'utf8')) as readonly (readonly [
  string,
  readonly string[],
  string,
  string,
])[];
/** The npm package: tables of logarithms, strings; the other side of the interoperability. */
const other = require('slip39') as {
  readonly recoverSecret: (mnemonics: readonly string[], passphrase: string) => readonly number[];
  readonly fromArray: (
    secret: readonly number[],
    options: { readonly passphrase: string; readonly groups: readonly (readonly [number, number, string])[] },
  ) => { readonly fromPath: (path: string) => { readonly mnemonics: readonly string[] } };
};
const NONE = Buffer.alloc(0);
const split = (threshold: number, count: number): Slip39Split => ({
  threshold,
  count,
  passphrase: NONE,
  iterationExponent: 0,
});
const text = (share: Slip39Share): string => writeSlip39(share).toString('ascii');
const read = (words: string): Slip39Share => readSlip39(Buffer.from(words, 'utf8'));
/** All choices of `size` of the items. */
function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, at) => subsets(items.slice(at + 1), size - 1).map((rest) => [item, ...rest]));
}

describe('the official vectors', () => {
  it('are 45, and the word list is the standard one', () => {
    expect(VECTORS).toHaveLength(45);
    const list = createHash('sha256')
      .update(`${SLIP39_WORDS.join('\n')}\n`)
      .digest('hex');
    expect(list).toBe('bcc4555340332d169718aed8bf31dd9d5248cb7da6e5d355140ef4f1e601eec3');
  });

  it.each(VECTORS.map(([name, mnemonics, secret]) => ({ name, mnemonics, secret })))(
    '$name',
    ({ mnemonics, secret }) => {
      const combine = (): string => combineSlip39(mnemonics.map(read), Buffer.from('TREZOR')).toString('hex');
      if (secret === '') expect(combine).toThrow(Slip39Refused);
      else expect(combine()).toBe(secret);
    },
  );
});

describe('with the npm package slip39', () => {
  it.each([
    [16, 2, 3],
    [24, 3, 5],
    [32, 3, 5],
    [32, 16, 16],
  ] as const)('%i bytes, %i of %i, both ways', (length, threshold, count) => {
    const secret = Buffer.from(Array.from({ length }, (_, at) => (at * 37) % 256));
    const passphrase = 'correct horse';
    const ours = splitSlip39(secret, { ...split(threshold, count), passphrase: Buffer.from(passphrase) }).map(text);
    expect(Buffer.from(other.recoverSecret(ours.slice(-threshold), passphrase))).toEqual(secret);
    const theirs = other
      .fromArray([...secret], { passphrase, groups: [[threshold, count, 'all']] })
      .fromPath('r/0').mnemonics;
    expect(combineSlip39(theirs.slice(0, threshold).map(read), Buffer.from(passphrase))).toEqual(secret);
  });
});

describe('a set', () => {
  it(
    'gives back its secret from every choice of m, for n up to 8, and from none of m - 1',
    { timeout: 600_000 },
    () => {
      const secret = Buffer.alloc(32);
      secret[31] = 1;
      for (let count = 2; count <= (DEEP ? 8 : 5); count += 1) {
        for (let threshold = 2; threshold <= count; threshold += 1) {
          const shares = splitSlip39(secret, split(threshold, count));
          for (const chosen of subsets(shares, threshold))
            expect(combineSlip39(chosen, NONE).equals(secret)).toBe(true);
          for (const chosen of subsets(shares, threshold - 1).slice(0, 3))
            expect(() => combineSlip39(chosen, NONE)).toThrow(Slip39Refused);
        }
      }
    },
  );

  it('is typed back as it was written, for n from 1 to 16 and secrets that begin and end with zero bytes', () => {
    const secrets = fc
      .tuple(fc.constantFrom(16, 24, 32), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }))
      .chain(([length, before, after]) =>
        fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
          bytes.fill(0, 0, before);
          bytes.fill(0, length - after);
          return bytes;
        }),
      );
    const shapes = fc
      .integer({ min: 1, max: 16 })
      .chain((count) => fc.tuple(fc.integer({ min: count === 1 ? 1 : 2, max: count }), fc.constant(count)));
    fc.assert(
      fc.property(secrets, shapes, (secret, [threshold, count]) => {
        const shares = splitSlip39(secret, split(threshold, count));
        const back = shares.map((share) => read(text(share)));
        expect(back).toEqual(shares);
        expect(combineSlip39(back.slice(-threshold), NONE).equals(secret)).toBe(true);
      }),
      { numRuns: DEEP ? 3_000 : 60 },
    );
  });

  it('never combines with shares of another', () => {
    const secret = Buffer.alloc(16, 7);
    const [one, two] = [splitSlip39(secret, split(2, 3)), splitSlip39(secret, split(2, 3))];
    const mixed = [one[0], two[1]].flatMap((share) => (share === undefined ? [] : [share]));
    expect(() => combineSlip39(mixed, NONE)).toThrow(Slip39Refused);
    // With the same identifier the digest tells.
    const named = mixed.map((share) => ({ ...share, identifier: 1 }));
    expect(() => combineSlip39(named, NONE)).toThrow('the shares do not belong together: their digest is wrong');
  });

  it('with a passphrase gives another secret for another one, and no error', () => {
    const secret = Buffer.alloc(16, 9);
    const shares = splitSlip39(secret, { ...split(2, 2), passphrase: Buffer.from('right') });
    expect(combineSlip39(shares, Buffer.from('right'))).toEqual(secret);
    expect(combineSlip39(shares, Buffer.from('wrong'))).not.toEqual(secret);
  });

  it.each([
    [20, 2, 3, 0, 'secret: expected 16, 24 or 32 bytes, got 20'],
    [16, 4, 3, 0, 'shares: expected m of n with n up to 16, got 4 of 3'],
    [16, 2, 17, 0, 'shares: expected m of n with n up to 16, got 2 of 17'],
    [16, 1, 2, 0, 'shares: 1 of several would be the secret, several times'],
    [16, 2, 3, 16, 'iteration exponent: expected 0 to 15, got 16'],
  ])('of %i bytes, %i of %i, exponent %i: refused', (length, threshold, count, iterationExponent, message) => {
    expect(() => splitSlip39(Buffer.alloc(length), { ...split(threshold, count), iterationExponent })).toThrow(
      new RangeError(message),
    );
  });
});

describe('a share that is typed wrongly', () => {
  const share = splitSlip39(Buffer.alloc(32, 0x5a), split(3, 5))[1];
  if (share === undefined) throw new Error('there are five shares');
  const words = text(share).split(' ');
  const refusal = (typed: readonly string[]): string => {
    try {
      read(typed.join(' '));
      return 'accepted';
    } catch (error) {
      return error instanceof Slip39Refused ? error.message : String(error);
    }
  };

  it('in any one word: that word is named', { timeout: 600_000 }, () => {
    const stride = DEEP ? 1 : 31;
    for (let place = 0; place < words.length; place += 1) {
      for (let at = place % stride; at < SLIP39_WORDS.length; at += stride) {
        const wrong = SLIP39_WORDS[at] ?? '';
        if (wrong === words[place]) continue;
        const typed = words.map((word, other) => (other === place ? wrong : word));
        expect(refusal(typed)).toBe(`word ${String(place + 1)} is wrong`);
      }
    }
  });

  it('in any one character: that word is named', { timeout: 600_000 }, () => {
    const letters = DEEP ? 'abcdefghijklmnopqrstuvwxyz' : 'aeqz';
    for (const [place, word] of words.entries()) {
      for (let at = 0; at < word.length; at += 1) {
        for (const letter of letters) {
          if (letter === word[at]) continue;
          const typed = `${word.slice(0, at)}${letter}${word.slice(at + 1)}`;
          const said = refusal(words.map((one, other) => (other === place ? typed : one)));
          expect(said).toMatch(new RegExp(`^word ${String(place + 1)} (is wrong|is not on the list)$`, 'u'));
        }
      }
    }
  });

  it.each([
    ['a word left out', words.filter((_, place) => place !== 9)],
    ['two words swapped', words.map((word, place) => (place === 8 ? words[9] : place === 9 ? words[8] : word) ?? '')],
    ['a word twice', words.flatMap((word, place) => (place === 5 ? [word, word] : [word]))],
  ])('%s: refused, no single word is to blame', (_, typed) => {
    expect(refusal(typed)).toBe('more than one word is wrong, or words are missing or in another order');
  });

  it.each([
    ['', 'a share has at least 20 words, here are 0'],
    ['academic '.repeat(400), 'the text is too long for a share'],
    ['äcademic', 'word 1 has a character that no word has'],
    ['acad\u0000emic', 'word 2 is not on the list'],
  ])('%#: %s', (typed, message) => {
    expect(refusal([typed])).toBe(message);
  });

  it('takes capitals, four letters, numbered words and line breaks', () => {
    const numbered = words.map((word, place) => `${String(place + 1)}. ${word.slice(0, 4).toUpperCase()},`).join('\n');
    expect(read(numbered)).toEqual(share);
  });

  it('never with a word of it in the message', () => {
    for (const typed of [words.slice(1), [...words].reverse(), words.map(() => 'zebra')])
      for (const word of words) expect(refusal(typed).split(' ')).not.toContain(word);
  });
});

describe('the field', () => {
  it('multiplies as a table of shifts does, and inverts', () => {
    const slow = (a: number, b: number): number => {
      let product = 0;
      for (let bit = 0; bit < 8; bit += 1) if ((b >> bit) & 1) product ^= a << bit;
      for (let bit = 14; bit >= 8; bit -= 1) if ((product >> bit) & 1) product ^= 0x11b << (bit - 8);
      return product;
    };
    const all = Array.from({ length: 256 }, (_, element) => element);
    for (const a of all) {
      expect(all.map((b) => multiply(a, b))).toEqual(all.map((b) => slow(a, b)));
      expect(multiply(a, invert(a))).toBe(a === 0 ? 0 : 1);
    }
  });

  it('refuses points that make no polynomial', () => {
    expect(() => interpolate([], 0)).toThrow(RangeError);
    const y = Buffer.alloc(2);
    expect(() =>
      interpolate(
        [
          { x: 1, y },
          { x: 1, y },
        ],
        0,
      ),
    ).toThrow('interpolation: an x coordinate occurs twice');
    expect(() =>
      interpolate(
        [
          { x: 1, y },
          { x: 2, y: Buffer.alloc(3) },
        ],
        0,
      ),
    ).toThrow('different length');
  });
});
