/** Workers that die between two calls of one act: read again, the same request finishes it, and nothing is lost or doubled. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPublicKey, constants, publicEncrypt, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../ceremony/canonical-json';
import { nextCommand } from '../../ceremony/command/apply';
import type { CommandPayload, UnitState } from '../../ceremony/command/unit-state';
import type { UnitTarget } from '../../hsm/contract';
import { signed, signer, unitTarget } from './people';
import { cmac } from './reference-cmac';
import { makeStore, type Store } from './softhsm';
import { StandIns, type Errand } from './stand-in';

const PINS = { 'unit-a/security-officer/1': 'officer-pin', 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' };
const CEREMONY = { mode: 'rehearsal', id: 'crash-1' } as const;
const admin = signer('anna');
const SET = randomBytes(16).toString('hex');
const masterKey = randomBytes(32);
const LOAD = { command: 'master-key.load', set: SET, index: 1, of: 1, commitment: '1'.repeat(64) } as const;
const pattern = Buffer.concat([cmac(masterKey, Buffer.alloc(16, 1)), cmac(masterKey, Buffer.alloc(16, 2))]).toString(
  'hex',
);

let store: Store;
let workers: StandIns;
let target: UnitTarget;
let state: UnitState;

beforeAll(() => {
  store = makeStore();
  workers = new StandIns(store, PINS);
  target = unitTarget('unit-a', { blank: true });
});
afterAll(() => {
  store.remove();
});

const readNow = () => workers.get('unit.read', { target, nonce: 'ab'.repeat(32) });

function request(payload: CommandPayload, wrapped: string | null = null): Errand & { operation: 'unit.perform' } {
  return {
    operation: 'unit.perform',
    args: {
      target,
      command: signed(nextCommand(state, CEREMONY, payload), admin),
      state,
      custodians: { [admin.id]: admin.key },
      wrapped,
      pattern: payload.command === 'master-key.load' ? pattern : null,
    },
  };
}

/** Makes an import key, wraps the master key to it and loads it, all in one worker, since the import key lives no longer. */
async function loadKey(load: CommandPayload, fault: string) {
  let errand = request(load);
  const ended = await workers.runBoth(fault, { operation: 'unit.make-import-key', args: { target } }, (key) => {
    const publicKey = createPublicKey({ key: Buffer.from(key.spki, 'base64'), format: 'der', type: 'spki' });
    const options = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: key.oaep };
    errand = request(load, publicEncrypt(options, masterKey).toString('base64'));
    return errand;
  });
  return { ...ended, errand };
}

/** Dies at the fault, then the same request again in a new worker; returns the reading after it. */
function diesAndFinishes(fault: string, errand: Errand & { operation: 'unit.perform' }) {
  const died = workers.run(fault, errand);
  expect(died.signal, died.stderr).toBe(fault.includes('segv') ? 'SIGSEGV' : 'SIGKILL');
  const reading = workers.get('unit.perform', errand.args);
  expect(workers.get('unit.perform', errand.args)).toEqual(reading);
  expect(readNow()).toMatchObject({ state: reading.state, registers: reading.registers });
  expect(readNow().objects?.filter((object) => object.label === 'keyrite:state')).toHaveLength(1);
  if (reading.state === null) throw new Error('no state');
  state = reading.state;
  return reading;
}

