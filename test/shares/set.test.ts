import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import type { AskingLink } from '../../hsm/contract';
import { commitToShare } from '../../hsm/shares/commitment';
import { SetInHand } from '../../hsm/shares/set-in-hand';
import { componentOn, Custodians, xor, componentSet } from './custodians';
import { makeUnitKeys } from './unit-keys';

const PEOPLE = ['carol', 'dave', 'erin'];
const UNIT = makeUnitKeys('sha256', 'ecdsa-p256-sha256');

async function failure(act: () => unknown): Promise<DeviceError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

async function distributed(): Promise<{ set: SetInHand; people: Custodians }> {
  const set = SetInHand.generate(componentSet(3));
  const people = new Custodians();
  for (const [i, custodian] of PEOPLE.entries()) await set.show(i + 1, custodian, people);
  return { set, people };
}

async function readBack(): Promise<{ set: SetInHand; people: Custodians }> {
  const made = await distributed();
  for (const [i, custodian] of PEOPLE.entries()) await made.set.enter(i + 1, custodian, made.people);
  return made;
}

/** CMAC by OpenSSL's command line: no code of ours. */
function opensslCmac(key: Buffer, byte: number): string {
  const args = ['mac', '-cipher', 'AES-256-CBC', '-macopt', `hexkey:${key.toString('hex')}`, '-in', '-', 'CMAC'];
  return execFileSync('openssl', args, { input: Buffer.alloc(16, byte) })
    .toString()
    .trim()
    .toLowerCase();
}

describe('a set', () => {
  it('is what its custodians hold: commitments and pattern are those of the worksheets', async () => {
    const { set, people } = await distributed();
    const components = PEOPLE.map((custodian) => componentOn(people.worksheets.get(custodian) ?? ''));
    const { known } = set;
    components.forEach((component, i) => {
      const { salt, commitment } = known.shares[i] ?? { salt: '', commitment: '' };
      const name = { set: known.set, scheme: 'components', threshold: 3, count: 3, index: i + 1 } as const;
      expect(commitToShare(name, component, salt)).toBe(commitment);
    });
    const masterKey = xor(components);
    expect(known.pattern).toBe(opensslCmac(masterKey, 1) + opensslCmac(masterKey, 2));
  });

  it('loads into a unit what was read back', async () => {
    const { set, people } = await readBack();
    const masterKey = xor(PEOPLE.map((custodian) => componentOn(people.worksheets.get(custodian) ?? '')));
    for (const unit of [UNIT, makeUnitKeys('sha1', 'rsa-pss-sha256')]) {
      expect(unit.unwrap(set.wrap(unit)).equals(masterKey)).toBe(true);
    }
  });

  it.each([2, 3, 16])('can have %i shares', async (count) => {
    const set = SetInHand.generate(componentSet(count));
    const people = new Custodians();
    for (let index = 1; index <= count; index += 1) {
      await set.show(index, `c${String(index)}`, people);
      await set.enter(index, `c${String(index)}`, people);
    }
    expect(UNIT.unwrap(set.wrap(UNIT))).toHaveLength(32);
  });

  it('zeroes every buffer that went to or came from a custodian', async () => {
    const { people } = await readBack();
    expect(people.shown).toHaveLength(3);
    expect(people.typed).toHaveLength(3);
    expect([...people.shown, ...people.typed].every((buffer) => buffer.every((byte) => byte === 0))).toBe(true);
  });

  it('is another one each time', () => {
    const sets = Array.from({ length: 20 }, () => SetInHand.generate(componentSet(2)).known);
    expect(new Set(sets.map((one) => one.set)).size).toBe(20);
    expect(new Set(sets.map((one) => one.pattern)).size).toBe(20);
    expect(new Set(sets.flatMap((one) => one.shares.map((share) => share.salt))).size).toBe(40);
  });

  it('is taken up again from commitments alone, and loads what is entered then', async () => {
    const { set, people } = await readBack();
    const masterKey = UNIT.unwrap(set.wrap(UNIT));
    const again = SetInHand.reopen(set.known);
    for (const [i, custodian] of PEOPLE.entries()) await again.enter(i + 1, custodian, people);
    expect(UNIT.unwrap(again.wrap(UNIT)).equals(masterKey)).toBe(true);
  });
});

