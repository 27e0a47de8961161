/** Who must act at a token's own pad: the same words at the terminal and in the main window. */
import { expect, test } from 'vitest';
import type { Plan } from '../../ceremony/plan/schema';
import type { PadEntry } from '../../hsm/dialogue';
import { padTask, personTask } from '../../src-main/app/dialogue-words';

const plan = { units: [{ id: 'unit-a', name: 'Unit A' }] } as Plan;
const NAMES: Readonly<Record<string, string>> = { ann: 'Ann Abel', ben: 'Ben Brown', cleo: 'Cleo Cruz' };
const nameOf = (id: string) => NAMES[id] ?? id;
const SINCE = '2026-11-29T11:00:00.000Z';

const entry: PadEntry = { of: 'unit-a', role: 'user', holders: ['ann'], make: false, warning: null };

test.each([
  [{}, 'Ann Abel enters the user PIN of Unit A on the device’s own pad'],
  [{ make: true }, 'Ann Abel makes a new user PIN of Unit A on the device’s own pad'],
  [
    { holders: ['ann', 'ben'], role: 'security-officer' },
    'Ann Abel and Ben Brown enter the security officer PIN of Unit A on the device’s own pad',
  ],
  [
    { holders: ['ann', 'ben', 'cleo'], make: true, of: 'unit-z' },
    'Ann Abel, Ben Brown and Cleo Cruz make a new user PIN of unit-z on the device’s own pad',
  ],
  [{ role: 'card', of: 'ann' }, 'Ann Abel enters the PIN of the token of Ann Abel on the device’s own pad'],
] as const)('%j', (over, words) => {
  const shown = { ...entry, ...over } as PadEntry;
  expect(padTask(shown, SINCE, plan, nameOf)).toMatchObject({
    kind: 'pad',
    by: shown.holders,
    doing: words,
    warning: null,
    since: SINCE,
  });
});

test('what the token says of the tries that are left is shown, and a final try is confirmed before', () => {
  const warned = (warning: PadEntry['warning']) => padTask({ ...entry, warning }, SINCE, plan, nameOf);
  expect(warned('count-low')).toMatchObject({ warning: 'A wrong PIN was given before: the token allows few more' });
  expect(warned('final-try')).toMatchObject({
    warning: 'This is the final try: if the PIN is wrong, the token locks it',
  });
  expect(personTask({ kind: 'final-try', of: 'unit-a', role: 'user', holder: 'ann' }, plan)).toEqual({
    kind: 'person',
    who: 'ann',
    what: 'final-try',
    doing: 'the user PIN of Unit A, on the device’s own pad',
  });
});

test('who locks or opens the file of a share is told with the number of the share', () => {
  const share = { custodian: 'ann', set: '0'.repeat(32), index: 2, of: 3, minimum: 16, maximum: 256, refused: null };
  const key = { kind: 'share-key', what: 'passphrase', make: true, ...share } as const;
  expect(personTask(key, plan)).toEqual({
    kind: 'person',
    who: 'ann',
    what: 'share-key',
    doing: 'a new passphrase of the file of share 2 of 3',
  });
  expect(personTask({ ...key, what: 'identity', make: false }, plan)).toMatchObject({
    doing: 'the identity of the file of share 2 of 3',
  });
});