describe('a unit whose worker dies or whose token lies', () => {
  it('dies before and after C_InitToken: the token is blank, or has our label', () => {
    const errand = (again: boolean, address: Partial<UnitTarget['address']>): Errand => ({
      operation: 'unit.initialise-token',
      args: { target: unitTarget('unit-a', address), label: 'KR-A', again },
    });
    const ours = unitTarget('unit-a', { label: 'KR-A' });
    expect(workers.run('C_InitToken:segv', errand(false, { blank: true })).signal).toBe('SIGSEGV');
    expect(workers.get('unit.glance', { target: ours }).token).toBeNull();
    expect(workers.run('C_InitToken:segv-after', errand(false, { blank: true })).signal).toBe('SIGSEGV');
    expect(workers.get('unit.glance', { target: ours }).token).toMatchObject({ label: 'KR-A', userPinSet: false });
    const made = workers.get('unit.initialise-token', { target: ours, label: 'KR-A', again: true });
    target = unitTarget('unit-a', { label: 'KR-A', serial: made.serial });
  });

  it('dies after C_InitPIN: the PIN is set, and is set once more without harm', () => {
    expect(workers.run('C_InitPIN:kill-after', { operation: 'unit.set-user-pin', args: { target } }).signal).toBe(
      'SIGKILL',
    );
    expect(workers.get('unit.glance', { target }).token?.userPinSet).toBe(true);
    expect(workers.get('unit.set-user-pin', { target }).userPinSet).toBe(true);
  });

  it('dies between the identity key and the first state', () => {
    // The probes make one key pair of their own, and five objects: the identity is the second pair, the state the last.
    const died = workers.run('C_GenerateKeyPair:kill-after:2', { operation: 'unit.create-identity', args: { target } });
    expect(died.signal, died.stderr).toBe('SIGKILL');
    const reading = readNow();
    expect(reading.identity).not.toBeNull();
    expect(reading.state).toBeNull();
    const made = workers.get('unit.create-identity', { target });
    expect(made.id).toBe(reading.identity?.id);
    target = { ...target, identitySpki: made.spki };
    state = made.state;
  });

  it('dies around the writing of a state', () => {
    diesAndFinishes(
      'C_DestroyObject:segv',
      request({ command: 'administrator.add', administrator: { id: admin.id, ...admin.key } }),
    );
    diesAndFinishes(
      'C_DestroyObject:kill-after',
      request({
        command: 'thresholds.set',
        signatureThreshold: 1,
        revocationThreshold: 1,
        administrators: state.administrators,
      }),
    );
    expect(state).toMatchObject({ mode: 'operational', counter: 2 });
  });

  it('lies: a key that stays readable is destroyed', async () => {
    const ended = await loadKey(LOAD, 'lie,C_SetAttributeValue:0x10,C_CopyObject:0x10');
    expect(ended.answer?.error).toMatchObject({ code: 'KEY_NOT_AS_ASKED', uncertain: false });
    expect(ended.answer?.error?.message).toContain('CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_DECRYPT');
    expect(readNow().registers?.new.status).toBe('empty');
    expect(readNow().state).toEqual(state);
  });

  it.each([
    ['changed', 'lie,'],
    ['replaced by a stricter copy', 'lie,C_SetAttributeValue:0x10'],
  ])('lies: a key made readable is %s', async (_how, fault) => {
    const ended = await loadKey(LOAD, fault);
    expect(ended.answer?.error).toBeUndefined();
    const reading = readNow();
    expect(reading.registers?.new).toMatchObject({ status: 'full-uncommitted', pattern, set: SET });
    expect(reading.registers?.new.attributes).toMatchObject({
      CKA_SENSITIVE: true,
      CKA_EXTRACTABLE: false,
      CKA_DECRYPT: false,
    });
    expect(reading.objects?.filter((object) => object.class === 'secret-key')).toHaveLength(1);
    forgetLoad();
  });

  it('dies after C_UnwrapKey: the key is there and is not asked for again', async () => {
    // The first C_UnwrapKey calls are those of the probes: two questions, SHA-256 refused and SHA-1 taken.
    const { errand, signal } = await loadKey(LOAD, 'C_UnwrapKey:kill-after:3');
    expect(signal).toBe('SIGKILL');
    expect(readNow().registers?.new).toMatchObject({ status: 'full-uncommitted', pattern, set: SET });
    expect(readNow().state?.registers.new).toBe('empty');
    const reading = workers.get('unit.perform', { ...errand.args, wrapped: null });
    expect(reading.registers?.new).toMatchObject({ status: 'full-uncommitted', pattern });
    if (reading.state === null) throw new Error('no state');
    state = reading.state;
  });

  it.each([
    ['the key is destroyed', 'C_DestroyObject:segv'],
    ['the key is destroyed, before the state says so', 'C_DestroyObject:kill-after'],
    ['the old state goes', 'C_DestroyObject:kill-after:2'],
  ])('dies when a register is cleared, as %s: it is finished, and the set is loaded again', async (_when, fault) => {
    const reading = diesAndFinishes(fault, request({ command: 'master-key.clear', pattern }));
    expect(reading.registers?.new).toMatchObject({ status: 'empty', pattern: null });
    expect(readNow().objects?.filter((object) => object.class === 'secret-key')).toEqual([]);
    expect((await loadKey(LOAD, '')).answer?.error).toBeUndefined();
    const loaded = readNow();
    expect(loaded.registers?.new).toMatchObject({ status: 'full-uncommitted', pattern, set: SET });
    if (loaded.state === null) throw new Error('no state');
    state = loaded.state;
  });

  it('is not cleared of another key than the command names', () => {
    const ended = workers.run('', request({ command: 'master-key.clear', pattern: '1'.repeat(64) }));
    expect(ended.answers[0]?.error).toMatchObject({ code: 'UNIT_CHANGED' });
    expect(readNow().registers?.new).toMatchObject({ status: 'full-uncommitted', pattern });
  });

  it('dies around the relabelling of commit and activate', () => {
    diesAndFinishes('C_SetAttributeValue:segv', request({ command: 'master-key.commit', pattern }));
    const reading = diesAndFinishes(
      'C_SetAttributeValue:kill-after',
      request({ command: 'master-key.activate', pattern }),
    );
    expect(reading.registers).toMatchObject({
      new: { status: 'empty' },
      current: { status: 'valid', pattern, set: SET },
    });
  });
});