describe('a copy of a component', () => {
  it('is shown after its custodian read theirs back, and read back by who holds it', async () => {
    const { set, people } = await distributed();
    await set.enter(1, 'carol', people, { more: true });
    await set.show(1, 'fay', people);
    const [carols, fays] = ['carol', 'fay'].map((who) => componentOn(people.worksheets.get(who) ?? ''));
    expect(fays).toEqual(carols);
    expect((await failure(() => set.enter(1, 'fay', people))).code).toBe('SHARE_ENTERED');
    await set.enter(1, 'fay', people, { copy: true });
    // The last one: nothing of it is left to be shown.
    expect((await failure(() => set.show(1, 'gus', people))).code).toBe('SHARE_NOT_HERE');
    for (const [index, who] of [
      [2, 'dave'],
      [3, 'erin'],
    ] as const)
      await set.enter(index, who, people);
    expect(UNIT.unwrap(set.wrap(UNIT))).toHaveLength(32);
  });

  it('is refused where it is another component, or was copied wrongly', async () => {
    const { set, people } = await distributed();
    await set.enter(1, 'carol', people, { more: true });
    await set.show(1, 'fay', people);
    people.types = ({ refused }) =>
      people.worksheets.get(refused === null ? 'dave' : 'fay')?.replace(/[^]*?\n\n/u, '') ?? '';
    await set.enter(1, 'fay', people, { copy: true });
    expect(people.refusals[0]).toMatch(/^this is share 2 of the same set/u);
  });

  it('is never for somebody who holds another component, nor another one for who holds a copy', async () => {
    const { set, people } = await distributed();
    await set.enter(1, 'carol', people, { more: true });
    expect((await failure(() => set.show(1, 'dave', people))).code).toBe('SHARE_SECOND');
    await set.show(1, 'fay', people);
    expect((await failure(() => set.enter(2, 'fay', people))).code).toBe('SHARE_SECOND');
  });
});

