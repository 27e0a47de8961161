/**
 * Sets of both schemes and all lengths as custodians meet them: every share typed back from its sheet, for every number of
 * shares; every wrong character found and located on the sheets of shorter keys; shares of two sets never taken for one
 * another. What the arithmetic alone does is in components.test.ts and slip39.test.ts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitToShare, matchesCommitment, type ShareName } from '../../hsm/shares/commitment';
import { freshSecret } from '../../hsm/shares/entropy';
import { KEY_BYTES, type KeyBytes } from '../../hsm/shares/key-bytes';
import { schemeOf } from '../../hsm/shares/set-scheme';
import { WorksheetRefused } from '../../hsm/shares/sheet-refused';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const SET = '3f2a91c0d5e64b7788990a1b2c3d4e5f';
const SCHEMES = ['components', 'threshold'] as const;
type Scheme = (typeof SCHEMES)[number];

/** Any key, with zeros at either end, or of nothing but zeros or ones. */
const keyOf = (bytes: KeyBytes) =>
  fc.oneof(
    fc.constantFrom(new Uint8Array(bytes), new Uint8Array(bytes).fill(0xff)),
    fc
      .tuple(fc.uint8Array({ minLength: bytes, maxLength: bytes }), fc.nat(bytes), fc.nat(bytes))
      .map(([key, front, back]) =>
        Uint8Array.from(key)
          .fill(0, 0, front)
          .fill(0, bytes - back),
      ),
    fc.uint8Array({ minLength: bytes, maxLength: bytes }),
  );
const anyKey = fc.constantFrom(...KEY_BYTES).chain((bytes) => keyOf(bytes).map((key) => ({ bytes, key })));

const nameOf = (scheme: Scheme, threshold: number, count: number, index: number): ShareName => ({
  set: SET,
  scheme,
  threshold,
  count,
  index,
});

/** Splits, and hands every share out on its sheet, to be typed back. */
function handedOut(scheme: Scheme, { bytes, key }: { bytes: KeyBytes; key: Uint8Array }, of: [number, number]) {
  const [threshold, count] = of;
  const rules = schemeOf(scheme);
  const shares = rules.split(key, threshold, count, freshSecret);
  const sheets = shares.map((share, at) => {
    const name = nameOf(scheme, threshold, count, at + 1);
    return { name, sheet: rules.write(name, 'carol', share) };
  });
  const back = sheets.map(({ name, sheet }) => rules.read(sheet, name, 'carol', bytes));
  return { rules, shares, sheets, back };
}

function refusal(scheme: Scheme, typed: string, name: ShareName, bytes: KeyBytes): string {
  try {
    schemeOf(scheme).read(Buffer.from(typed), name, 'carol', bytes);
    return 'taken';
  } catch (error) {
    return error instanceof WorksheetRefused ? error.message : String(error);
  }
}

describe.each(SCHEMES)('%s', (scheme) => {
  it('are typed back from their sheets and give the key, whatever it is', { timeout: 3_600_000 }, () => {
    const shape = fc
      .integer({ min: 2, max: 16 })
      .chain((count) =>
        fc.tuple(scheme === 'components' ? fc.constant(count) : fc.integer({ min: 2, max: count }), fc.constant(count)),
      );
    fc.assert(
      fc.property(anyKey, shape, (secret, of) => {
        const { rules, shares, back } = handedOut(scheme, secret, of);
        expect(back).toEqual(shares);
        expect(rules.combine(back.slice(-of[0]))?.equals(secret.key)).toBe(true);
      }),
      { numRuns: DEEP ? 10_000 : scheme === 'components' ? 300 : 40 },
    );
  });

  it.each(KEY_BYTES.flatMap((bytes) => [2, 3, 8, 15, 16].map((count) => [bytes, count] as const)))(
    '%i bytes, %i of them: no sheet is taken for another',
    (bytes, count) => {
      const key = new Uint8Array(bytes).fill(1);
      const of: [number, number] = [scheme === 'components' ? count : 2, count];
      const [one, two] = [handedOut(scheme, { bytes, key }, of), handedOut(scheme, { bytes, key }, of)];
      const salt = 'a0'.repeat(16);
      for (const [at, share] of one.shares.entries()) {
        const name = nameOf(scheme, of[0], count, at + 1);
        const commitment = commitToShare(name, share, salt);
        const matching = [...one.shares, ...two.shares].map((other) =>
          matchesCommitment(name, other, salt, commitment),
        );
        // A component can be that of another set by chance, once in 2^128.
        expect(matching).toEqual([...one.shares, ...two.shares].map((_, other) => other === at));
      }
    },
  );

  it.each([16, 24] as const)('of a key of %i bytes: a sheet of another length is refused', (bytes) => {
    const { sheets } = handedOut(scheme, { bytes, key: new Uint8Array(bytes) }, [2, 2]);
    const { name, sheet } = sheets[0]!;
    for (const other of KEY_BYTES) {
      const said = refusal(scheme, sheet.toString(), name, other);
      if (other === bytes) expect(said).toBe('taken');
      else expect(said).not.toBe('taken');
    }
  });
});

describe('a character typed wrongly', () => {
  it.each([16, 24] as const)('in the rows of a key of %i bytes: its row is named', (bytes) => {
    const { sheets } = handedOut('components', { bytes, key: new Uint8Array(bytes).fill(0xa5) }, [2, 2]);
    const { name, sheet } = sheets[0]!;
    const text = sheet.toString();
    const from = text.indexOf('\n\n') + 2;
    const rows = text.slice(from).trimEnd().split('\n');
    expect(rows).toHaveLength(bytes / 4);
    for (const [at, row] of rows.entries()) {
      for (const [place, was] of [...row].entries()) {
        if (was === ' ') continue;
        for (const is of '0123456789ABCDEFG') {
          if (is === was) continue;
          const typed = rows.with(at, row.slice(0, place) + is + row.slice(place + 1)).join('\n');
          expect(refusal('components', typed, name, bytes)).toMatch(new RegExp(`^row ${String(at + 1)}\\b`, 'u'));
        }
      }
    }
  });

  it.each([16, 24] as const)('in the words of a key of %i bytes: its word is named', { timeout: 600_000 }, (bytes) => {
    const { sheets, shares } = handedOut('threshold', { bytes, key: new Uint8Array(bytes).fill(0xa5) }, [2, 2]);
    const { name } = sheets[0]!;
    const words = shares[0]!.toString('ascii').split(' ');
    expect(words).toHaveLength(bytes === 16 ? 20 : 27);
    for (const [at, word] of words.entries()) {
      for (let place = 0; place < word.length; place += 1) {
        for (const letter of DEEP ? 'abcdefghijklmnopqrstuvwxyz' : 'ez') {
          if (letter === word[place]) continue;
          const typed = words.with(at, word.slice(0, place) + letter + word.slice(place + 1)).join(' ');
          const said = refusal('threshold', typed, name, bytes);
          expect(said).toMatch(new RegExp(`^word ${String(at + 1)} (is wrong|is not on the list)$`, 'u'));
        }
      }
    }
  });
});
