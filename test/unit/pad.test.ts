/** Units whose token takes its PINs on a pad of its own: everything a PIN is for, without a question, and what people do wrong there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { UnitTarget } from '../../hsm/contract';
import { unitTarget } from './people';
import { makeStore, type Store } from './softhsm';
import { StandIns } from './stand-in';

const OFFICER = 'officer-pin';
const USER = 'user-pin';
const NONCE = 'ab'.repeat(32);

let store: Store;
let workers: StandIns;
let target: UnitTarget;

beforeAll(() => {
  store = makeStore();
  // Nobody gives a PIN: whoever is asked for one fails.
  workers = new StandIns(store, {});
  process.env['KEYRITE_PAD'] = join(store.folder, 'pad');
  target = unitTarget('unit-a', { blank: true });
});
afterAll(() => {
  delete process.env['KEYRITE_PAD'];
  store.remove();
});
beforeEach(() => {
  type(OFFICER, USER);
});

/** What people type from now on. */
function type(officer: string, user: string): void {
  writeFileSync(join(store.folder, 'pad'), `${officer}\n${user}\n`);
}

test('a unit is initialised, gets its user PIN and its identity, and is read', () => {
  const made = workers.get('unit.initialise-token', { target, label: 'KR-A', again: false });
  expect(made).toMatchObject({ label: 'KR-A', initialised: true, protectedPath: true, userPinSet: false });
  target = unitTarget('unit-a', { label: 'KR-A', serial: made.serial });
  expect(workers.get('unit.set-user-pin', { target })).toMatchObject({ userPinSet: true, protectedPath: true });
  const { spki } = workers.get('unit.create-identity', { target });
  target = { ...target, identitySpki: spki };
  expect(workers.get('unit.read', { target, nonce: NONCE }).challenge).not.toBeNull();
  // Another program, without a pad, finds the PINs that were typed.
  expect(store.tool('--token-label', 'KR-A', '--login', '--pin', USER, '-O')).toContain('keyrite:identity');
});

test('a wrong PIN, or nobody at the pad, is told as what it is, and not tried again', () => {
  const read = { operation: 'unit.read', args: { target, nonce: NONCE } } as const;
  type(OFFICER, 'another');
  const wrong = workers.run(null, read).answers[0]?.error;
  expect(wrong).toMatchObject({ code: 'CKR_PIN_INCORRECT', uncertain: false });
  expect(wrong?.message).toContain('The token says that few tries are left');
  type(OFFICER, '');
  const nobody = workers.run(null, read).answers[0]?.error;
  expect(nobody?.code).toBe('CKR_FUNCTION_CANCELED');
  expect(nobody?.message).toContain('unit unit-a: logging in as user failed');
  type(OFFICER, USER);
  expect(workers.run(null, read).answers[0]?.result).toMatchObject({ token: { pinFlags: [] } });
});

test('the user PIN is changed at the pad: the old one, the new one, and the new one once more', () => {
  writeFileSync(join(store.folder, 'pad'), `${OFFICER}\n${USER}\nanother-pin\n`);
  const change = { target, role: 'user', makers: target.user, step: 'change' } as const;
  expect(workers.get('unit.change-pin', change)).toMatchObject({ protectedPath: true, userPinSet: true });
  expect(store.tool('--token-label', 'KR-A', '--login', '--pin', 'another-pin', '-O')).toContain('keyrite:identity');
  // Back to what the other tests know.
  writeFileSync(join(store.folder, 'pad'), `${OFFICER}\nanother-pin\n${USER}\n`);
  workers.get('unit.change-pin', change);
});

test('people’s own tokens with a pad are not made up in a rehearsal', () => {
  const args = { participant: 'anna', label: 'KR-ANNA', keyLabel: 'sign', algorithm: 'ecdsa-p256-sha256' } as const;
  const refused = workers.run(null, { operation: 'card.prepare', args }).answers[0]?.error;
  expect(refused).toMatchObject({ code: 'CARD_NOT_SUPPORTED', uncertain: false });
  expect(refused?.message).toContain('on a pad of its own');
});