describe('a master key that replaces another', () => {
  const next = randomBytes(32);
  const nextPattern = Buffer.concat([1, 2].map((byte) => cmac(next, Buffer.alloc(16, byte)))).toString('hex');
  const held = (): unknown => {
    const { registers } = readNow();
    const { new: arriving, current, retiring } = registers ?? {};
    return [arriving?.pattern ?? null, current?.pattern ?? null, retiring?.pattern ?? null];
  };

  it('dies at every call of it: one of the two is always there, and the same command finishes it', () => {
    const load = { ...LOAD, set: randomBytes(16).toString('hex') };
    const errand = request(load);
    const made = workers.runBoth('', { operation: 'unit.make-import-key', args: { target } }, (key) => {
      const publicKey = createPublicKey({ key: Buffer.from(key.spki, 'base64'), format: 'der', type: 'spki' });
      const options = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: key.oaep };
      const wrapped = publicEncrypt(options, next).toString('base64');
      return { ...errand, args: { ...errand.args, wrapped, pattern: nextPattern } };
    });
    return made.then(() => {
      const { state: loaded } = readNow();
      if (loaded === null) throw new Error('no state');
      state = loaded;
      diesAndFinishes(
        'C_SetAttributeValue:kill-after',
        request({ command: 'master-key.commit', pattern: nextPattern }),
      );
      expect(held()).toEqual([nextPattern, pattern, null]);
      const stores = [{ store: 'backup', manifest: '1'.repeat(64), keys: 1 }];
      const replace = request({ command: 'master-key.replace', pattern: nextPattern, retires: pattern, stores });
      const dies = (fault: string): unknown => {
        const died = workers.run(fault, replace);
        expect(died.signal, died.stderr).toBe(fault.includes('segv') ? 'SIGSEGV' : 'SIGKILL');
        expect(readNow().state).toEqual(state);
        return held();
      };
      expect(dies('C_SetAttributeValue:segv')).toEqual([nextPattern, pattern, null]);
      expect(dies('C_SetAttributeValue:kill-after')).toEqual([nextPattern, null, pattern]);
      expect(dies('C_SetAttributeValue:segv')).toEqual([nextPattern, null, pattern]);
      expect(dies('C_SetAttributeValue:kill-after')).toEqual([null, nextPattern, pattern]);
      expect(dies('C_DestroyObject:segv')).toEqual([null, nextPattern, pattern]);
      expect(dies('C_DestroyObject:kill-after')).toEqual([null, nextPattern, null]);
      const reading = diesAndFinishes('C_DestroyObject:kill-after', replace);
      expect(reading.registers).toMatchObject({ new: { status: 'empty' }, current: { pattern: nextPattern } });
      expect(held()).toEqual([null, nextPattern, null]);
    });
  });
});

/** Puts the token back to the state before the load, so that it can be loaded once more. */
function forgetLoad(): void {
  const file = join(store.folder, 'state.json');
  writeFileSync(file, canonicalJson(state));
  const tool = (...args: string[]) => store.tool('--token-label', 'KR-A', '--login', '--pin', 'first-second', ...args);
  tool('--delete-object', '--type', 'data', '--label', 'keyrite:state');
  tool(
    '--write-object',
    file,
    '--type',
    'data',
    '--label',
    'keyrite:state',
    '--application-label',
    'keyrite',
    '--private',
  );
  tool('--delete-object', '--type', 'secrkey', '--label', 'keyrite:mk:uncommitted');
}

