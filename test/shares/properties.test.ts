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
import { SLIP39_WORDS } from '../../hsm/shares/slip39/word-list';
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

  const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
  /** Every other word that one wrong letter makes. */
  const slipsOf = (word: string, letters = LETTERS): string[] =>
    [...word].flatMap((was, place) =>
      [...letters].filter((is) => is !== was).map((is) => word.slice(0, place) + is + word.slice(place + 1)),
    );
  /** What the app sends: a line to a row of three words. */
  const inRows = (words: readonly string[]): string =>
    `${words.map((word, at) => word + (at % 3 === 2 ? '\n' : ' ')).join('')}\n`;

  it.each([16, 24] as const)('in the words of a key of %i bytes: its word is named', { timeout: 600_000 }, (bytes) => {
    const { sheets, shares } = handedOut('threshold', { bytes, key: new Uint8Array(bytes).fill(0xa5) }, [2, 2]);
    const { name } = sheets[0]!;
    const words = shares[0]!.toString('ascii').split(' ');
    expect(words).toHaveLength(bytes === 16 ? 20 : 27);
    expect(refusal('threshold', inRows(words), name, bytes)).toBe('taken');
    for (const [at, word] of words.entries()) {
      const located = new RegExp(`^word ${String(at + 1)} (is wrong|is not on the list)$`, 'u');
      for (const slip of slipsOf(word, DEEP || bytes === 16 ? LETTERS : 'ez')) {
        const typed = words.with(at, slip);
        expect(refusal('threshold', inRows(typed), name, bytes)).toMatch(located);
        if (DEEP) expect(refusal('threshold', typed.join(' '), name, bytes)).toMatch(located);
      }
    }
  });

  it('in any word of the list at the beginning of any row: it is no heading, and its word is named', () => {
    const list = new Set(SLIP39_WORDS);
    // Those that have a heading's word, or begin with one: `share`, `setson`, and what else one letter makes of the list.
    const slips = new Set(SLIP39_WORDS.flatMap((word) => slipsOf(word).filter((slip) => !list.has(slip))));
    const likeHeadings = [...slips].filter((slip) => /^(?:set|share|scheme|custodian|keyrite)/u.test(slip));
    expect(likeHeadings).toEqual(expect.arrayContaining(['share', 'setson', 'setior', 'setret']));
    const { sheets, shares } = handedOut('threshold', { bytes: 16, key: new Uint8Array(16) }, [2, 2]);
    const { name } = sheets[0]!;
    const words = shares[0]!.toString('ascii').split(' ');
    const headings = sheets[0]!.sheet.toString().split('\n\n')[0]!;
    for (const slip of likeHeadings) {
      for (let at = 0; at < words.length; at += 3) {
        const typed = words.with(at, slip);
        const said = `word ${String(at + 1)} is not on the list`;
        expect(refusal('threshold', inRows(typed), name, 16)).toBe(said);
        expect(refusal('threshold', `${headings}\n\n${inRows(typed)}`, name, 16)).toBe(said);
        // A word to a line, and as it is copied from the sheet, with the row's number.
        expect(refusal('threshold', typed.join('\n'), name, 16)).toBe(said);
        expect(refusal('threshold', inRows(typed.with(at, `${String(at + 1)} ${slip}`)), name, 16)).toBe(said);
      }
    }
  });

  it('in the headings of a sheet of words: it is not taken, and another share or set is still told', () => {
    const { sheets } = handedOut('threshold', { bytes: 16, key: new Uint8Array(16) }, [2, 2]);
    const { name, sheet } = sheets[0]!;
    const text = sheet.toString();
    const end = text.indexOf('\n\n');
    for (let at = 0; at < end; at += 1) {
      if (/\s/u.test(text.charAt(at))) continue;
      for (const is of ['a', 'Z', '0', '#']) {
        if (is.toLowerCase() === text.charAt(at).toLowerCase()) continue;
        expect(refusal('threshold', text.slice(0, at) + is + text.slice(at + 1), name, 16)).not.toBe('taken');
      }
    }
    expect(refusal('threshold', text.replace('Share      1', 'Share      2'), name, 16)).toContain('this is share 2');
    expect(refusal('threshold', text.replace('3F2A', '3F2B'), name, 16)).toContain('a share of another set');
  });
});
