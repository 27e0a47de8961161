/**
 * A key that others left on a token, by a real worker on SoftHSM2: how it is examined, why it is refused, and how it becomes
 * the current master key, also where the worker dies between two calls.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../ceremony/canonical-json';
import { nextCommand } from '../../ceremony/command/apply';
import type { CommandPayload, UnitState } from '../../ceremony/command/unit-state';
import type { UnitTarget } from '../../hsm/contract';
import { Pkcs11Module } from '../../hsm/pkcs11/module';
import { signed, signer, unitTarget } from './people';
import { SOFTHSM, makeStore, type Store } from './softhsm';
import { StandIns, type Errand } from './stand-in';

const PINS = { 'unit-a/security-officer/1': 'officer-pin', 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' };
const CEREMONY = { mode: 'rehearsal', id: 'adopt-1' } as const;
const [anna, bert] = [signer('anna'), signer('bert')];

let store: Store;
let workers: StandIns;
let target: UnitTarget;
let state: UnitState;

const key = (label: string, id: string | null = null, seed = label) => ({
  class: 'secret-key' as const,
  label,
  id,
  seed,
});
const readNow = () => workers.get('unit.read', { target, nonce: 'ab'.repeat(32) });

beforeAll(() => {
  store = makeStore();
  workers = new StandIns(store, PINS);
  const blank = unitTarget('unit-a', { blank: true });
  const made = workers.get('unit.initialise-token', { target: blank, label: 'THEIRS', again: false });
  target = unitTarget('unit-a', { label: 'THEIRS', serial: made.serial });
  workers.get('unit.set-user-pin', { target });
  const objects = [key('zone'), key('twice', 'aa', 'one'), key('twice', 'bb', 'two'), key('other'), key('third')];
  workers.get('foreign.prepare', { target, objects: [...objects, { ...key('notes'), class: 'data' }] });
  // A key of another kind, and one that may encrypt and not sign, as tools of others make them.
  const login = ['--token-label', 'THEIRS', '--login', '--pin', 'first-second'];
  store.tool(...login, '--keygen', '--key-type', 'GENERIC:32', '--label', 'generic');
  store.tool(...login, '--keygen', '--key-type', 'AES:32', '--label', 'idle');
  forbidSigning('idle');
});
afterAll(() => {
  store.remove();
});

/** Takes CKA_SIGN away, which no tool at hand can. */
function forbidSigning(label: string): void {
  const module = Pkcs11Module.load(SOFTHSM);
  module.initialise(null);
  const slot = module.tokens().find(({ info }) => info.label === 'THEIRS')?.slot;
  if (slot === undefined) throw new Error('there is no token THEIRS');
  const session = module.openSession(slot);
  session.login('user', Buffer.from('first-second'));
  const [found] = session.find({ CKA_LABEL: label });
  if (found === undefined) throw new Error(`there is no ${label}`);
  session.set(found, { CKA_SIGN: false });
  session.close();
  module.finalise();
}

function command(payload: CommandPayload, ...signers: (typeof anna)[]): Errand & { operation: 'unit.perform' } {
  const sealed = signed(nextCommand(state, CEREMONY, payload), ...signers);
  const custodians = {};
  return {
    operation: 'unit.perform',
    args: { target, command: sealed, state, custodians, wrapped: null, pattern: null },
  };
}

const adoption = (label: string, id: string | null, pattern: string, harden = false): CommandPayload => ({
  command: 'master-key.adopt',
  label,
  id,
  pattern,
  harden,
});

describe('a token of others', () => {
  it('is read without an identity, and gets one beside what is on it', () => {
    const found = readNow();
    expect(found).toMatchObject({ identity: null, challenge: null, state: null });
    const labels = (found.objects ?? []).map(({ label }) => label);
    expect(labels.toSorted()).toEqual(['generic', 'idle', 'notes', 'other', 'third', 'twice', 'twice', 'zone']);
    // It dies between the key and the state: the same request finishes it, and nothing of others is touched.
    const died = workers.run('C_GenerateKeyPair:kill-after:2', { operation: 'unit.create-identity', args: { target } });
    expect(died.signal, died.stderr).toBe('SIGKILL');
    const made = workers.get('unit.create-identity', { target });
    target = { ...target, identitySpki: made.spki };
    state = made.state;
    const after = readNow();
    expect(after.state).toEqual(state);
    const theirs = (after.objects ?? []).filter(({ label }) => !label.startsWith('keyrite:'));
    expect(theirs).toEqual(found.objects);
  });

  it('takes administrators', () => {
    for (const one of [anna, bert]) {
      const add = command({ command: 'administrator.add', administrator: { id: one.id, ...one.key } }, one);
      state = workers.get('unit.perform', add.args).state ?? state;
    }
    const { administrators } = state;
    const set = command(
      { command: 'thresholds.set', signatureThreshold: 2, revocationThreshold: 2, administrators },
      anna,
      bert,
    );
    state = workers.get('unit.perform', set.args).state ?? state;
    expect(state.mode).toBe('operational');
  });
});

