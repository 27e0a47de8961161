/** A threshold set in the share process: handed out, read back, recombined, loaded; and what is refused. */
import { createHash, createDecipheriv } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import { SetInHand } from '../../hsm/shares/set-in-hand';
import { Custodians } from './custodians';
import { makeUnitKeys } from './unit-keys';

const PEOPLE = ['carol', 'dave', 'erin', 'frank', 'grace'];
const SHAPE = { scheme: 'threshold', threshold: 3, count: 5 } as const;
const UNIT = makeUnitKeys('sha256', 'ecdsa-p256-sha256');
const { recoverSecret } = createRequire(import.meta.url)('slip39') as {
  readonly recoverSecret: (mnemonics: readonly string[], passphrase: string) => readonly number[];
};

async function failure(act: () => unknown): Promise<DeviceError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

async function handedOut(): Promise<{ set: SetInHand; people: Custodians }> {
  const set = SetInHand.generate(SHAPE);
  const people = new Custodians();
  for (const [i, custodian] of PEOPLE.entries()) await set.show(i + 1, custodian, people);
  return { set, people };
}

/** The words on a sheet, read without code of ours. */
function wordsOn(sheet: string): string {
  const rows = sheet.split('\n\n')[1] ?? '';
  return rows
    .replaceAll(/[0-9\n]+/gu, ' ')
    .trim()
    .split(/\s+/u)
    .join(' ');
}

describe('a threshold set', () => {
  it('is what its custodians hold: others recover the key from any three, and the commitments are of the words', async () => {
    const { set, people } = await handedOut();
    const words = PEOPLE.map((custodian) => wordsOn(people.worksheets.get(custodian) ?? ''));
    expect(words.map((one) => one.split(' ').length)).toEqual([33, 33, 33, 33, 33]);
    const keys = [words.slice(0, 3), words.slice(2), [words[0] ?? '', words[2] ?? '', words[4] ?? '']].map((three) =>
      Buffer.from(recoverSecret(three, '')).toString('hex'),
    );
    expect(new Set(keys).size).toBe(1);
    for (const [i, { index, salt, commitment }] of set.known.shares.entries()) {
      const hash = createHash('sha256').update('keyrite/share/1\0').update(salt, 'hex').update(set.known.set, 'hex');
      hash.update(Buffer.from([2, 3, 5, index])).update(words[i] ?? '', 'ascii');
      expect(hash.digest('hex')).toBe(commitment);
    }
  });

  it('loads from three shares that were read back, whichever they are', async () => {
    const { set, people } = await handedOut();
    for (const index of [5, 2]) await set.enter(index, PEOPLE[index - 1] ?? '', people);
    const lacking = await failure(() => set.wrap(UNIT));
    expect(lacking).toMatchObject({ code: 'SHARES_MISSING' });
    expect(lacking.message).toContain('shares 1, 3, 4 not entered, of which 1 more are needed');
    await set.enter(3, 'erin', people);
    const key = UNIT.unwrap(set.wrap(UNIT));
    const words = ['carol', 'dave', 'erin'].map((custodian) => wordsOn(people.worksheets.get(custodian) ?? ''));
    expect(key).toEqual(Buffer.from(recoverSecret(words, '')));
    expect(createDecipheriv('aes-256-ecb', key, null)).toBeDefined();
  });

  it('is taken up again from its commitments', async () => {
    const { set, people } = await handedOut();
    const again = SetInHand.reopen(set.known);
    for (const index of [1, 4, 5]) await again.enter(index, PEOPLE[index - 1] ?? '', people);
    expect(UNIT.unwrap(again.wrap(UNIT))).toHaveLength(32);
    expect((await failure(() => SetInHand.reopen({ ...set.known, threshold: 1 }))).code).toBe('SET_MALFORMED');
    expect((await failure(() => SetInHand.reopen({ ...set.known, threshold: 6 }))).code).toBe('SET_MALFORMED');
  });

  it('that does not give its pattern is not loaded, though every share is as committed to', async () => {
    const { set, people } = await handedOut();
    const again = SetInHand.reopen({ ...set.known, pattern: '12'.repeat(32) });
    for (const index of [1, 2, 3]) await again.enter(index, PEOPLE[index - 1] ?? '', people);
    expect((await failure(() => again.wrap(UNIT))).code).toBe('SET_PATTERN');
  });

  it.each([
    [1, 2],
    [4, 3],
    [2, 17],
    [2.5, 3],
  ])('of %d of %d is not made', async (threshold, count) => {
    expect((await failure(() => SetInHand.generate({ scheme: 'threshold', threshold, count }))).code).toBe(
      'SET_MALFORMED',
    );
  });
});

describe('a threshold share that is entered', () => {
  const typed = async (change: (words: string[], people: Custodians) => string): Promise<readonly string[]> => {
    const { set, people } = await handedOut();
    const own = wordsOn(people.worksheets.get('dave') ?? '').split(' ');
    let tries = 0;
    people.types = () => ((tries += 1) === 1 ? change([...own], people) : own.join(' '));
    await set.enter(2, 'dave', people);
    return people.refusals;
  };

  it.each([
    ['a word misspelt', (words: string[]) => words.with(6, 'zzzz').join(' '), 'word 7 is not on the list'],
    [
      'another word of the list',
      (words: string[]) => words.with(20, words[20] === 'academic' ? 'acid' : 'academic').join(' '),
      'word 21 is wrong',
    ],
    ['too few words', (words: string[]) => words.slice(0, 12).join(' '), 'a share has at least 20 words, here are 12'],
    ['nothing', () => '', 'a share has at least 20 words, here are 0'],
    [
      'the heading of another share',
      (words: string[]) => `Share 3 of 5\n${words.join(' ')}`,
      'by its heading this is share 3',
    ],
  ])('with %s is refused, and says where', async (_, change, message) => {
    const refusals = await typed(change);
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toContain(message);
  });

  it('is named when it is another one of the set, or of another set', async () => {
    const refusals = await typed((_, people) => people.worksheets.get('erin')?.replace(/[^]*?\n\n/u, '') ?? '');
    expect(refusals[0]).toMatch(/^this is share 3 of the same set: share 2 of set/u);
    const { people: others } = await handedOut();
    const foreign = await typed(() => wordsOn(others.worksheets.get('dave') ?? ''));
    expect(foreign[0]).toContain('this is not the share that was handed out');
  });

  it('is taken in capitals, with numbers, by four letters', async () => {
    const { set, people } = await handedOut();
    const words = wordsOn(people.worksheets.get('dave') ?? '').split(' ');
    people.types = () => words.map((word, at) => `${String(at + 1)}. ${word.slice(0, 4).toUpperCase()}`).join('\n');
    await set.enter(2, 'dave', people);
    expect(people.refusals).toEqual([]);
    // What was entered is zeroed, and so is what was shown.
    for (const bytes of [...people.shown, ...people.typed]) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});