describe('entry', () => {
  it('tells the custodian the row, and takes the share when it is right', async () => {
    const { set, people } = await distributed();
    people.types = ({ custodian, refused }) => {
      const sheet = people.worksheets.get(custodian) ?? '';
      return refused === null ? sheet.replace(/^(5 {3}.*)..$/m, '$1') : sheet;
    };
    await set.enter(1, 'carol', people);
    expect(people.refusals).toEqual(['row 5: digits are missing; a row has its number, 8 digits and 2 check digits']);
  });

  it('gives up after five wrong entries, having taken nothing', async () => {
    const { set, people } = await distributed();
    people.types = () => 'nonsense';
    const error = await failure(() => set.enter(1, 'carol', people));
    expect(people.typed).toHaveLength(5);
    expect(error).toMatchObject({ code: 'SHARE_WRONG', uncertain: false });
    expect(error.message).toMatch(
      /^Share 1 of set [0-9A-F]{4} [0-9A-F]{4} was entered by carol 5 times and is wrong each time, last: row 1/,
    );
    expect(error.changed).toBe('Nothing was changed: no share was taken, and no unit was touched');
    expect((await failure(() => set.wrap(UNIT))).message).toContain('shares 1, 2, 3 not entered');
    people.types = ({ custodian }) => people.worksheets.get(custodian) ?? '';
    await set.enter(1, 'carol', people);
  });

  it('names another share of the same set, with and without its headings', async () => {
    const { set, people } = await distributed();
    const daves = people.worksheets.get('dave') ?? '';
    const rows = daves.slice(daves.indexOf('\n1 ') + 1);
    const short = daves.slice(daves.indexOf('Set') + 11, daves.indexOf('\nShare'));
    people.types = () => daves;
    await failure(() => set.enter(1, 'carol', people));
    people.types = () => rows;
    await failure(() => set.enter(1, 'carol', people));
    const asked = `share 1 of set ${short} is asked for`;
    expect(new Set(people.refusals)).toEqual(
      new Set([`by its heading this is share 2: ${asked}`, `this is share 2 of the same set: ${asked}`]),
    );
    people.types = ({ custodian }) => people.worksheets.get(custodian) ?? '';
    await set.enter(2, 'dave', people);
    people.types = () => rows;
    const error = await failure(() => set.enter(1, 'carol', people));
    const already = /this is share 2 of the same set, which was already entered by dave at \d\d:\d\d UTC: /;
    expect(error.message).toMatch(already);
    expect(error.message).toContain(asked);
  });

  it('names a share of another set, with and without its headings', async () => {
    const { set, people } = await distributed();
    const other = await distributed();
    const sheet = other.people.worksheets.get('carol') ?? '';
    people.types = () => sheet;
    expect((await failure(() => set.enter(1, 'carol', people))).message).toContain('this is a share of another set');
    people.types = () => sheet.slice(sheet.indexOf('\n1 ') + 1);
    expect((await failure(() => set.enter(1, 'carol', people))).message).toContain(
      'everything in it is well formed, but this is not the share that was handed out',
    );
  });

  it('refuses a share twice, a second share for one custodian, and an unknown index', async () => {
    const { set, people } = await readBack();
    expect((await failure(() => set.enter(2, 'dave', people))).code).toBe('SHARE_ENTERED');
    expect((await failure(() => set.show(2, 'dave', people))).message).toContain(
      'cannot be handed over: it was read back already',
    );
    expect((await failure(() => set.enter(4, 'dave', people))).message).toContain('has no share 4');
    const fresh = SetInHand.generate(componentSet(3));
    await fresh.show(1, 'carol', people);
    const second = await failure(() => fresh.show(2, 'carol', people));
    expect(second.code).toBe('SHARE_SECOND');
    expect(second.message).toMatch(/^carol has share 1 of set .* and may not have share 2 too$/);
    expect((await failure(() => fresh.enter(2, 'carol', people))).code).toBe('SHARE_SECOND');
  });

  it('counts a share as seen from the moment it is shown: who declined then gets no other one', async () => {
    const set = SetInHand.generate(componentSet(3));
    const people = new Custodians();
    const { worksheets } = people;
    const declining: AskingLink = {
      ask: async (dialogue, body) => {
        await people.ask(dialogue, body);
        throw new Error('declined');
      },
    };
    await expect(set.show(1, 'carol', declining)).rejects.toThrow('declined');
    expect(worksheets.get('carol')).toContain('Share      1 of 3');
    expect((await failure(() => set.show(2, 'carol', people))).code).toBe('SHARE_SECOND');
    expect((await failure(() => set.enter(2, 'carol', people))).code).toBe('SHARE_SECOND');
    expect(worksheets.get('carol')).toContain('Share      1 of 3');
    // The same one once more is no second one.
    await set.show(1, 'carol', people);
    await set.enter(1, 'carol', people);
  });

  it('may show a share again until it is read back', async () => {
    const { set, people } = await distributed();
    const first = people.worksheets.get('carol');
    await set.show(1, 'carol', people);
    expect(people.worksheets.get('carol')).toBe(first);
  });

  it('passes on that a custodian declined', async () => {
    const { set, people } = await distributed();
    people.types = () => null;
    await expect(set.enter(1, 'carol', people)).rejects.toThrow('declined');
  });

  it('says nothing of a share in any error or refusal', async () => {
    const { set, people } = await distributed();
    const groups = [...people.worksheets.values()].flatMap((sheet) =>
      sheet
        .slice(sheet.indexOf('\n1 '))
        .split(/\s+/)
        .filter((group) => group.length === 4),
    );
    expect(groups).toHaveLength(48);
    const said: string[] = [];
    for (const [i, custodian] of PEOPLE.entries()) {
      const sheet = people.worksheets.get(custodian) ?? '';
      for (const wrong of [
        `${sheet}1`,
        sheet.slice(0, -3),
        sheet.replace('1   ', '1  O'),
        people.worksheets.get(PEOPLE[(i + 1) % 3] ?? '') ?? '',
      ]) {
        people.types = () => wrong;
        const error = await failure(() => set.enter(i + 1, custodian, people));
        said.push(error.message, error.changed, error.next, String(error.stack));
      }
    }
    const text = [...said, ...people.refusals]
      .join('\n')
      .toUpperCase()
      .replaceAll(set.known.set.slice(0, 4).toUpperCase(), '')
      .replaceAll(set.known.set.slice(4, 8).toUpperCase(), '');
    for (const group of groups.filter((one) => /[A-F]/.test(one) && /[0-9]/.test(one)))
      expect(text).not.toContain(group);
  });
});