describe('a key of others', () => {
  it('is told with its attributes, its pattern, and in what it is wider than a master key', () => {
    const found = workers.get('unit.examine-key', { target, label: 'zone', id: null });
    expect(found.object).toMatchObject({ class: 'secret-key', keyType: 'aes', label: 'zone' });
    expect(found.pattern).toMatch(/^[0-9a-f]{64}$/);
    expect(found.wider).toEqual(['CKA_EXTRACTABLE true', 'CKA_ENCRYPT true', 'CKA_DECRYPT true', 'CKA_VERIFY true']);
  });

  it('is refused where it is not there, not one, or no AES key', () => {
    const refusals = [
      ['nothing', null, 'KEY_NOT_FOUND', 'there is no secret key labelled “nothing”'],
      ['notes', null, 'KEY_NOT_FOUND', 'there is no secret key'],
      ['twice', null, 'KEY_NOT_FOUND', 'there are 2 secret keys labelled “twice”'],
      ['twice', 'cc', 'KEY_NOT_FOUND', 'with the id cc'],
      ['generic', null, 'NOT_AN_AES_KEY', 'is no AES key'],
    ] as const;
    const asked = refusals.map(([label, id]): Errand => ({
      operation: 'unit.examine-key',
      args: { target, label, id },
    }));
    const { answers } = workers.run('', ...asked);
    expect(answers).toHaveLength(refusals.length);
    for (const [place, [label, , code, words]] of refusals.entries()) {
      expect(answers[place]?.error, label).toMatchObject({ code, uncertain: false });
      expect(answers[place]?.error?.message).toContain(words);
    }
  });

  it('gives its pattern by ECB where it may not sign, and is refused where it may not encrypt either', () => {
    const found = workers.get('unit.examine-key', { target, label: 'idle', id: null });
    expect(found.object.attributes).toMatchObject({ CKA_SIGN: false, CKA_ENCRYPT: true });
    expect(found.pattern).toMatch(/^[0-9a-f]{64}$/);
    const errand: Errand = { operation: 'unit.examine-key', args: { target, label: 'idle', id: null } };
    const error = workers.run('C_EncryptInit:0x68', errand).answers[0]?.error;
    expect(error).toMatchObject({ code: 'NO_PATTERN', uncertain: false });
    expect(error?.next).toContain('CKA_SIGN');
  });

  it('is told apart by its id where two have one label', () => {
    const one = workers.get('unit.examine-key', { target, label: 'twice', id: 'aa' });
    const other = workers.get('unit.examine-key', { target, label: 'twice', id: 'bb' });
    expect(one.pattern).not.toBe(other.pattern);
  });

  it('does not become the master key without the quorum, or as another than was examined', () => {
    const { pattern } = workers.get('unit.examine-key', { target, label: 'zone', id: null });
    const alone = workers.run('', command(adoption('zone', null, pattern), anna)).answers[0]?.error;
    expect(alone?.message).toContain('2 valid signatures needed, 1 given');
    const changed = workers.run('', command(adoption('other', null, pattern), anna, bert)).answers[0]?.error;
    expect(changed).toMatchObject({ code: 'UNIT_CHANGED', uncertain: false });
    expect(readNow()).toMatchObject({ state, registers: { current: { status: 'empty' } } });
  });

  it.each([
    ['before the label changes', 'C_SetAttributeValue:segv', 'empty'],
    ['among the usages', 'C_SetAttributeValue:kill-after:3', 'valid'],
    ['before the state is written', 'C_CreateObject[keyrite:state]:segv', 'valid'],
  ])('dies %s: the same command finishes it', (_when, fault, left) => {
    const { pattern, object } = workers.get('unit.examine-key', { target, label: 'zone', id: null });
    const errand = command(adoption('zone', object.id, pattern, true), anna, bert);
    const died = workers.run(fault, errand);
    expect(died.signal, died.stderr).toBe(fault.includes('segv') ? 'SIGSEGV' : 'SIGKILL');
    expect(readNow().registers?.current.status).toBe(left);
    const reading = workers.get('unit.perform', errand.args);
    expect(workers.get('unit.perform', errand.args)).toMatchObject({
      state: reading.state,
      registers: reading.registers,
    });
    expect(reading.state?.registers).toEqual({ new: 'empty', current: 'valid' });
    expect(reading.registers?.current).toMatchObject({
      status: 'valid',
      pattern,
      attributes: { CKA_DECRYPT: false, CKA_EXTRACTABLE: false, CKA_NEVER_EXTRACTABLE: false, CKA_WRAP: true },
    });
    takeBack();
  });

  it('keeps what it may do where the plan does not say otherwise', () => {
    const { pattern, object } = workers.get('unit.examine-key', { target, label: 'third', id: null });
    const reading = workers.get('unit.perform', command(adoption('third', object.id, pattern), anna, bert).args);
    expect(reading.hardened).toEqual([]);
    expect(reading.registers?.current.attributes).toMatchObject({ CKA_DECRYPT: true, CKA_EXTRACTABLE: true });
    state = reading.state ?? state;
    const again = workers.run('', command(adoption('other', null, pattern), anna, bert)).answers[0]?.error;
    expect(again?.message).toContain('the current register is taken');
  });
});

/** Puts the token back to before the adoption, as a stranger could, with a fresh key in place of the adopted one. */
function takeBack(): void {
  const login = ['--token-label', 'THEIRS', '--login', '--pin', 'first-second'];
  store.tool(...login, '--delete-object', '--type', 'secrkey', '--label', 'keyrite:mk:current');
  store.tool(...login, '--delete-object', '--type', 'data', '--label', 'keyrite:state');
  restoreState(login);
  workers.get('foreign.prepare', { target, objects: [key('zone')] });
}

function restoreState(login: readonly string[]): void {
  const file = join(store.folder, 'state.json');
  writeFileSync(file, canonicalJson(state));
  const about = ['--label', 'keyrite:state', '--application-label', 'keyrite', '--private'];
  store.tool(...login, '--write-object', file, '--type', 'data', ...about);
}
