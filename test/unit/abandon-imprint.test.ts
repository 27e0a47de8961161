/** A unit that nobody is in charge of yet is taken off its token again; any other is not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nextCommand } from '../../ceremony/command/apply';
import type { CommandPayload, UnitState } from '../../ceremony/command/unit-state';
import type { UnitTarget } from '../../hsm/contract';
import { signed, signer, unitTarget } from './people';
import { makeStore, type Store } from './softhsm';
import { StandIns } from './stand-in';

const LABEL = 'IMPRINT';
const LOGIN = ['--token-label', LABEL, '--login', '--pin', 'first-second'];
const admin = signer('anna');
const nonce = 'ab'.repeat(32);

let store: Store;
let workers: StandIns;
let target: UnitTarget;
beforeAll(() => {
  store = makeStore();
  workers = new StandIns(store, {
    'unit-a/user/1': 'first-',
    'unit-a/user/2': 'second',
    'unit-a/security-officer/1': 'officer-pin',
  });
  const blank = unitTarget('unit-a', { blank: true });
  const { label, serial } = workers.get('unit.initialise-token', { target: blank, label: LABEL, again: false });
  target = unitTarget('unit-a', { label, serial });
  workers.get('unit.set-user-pin', { target });
});
afterAll(() => {
  store.remove();
});

const objects = () => workers.get('unit.read', { target, nonce }).objects?.map(({ label }) => label);

function perform(state: UnitState, payload: CommandPayload): UnitState {
  const command = signed(nextCommand(state, { mode: 'rehearsal', id: 'abandon-1' }, payload), admin);
  const custodians = { anna: admin.key };
  const request = { target, command, state, custodians, wrapped: null, pattern: null };
  return workers.get('unit.perform', request).state ?? state;
}

it('in imprint mode: identity and state go, and the token is empty', () => {
  workers.get('unit.create-identity', { target });
  expect(objects()).toHaveLength(3);
  workers.get('unit.abandon-imprint', { target });
  expect(objects()).toEqual([]);
});

it('a crash in the midst of it is finished by the same request', () => {
  workers.get('unit.create-identity', { target });
  const ended = workers.run('C_DestroyObject:segv:2', { operation: 'unit.abandon-imprint', args: { target } });
  expect(ended.signal).toBe('SIGSEGV');
  expect(objects()).toHaveLength(2);
  workers.get('unit.abandon-imprint', { target });
  expect(objects()).toEqual([]);
});

it('with anything else on the token nothing is destroyed', () => {
  workers.get('unit.create-identity', { target });
  const data = join(store.folder, 'data');
  writeFileSync(data, 'precious');
  store.tool(...LOGIN, '--private', '--write-object', data, '--type', 'data', '--label', 'precious');
  const ended = workers.run(null, { operation: 'unit.abandon-imprint', args: { target } });
  expect(ended.answers[0]?.error).toMatchObject({ code: 'NOT_EMPTY', changed: 'Nothing was changed.' });
  expect(objects()).toHaveLength(4);
  store.tool(...LOGIN, '--delete-object', '--type', 'data', '--label', 'precious');
});

it('once thresholds are set, its administrators are in charge', () => {
  const imprint = workers.get('unit.read', { target, nonce }).state;
  if (imprint === null) throw new Error('the token keeps no state');
  const added = perform(imprint, {
    command: 'administrator.add',
    administrator: { id: admin.id, ...admin.key },
  });
  const { administrators } = added;
  perform(added, { command: 'thresholds.set', signatureThreshold: 1, revocationThreshold: 1, administrators });
  const ended = workers.run(null, { operation: 'unit.abandon-imprint', args: { target } });
  expect(ended.answers[0]?.error).toMatchObject({ code: 'NOT_IN_IMPRINT', changed: 'Nothing was changed.' });
  expect(objects()).toHaveLength(3);
});