describe('what a unit is given', () => {
  it('needs every share', async () => {
    const { set, people } = await distributed();
    expect(await failure(() => set.wrap(UNIT))).toMatchObject({ code: 'SHARES_MISSING', uncertain: false });
    await set.enter(1, 'carol', people);
    await set.enter(3, 'erin', people);
    expect((await failure(() => set.wrap(UNIT))).message).toContain('share 2 not entered');
  });

  it('goes only to an import key that the identity key vouches for', async () => {
    const { set } = await readBack();
    const other = makeUnitKeys('sha256', 'ecdsa-p256-sha256');
    const refused = [
      { importKey: { ...UNIT.importKey, spki: other.importKey.spki }, identity: UNIT.identity },
      { importKey: { ...UNIT.importKey, oaep: 'sha1' as const }, identity: UNIT.identity },
      { importKey: UNIT.importKey, identity: other.identity },
      { importKey: UNIT.importKey, identity: { ...UNIT.identity, algorithm: 'none' } },
      { importKey: UNIT.importKey, identity: { ...UNIT.identity, algorithm: 'rsa-pss-sha256' } },
      { importKey: { ...UNIT.importKey, signature: '' }, identity: UNIT.identity },
    ];
    for (const request of refused) expect((await failure(() => set.wrap(request))).code).toBe('IMPORT_KEY_UNPROVEN');
  });

  it('goes only to an RSA key of the size that is said', async () => {
    const { set } = await readBack();
    const error = await failure(() => set.wrap({ ...UNIT, importKey: { ...UNIT.importKey, bits: 3072 } }));
    expect(error.code).toBe('RSA_KEY_UNFIT');
    expect(error.message).toContain('expected 3072 bits, got 2048');
  });

  it('is refused when the shares do not give the pattern', async () => {
    const { set, people } = await readBack();
    const wrong = SetInHand.reopen({ ...set.known, pattern: '1'.repeat(64) });
    for (const [i, custodian] of PEOPLE.entries()) await wrong.enter(i + 1, custodian, people);
    expect((await failure(() => wrong.wrap(UNIT))).code).toBe('SET_PATTERN');
  });
});

describe('a set that is malformed', () => {
  const { known } = SetInHand.generate(componentSet(3));
  const [first, second] = known.shares as [(typeof known.shares)[number], (typeof known.shares)[number]];
  it.each([
    ['has one share', { ...known, threshold: 1, shares: known.shares.slice(0, 1) }, '2 to 16'],
    ['needs fewer than all', { ...known, threshold: 2 }, 'needs all of them'],
    ['has a gap', { ...known, threshold: 2, shares: known.shares.toSpliced(1, 1) }, 'without a gap'],
    [
      'has a commitment twice',
      { ...known, threshold: 2, shares: [first, { ...second, commitment: first.commitment }] },
      'occurs twice',
    ],
  ])('is refused when it %s', async (_what, wrong, message) => {
    const error = await failure(() => SetInHand.reopen(wrong));
    expect(error).toMatchObject({ code: 'SET_MALFORMED', uncertain: false });
    expect(error.message).toContain(message);
  });

  it.each([0, 1, 17])('is not made of %i components', async (count) => {
    expect((await failure(() => SetInHand.generate(componentSet(count)))).code).toBe('SET_MALFORMED');
  });
});
