/** A master key that a unit makes inside itself: as asked or not at all, and after a crash one and no other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextCommand } from '../../ceremony/command/apply';
import type { CommandPayload, UnitState } from '../../ceremony/command/unit-state';
import type { ResultOf, MODULE_OPERATIONS } from '../../hsm/contract';
import { signed, signer, unitTarget } from './people';
import { makeStore, type Store } from './softhsm';
import { StandIns, type Errand } from './stand-in';

const PINS = { 'unit-a/security-officer/1': 'officer-pin', 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' };
const admin = signer('anna');
const stranger = signer('carl');
const KEY = '0123456789abcdef0123456789abcdef';
const GENERATE = { command: 'master-key.generate', key: KEY } as const;
type Reading = ResultOf<typeof MODULE_OPERATIONS, 'unit.perform'>;

let store: Store;
let workers: StandIns;
let target = unitTarget('unit-a', { blank: true });
let state: UnitState;

function request(payload: CommandPayload, by = admin): Errand & { operation: 'unit.perform' } {
  const command = signed(nextCommand(state, { mode: 'rehearsal', id: 'inside-1' }, payload), by);
  const custodians = { [stranger.id]: stranger.key };
  return { operation: 'unit.perform', args: { target, command, state, custodians, wrapped: null, pattern: null } };
}

function done(payload: CommandPayload): Reading {
  const reading = workers.get('unit.perform', request(payload).args);
  if (reading.state === null) throw new Error('no state');
  state = reading.state;
  return reading;
}

const read = () => workers.get('unit.read', { target, nonce: 'ab'.repeat(32) });
const newRegister = () => read().registers?.new;

beforeAll(() => {
  store = makeStore();
  workers = new StandIns(store, PINS);
  const made = workers.get('unit.initialise-token', { target, label: 'KR-A', again: false });
  target = unitTarget('unit-a', { label: 'KR-A', serial: made.serial });
  workers.get('unit.set-user-pin', { target });
  const identity = workers.get('unit.create-identity', { target });
  target = { ...target, identitySpki: identity.spki };
  ({ state } = identity);
  const administrators = [{ id: admin.id, ...admin.key }];
  done({ command: 'administrator.add', administrator: { id: admin.id, ...admin.key } });
  done({ command: 'thresholds.set', signatureThreshold: 1, revocationThreshold: 1, administrators });
});
afterAll(() => {
  store.remove();
});

describe('a master key made inside a unit', () => {
  it('takes an administrator: a custodian’s signature is none', () => {
    const refused = workers.run(null, request(GENERATE, stranger)).answers[0]?.error;
    expect(refused).toMatchObject({ code: 'COMMAND_REFUSED', uncertain: false });
    expect(refused?.message).toContain('an administrator: 1 valid signatures needed, 0 given');
  });

  it('is destroyed where the token makes it otherwise than asked, and not set right', () => {
    const refused = workers.run('lie-generate,', request(GENERATE)).answers[0]?.error;
    expect(refused).toMatchObject({ code: 'KEY_NOT_AS_ASKED', uncertain: false });
    expect(refused?.message).toContain('CKA_EXTRACTABLE');
    expect(refused?.message).toContain('CKA_NEVER_EXTRACTABLE');
    expect(newRegister()?.status).toBe('empty');
  });

  it('is there once, whether the module dies before it was made or after, and is the one that the crash left', () => {
    const before = workers.run('C_GenerateKey[keyrite:mk:uncommitted]:segv', request(GENERATE));
    expect(before.signal, before.stderr).toBe('SIGSEGV');
    expect(newRegister()?.status).toBe('empty');
    const after = workers.run('C_GenerateKey[keyrite:mk:uncommitted]:segv-after', request(GENERATE));
    expect(after.signal).toBe('SIGSEGV');
    const left = newRegister();
    expect(left).toMatchObject({ status: 'full-uncommitted', set: KEY });
    const made = done(GENERATE);
    expect(made.registers?.new).toEqual(left);
    expect(made.registers?.new.attributes).toMatchObject({
      CKA_LOCAL: true,
      CKA_SENSITIVE: true,
      CKA_EXTRACTABLE: false,
      CKA_NEVER_EXTRACTABLE: true,
      CKA_ALWAYS_SENSITIVE: true,
      CKA_WRAP: true,
      CKA_UNWRAP: true,
      CKA_SIGN: true,
      CKA_DECRYPT: false,
      CKA_ENCRYPT: false,
      CKA_DERIVE: false,
    });
    expect(state.registers).toEqual({ new: 'full-uncommitted', current: 'empty' });
  });

  it('is not made over another one, and takes no share', () => {
    const again = workers.run(null, request({ ...GENERATE, key: 'f'.repeat(32) })).answers[0]?.error;
    expect(again?.message).toContain('the new register is full');
    const load = { command: 'master-key.load', set: KEY, index: 1, of: 2, commitment: '1'.repeat(64) } as const;
    expect(workers.run(null, request(load, stranger)).answers[0]?.error?.message).toContain('the new register is full');
  });

  it('is committed and activated by its pattern', () => {
    const pattern = newRegister()?.pattern ?? '';
    const other = workers.run(null, request({ command: 'master-key.commit', pattern: '1'.repeat(64) }));
    expect(other.answers[0]?.error?.code).toBe('UNIT_CHANGED');
    done({ command: 'master-key.commit', pattern });
    expect(done({ command: 'master-key.activate', pattern }).registers?.current).toMatchObject({
      status: 'valid',
      pattern,
    });
  });
});
