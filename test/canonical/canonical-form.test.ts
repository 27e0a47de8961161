/** The check of the canonical form on bytes says what parsing and writing again says, for every input. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_BYTES, MAX_DEPTH, isCanonical } from '../../ceremony/canonical-form';
import { canonicalJson, notCanonical, parseCanonical, type Json } from '../../ceremony/canonical-json';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const RUNS = DEEP ? 200_000 : 4_000;

/** The slow way: decode, parse, write again, compare. */
function isWrittenAgain(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return bytes.length <= MAX_BYTES && canonicalJson(JSON.parse(text) as Json) === text;
  } catch {
    return false;
  }
}

function agree(bytes: Uint8Array): void {
  const expected = isWrittenAgain(bytes);
  if (isCanonical(bytes) !== expected) {
    expect.unreachable(`${Buffer.from(bytes).toString('hex')}: expected ${String(expected)}`);
  }
}

const text = (value: string): Uint8Array => Buffer.from(value, 'utf8');

/** Pieces that canonical JSON is made of, and their neighbours that it is not. */
const PIECES = [
  '{', '}', '[', ']', ',', ':', '"', '\\', '""', '"a"', '"b"', '"a":', '"b":', '"ab":', '"\\"":', '"\\\\":', '"":', '"é":',
  '"\\u0000"', '"\\u001f"', '"\\u001F"', '"\\u0008"', '"\\b"', '"\\u000b"', '"\\/"', '"\\u007f"', '"\\ud800"', '"\\u00e9"',
  '"\u007f"', '"é"', '"\u2028"', '"🔑"', '0', '-0', '-', '1', '01', '10', '-7', '1.0', '1e0', '9007199254740991',
  '9007199254740992', '-9007199254740991', '-9007199254740992', '90071992547409910', 'true', 'false', 'null', 'nul',
  ' ', '\n', '\t', '\0', '\ufeff', '"__proto__":', '"constructor":', '"10":', '"9":',
]; // prettier-ignore

/** JSON values with keys and texts of every kind. */
const anyJson = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -20, max: 20 })),
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('"', '\\', '', 'a', 'a"', '__proto__', '1', '10')),
      tie('value'),
      {
        maxKeys: 5,
      },
    ) as fc.Arbitrary<Json>,
  ),
})).value;

/** Canonical bytes where the value has any; else the bytes of `JSON.stringify`. */
const written = anyJson.map((value) => {
  try {
    return text(canonicalJson(value));
  } catch {
    return text(JSON.stringify(value));
  }
});

describe('isCanonical', () => {
  it('agrees on canonical values', () => {
    let accepted = 0;
    fc.assert(
      fc.property(written, (bytes) => {
        agree(bytes);
        if (isCanonical(bytes)) accepted += 1;
      }),
      { numRuns: RUNS },
    );
    expect(accepted).toBeGreaterThan(RUNS / 4);
  });

  it('agrees on values that were changed in a byte or three', () => {
    const change = fc.tuple(
      fc.nat(),
      fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...text('{}[],:"\\-01eu.'))),
      fc.nat(2),
    );
    fc.assert(
      fc.property(written, fc.array(change, { minLength: 1, maxLength: 3 }), (bytes, changes) => {
        let changed = Buffer.from(bytes);
        for (const [where, byte, how] of changes) {
          const at = where % (changed.length + 1);
          changed = Buffer.concat([
            changed.subarray(0, at),
            how === 0 ? Buffer.from([]) : Buffer.from([byte]),
            changed.subarray(how === 1 ? at : at + 1),
          ]);
        }
        agree(changed);
      }),
      { numRuns: RUNS * 2 },
    );
  });

  it('agrees on random bytes, alone and within text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        agree(bytes);
        agree(Buffer.concat([text('"'), bytes, text('"')]));
        agree(Buffer.concat([text('{"'), bytes, text('":0}')]));
      }),
      { numRuns: RUNS * 2 },
    );
  });

  it('agrees on heaps of pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 9 }), (pieces) => {
        agree(text(pieces.join('')));
      }),
      { numRuns: RUNS * 2 },
    );
  });

  it('agrees on every text of up to five characters that matter', () => {
    const alphabet = DEEP ? '{}[],:"\\-019aentu' : '{}[],:"-0a';
    const grow = (prefix: string, left: number): void => {
      agree(text(prefix));
      if (left > 0) for (const letter of alphabet) grow(prefix + letter, left - 1);
    };
    grow('', DEEP ? 5 : 4);
  });

  it('agrees on every escape, every pair of bytes and every lead of a character in text', () => {
    for (let code = 0; code < 0x300; code += 1) {
      for (const digits of [code.toString(16).padStart(4, '0'), code.toString(16).padStart(4, '0').toUpperCase()]) {
        agree(text(`"\\u${digits}"`));
      }
    }
    for (let first = 0; first < 256; first += 1) {
      agree(Buffer.from([0x22, 0x5c, first, 0x22]));
      for (let second = 0; second < 256; second += 1) {
        agree(Buffer.from([0x22, first, second, 0x22]));
        if (first < 0xe0) continue;
        agree(Buffer.from([0x22, first, second, 0x80, 0x22]));
        agree(Buffer.from([0x22, first, second, 0xbf, 0xbf, 0x22]));
        agree(Buffer.from([0x22, first, second, 0x80, 0x22, 0x22]));
      }
    }
  });

  it('agrees at the limits of depth, length and integers', () => {
    for (const depth of [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, MAX_DEPTH + 2, 100_000]) {
      agree(text('['.repeat(depth) + ']'.repeat(depth)));
      agree(text(`${'['.repeat(depth)}0${']'.repeat(depth)}`));
      agree(text(`${'{"a":'.repeat(depth)}{}${'}'.repeat(depth)}`));
    }
    for (const length of [MAX_BYTES - 2, MAX_BYTES - 1]) agree(text(`"${'a'.repeat(length)}"`));
    for (let digits = 1; digits < 40; digits += 1) {
      for (const digit of '1789') for (const sign of ['', '-']) agree(text(sign + digit.repeat(digits)));
    }
    for (let near = -20n; near < 20n; near += 1n) {
      for (const sign of ['', '-']) agree(text(`${sign}${String(2n ** 53n + near)}`));
    }
  });
});

describe('parseCanonical', () => {
  it.each([
    ['', 'not UTF-8 JSON'],
    ['{', 'not UTF-8 JSON'],
    ['{ }', 'valid JSON, but not in canonical form'],
    ['{"a":1,"a":1}', 'valid JSON, but not in canonical form'],
    ['1.5', 'expected an integer within ±(2^53−1), got 1.5'],
    ['-0', 'expected an integer within ±(2^53−1), got 0'],
    ['"\u007f"', 'U+007F is not allowed in text'],
    ['"\\ud800"', 'text holds half of a surrogate pair'],
    ['{"é":0}', 'keys are printable ASCII'],
    [`${'['.repeat(34)}${']'.repeat(34)}`, 'deeper than 32'],
  ])('says of %s what is wrong with it', (source, words) => {
    expect(() => parseCanonical(text(source))).toThrow(`canonical JSON: ${words}`);
    expect(notCanonical(text(source)).message).toBe(`canonical JSON: ${words}`);
  });

  it('refuses more than 1 MiB', () => {
    expect(() => parseCanonical(text(`"${'a'.repeat(MAX_BYTES)}"`))).toThrow('expected at most 1048576 bytes');
  });
});