describe('a call that fails', () => {
  it('is named and explained, and says whether the device may have acted', () => {
    const rootKey: Errand = { operation: 'unit.make-root-key', args: { target, name: 'k' } };
    const removed = workers.run('C_GenerateKey:0x32', rootKey).answers[0]?.error;
    expect(removed?.code).toBe('CKR_DEVICE_REMOVED');
    expect(removed?.message).toContain(
      'unit unit-a: making a root key failed. The token answered C_GenerateKey with CKR_DEVICE_REMOVED (0x32)',
    );
    // One that acted although it failed leaves no root key behind that nobody knows of.
    const read: Errand = { operation: 'unit.read', args: { target, nonce: 'ab'.repeat(32) } };
    const [made, seen] = workers.run('C_GenerateKey[k]:0x30-after', rootKey, read).answers;
    expect(made?.error).toMatchObject({ code: 'CKR_DEVICE_ERROR', uncertain: false });
    expect(made?.error?.changed).toContain('was destroyed');
    expect((seen?.result as { objects: { label: string }[] }).objects.some(({ label }) => label === 'k')).toBe(false);
    // Where it cannot be looked for, the device is read again.
    const gone = workers.run('C_GenerateKey[k]:0x30-after,C_DestroyObject[k]:0x32', rootKey).answers[0]?.error;
    expect(gone).toMatchObject({ code: 'CKR_DEVICE_ERROR', uncertain: true });
    const vendors = workers.run('C_GenerateKey:0x80000042', rootKey).answers[0]?.error;
    expect(vendors?.code).toBe('CKR_VENDOR_DEFINED+0x42');
    const pin = workers.run('C_InitPIN:0x30-after', { operation: 'unit.set-user-pin', args: { target } }).answers[0]
      ?.error;
    expect(pin).toMatchObject({ code: 'CKR_DEVICE_ERROR', uncertain: true });
    const plain = workers.run('C_CreateObject:0xd0', { operation: 'unit.make-import-key', args: { target } }).answers[0]
      ?.error;
    expect(plain, 'without C_CreateObject the probes fall back to keys made in the token').toBeUndefined();
  });

  it('delays, too, are passed on', () => {
    const started = Date.now();
    workers.run('C_GetInfo:delay-400', { operation: 'module.describe', args: {} });
    expect(Date.now() - started).toBeGreaterThan(400);
  });
});

describe('zeroising that breaks off', () => {
  it('is told apart at every object, and the same command finishes it', () => {
    const command = signed(nextCommand(state, CEREMONY, { command: 'unit.zeroise' }), admin);
    const args = { target, command, state } as const;
    const look = () => workers.get('unit.zeroise', { ...args, look: true });
    const dies = (fault: string): string[] => {
      const died = workers.run(fault, { operation: 'unit.zeroise', args: { ...args, look: false } });
      expect(died.signal, died.stderr).toBe(fault.includes('segv') ? 'SIGSEGV' : 'SIGKILL');
      return (look().objects ?? []).map((object) => object.label);
    };
    const [IDENTITY, STATE, CURRENT] = ['keyrite:identity', 'keyrite:state', 'keyrite:mk:current'];
    expect(dies('C_DestroyObject:segv').toSorted()).toEqual([IDENTITY, IDENTITY, CURRENT, STATE]);
    expect(look()).toMatchObject({
      identity: { spki: target.identitySpki },
      state,
      registers: { current: { status: 'valid' } },
    });
    expect(dies('C_DestroyObject:kill-after').toSorted()).toEqual([IDENTITY, IDENTITY, STATE]);
    expect(dies('C_DestroyObject:kill-after').toSorted()).toEqual([IDENTITY, STATE]);
    expect(dies('C_DestroyObject:kill-after')).toEqual([STATE]);
    expect(look()).toMatchObject({ identity: null, state });
    // Without its identity key it is known by the state that it keeps: no other is destroyed in its place.
    const other = { ...state, counter: state.counter + 1 };
    const refusal = workers.run('', { operation: 'unit.zeroise', args: { ...args, state: other, look: false } });
    expect(refusal.answers[0]?.error).toMatchObject({ code: 'UNIT_CHANGED', uncertain: false });
    expect(dies('C_DestroyObject:kill-after')).toEqual([]);
    const finished = workers.get('unit.zeroise', { ...args, look: false });
    expect(finished).toMatchObject({ objects: [], identity: null, state: { mode: 'zeroised' } });
    expect(store.tool('--token-label', 'KR-A', '--login', '--pin', 'first-second', '--list-objects')).toBe('');
  });

  it('is refused when too few signed, and everything is there still', () => {
    // A unit that has no object any more accepts nothing of what was signed for another state either.
    const wrong = signed(nextCommand(state, CEREMONY, { command: 'unit.zeroise' }), signer('zoe'));
    const ended = workers.run('', { operation: 'unit.zeroise', args: { target, command: wrong, state, look: false } });
    expect(ended.answers[0]?.error).toMatchObject({ code: 'COMMAND_REFUSED' });
  });
});
