import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freshSecret, hkdfSha256, mixEntropy } from '../../hsm/shares/entropy';

const run = (from: number, to: number): Buffer =>
  Buffer.from(Array.from({ length: to - from + 1 }, (_, i) => from + i));

describe('HKDF-SHA-256', () => {
  it.each([
    {
      name: 'RFC 5869, A.1',
      ikm: Buffer.alloc(22, 0x0b),
      salt: run(0x00, 0x0c),
      info: run(0xf0, 0xf9),
      okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      name: 'RFC 5869, A.2',
      ikm: run(0x00, 0x4f),
      salt: run(0x60, 0xaf),
      info: run(0xb0, 0xff),
      okm:
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
        'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    },
    {
      name: 'RFC 5869, A.3',
      ikm: Buffer.alloc(22, 0x0b),
      salt: Buffer.alloc(0),
      info: Buffer.alloc(0),
      okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ])('gives the output of $name', ({ ikm, salt, info, okm }) => {
    expect(hkdfSha256(ikm, salt, info, okm.length / 2).toString('hex')).toBe(okm);
  });

  it('refuses more than 255 blocks', () => {
    expect(hkdfSha256(Buffer.alloc(32), Buffer.alloc(0), Buffer.alloc(0), 8160)).toHaveLength(8160);
    for (const length of [0, 8161, 1.5]) {
      expect(() => hkdfSha256(Buffer.alloc(32), Buffer.alloc(0), Buffer.alloc(0), length)).toThrow(RangeError);
    }
  });
});

describe('mixing', () => {
  const mixed = (...sources: [string, string][]): string =>
    mixEntropy(
      sources.map(([name, text]) => ({ name, bytes: Buffer.from(text) })),
      'test',
      32,
    ).toString('hex');
  const strong = 'x'.repeat(32);

  it('depends on every source, its name, its place and its end', () => {
    const results = [
      mixed(['a', strong], ['b', 'dice']),
      mixed(['a', strong], ['b', 'dicf']),
      mixed(['a', `${strong}d`], ['b', 'ice']),
      mixed(['a', strong], ['c', 'dice']),
      mixed(['b', 'dice'], ['a', strong]),
      mixed(['a', strong]),
    ];
    expect(new Set(results).size).toBe(results.length);
  });

  it('depends on the purpose and leaves the sources as they are', () => {
    const source = { name: 'a', bytes: Buffer.from(strong) };
    expect(mixEntropy([source], 'one', 32).equals(mixEntropy([source], 'two', 32))).toBe(false);
    expect(source.bytes.toString()).toBe(strong);
  });

  it('refuses no source, weak sources only, a name twice, and a bad name', () => {
    expect(() => mixed()).toThrow('expected one of at least 32 bytes');
    expect(() => mixed(['dice', '31'])).toThrow('expected one of at least 32 bytes');
    expect(() => mixed(['a', strong], ['a', strong])).toThrow('a name occurs twice');
    expect(() => mixed(['A b', strong])).toThrow('bad name');
  });

  it('gives other bytes each time, with the same further sources', () => {
    const dice = { name: 'dice', bytes: Buffer.from('6152') };
    const drawn = Array.from({ length: 50 }, () => freshSecret('test', 32, [dice]).toString('hex'));
    expect(new Set(drawn).size).toBe(50);
  });

  it('is injective in how it writes down sources', () => {
    const part = fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(
        fc.uniqueArray(part, { selector: ([name]) => name, maxLength: 3 }),
        fc.uniqueArray(part, { selector: ([name]) => name, maxLength: 3 }),
        (left, right) => {
          const same = JSON.stringify(left) === JSON.stringify(right);
          expect(mixed(['z0', strong], ...left) === mixed(['z0', strong], ...right)).toBe(same);
        },
      ),
      { numRuns: 200 },
    );
  });
});
