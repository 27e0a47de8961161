/** The whole life of a unit on a real SoftHSM2 token: made, imprinted, loaded, committed, activated, a root key taken out. */
import {
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  constants,
  createDecipheriv,
} from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextCommand } from '../../ceremony/command/apply';
import { DeviceError } from '../../ceremony/command/device-error';
import { isValidSignature } from '../../ceremony/command/dsse';
import { identityChallenge, importKeyStatement } from '../../ceremony/command/statements';
import { stateSha256, type CommandPayload, type UnitState } from '../../ceremony/command/unit-state';
import { canonicalJson } from '../../ceremony/canonical-json';
import { MODULE_OPERATIONS, type UnitTarget } from '../../hsm/contract';
import { moduleHandlers } from '../../hsm/unit/operations';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { FakeLink, signed, signer, unitTarget, type Signer } from './people';
import { SOFTHSM, fileSha256, makeStore, type Store } from './softhsm';
import { cmac } from './reference-cmac';

const USER_PIN = 'first-second';
const CEREMONY = { mode: 'rehearsal', id: 'test-1' } as const;
const anna = signer('anna');
const bert = signer('bert');
const custodian = signer('carl');
const SET = randomBytes(16).toString('hex');
const masterKey = randomBytes(32);
const pattern = Buffer.concat([cmac(masterKey, Buffer.alloc(16, 1)), cmac(masterKey, Buffer.alloc(16, 2))]).toString(
  'hex',
);

const handlers = moduleHandlers();
const link = new FakeLink({
  'unit-a/security-officer/1': 'officer-pin',
  'unit-a/user/1': 'first-',
  'unit-a/user/2': 'second',
});
let store: Store;
let target: UnitTarget;
let state: UnitState;

beforeAll(() => {
  store = makeStore();
});
afterAll(() => {
  store.remove();
});

const nonce = (): string => randomBytes(32).toString('hex');
const read = async () => handlers['unit.read']({ target, nonce: nonce() }, link);
const tool = (...args: string[]): string => store.tool('--token-label', 'KR-A', '--login', '--pin', USER_PIN, ...args);

async function perform(
  payload: CommandPayload,
  by: readonly Signer[],
  extra: { wrapped?: string; pattern?: string } = {},
) {
  const command = signed(nextCommand(state, CEREMONY, payload), ...by);
  const request = {
    target,
    command,
    state,
    custodians: { carl: custodian.key },
    wrapped: extra.wrapped ?? null,
    pattern: extra.pattern ?? null,
  };
  const reading = await handlers['unit.perform'](request, link);
  v.parse(MODULE_OPERATIONS['unit.perform'].result, reading);
  if (reading.state === null) throw new Error('the reading has no state');
  return { reading, next: reading.state, request };
}

async function troubleOf(act: () => unknown): Promise<DeviceError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error('expected a DeviceError');
}

describe('before the module is loaded', () => {
  it('refuses every request, a module with another hash, and a file that is no module', async () => {
    expect((await troubleOf(() => handlers['module.describe']({}, link))).code).toBe('MODULE_NOT_LOADED');
    const args = { module: 'units', path: SOFTHSM, sha256: '0'.repeat(64), libraryParameters: null, files: [] };
    const changed = await troubleOf(() => handlers['module.load'](args, link));
    expect(changed.code).toBe('MODULE_CHANGED');
    expect(changed.message).toContain(fileSha256(SOFTHSM));
    const missing = await troubleOf(() => handlers['module.load']({ ...args, path: '/nowhere/module.so' }, link));
    expect(missing.code).toBe('MODULE_MISSING');
    const notAModule = join(store.folder, 'text.so');
    writeFileSync(notAModule, 'no module');
    const failed = await troubleOf(() =>
      handlers['module.load']({ ...args, path: notAModule, sha256: fileSha256(notAModule) }, link),
    );
    expect(failed.code).toBe('MODULE_LOAD_FAILED');
  });

  it('refuses a module whose configuration file was changed', async () => {
    const files = [{ path: store.conf, sha256: '1'.repeat(64) }];
    const args = { module: 'units', path: SOFTHSM, sha256: fileSha256(SOFTHSM), libraryParameters: null, files };
    expect((await troubleOf(() => handlers['module.load'](args, link))).code).toBe('MODULE_CHANGED');
  });
});

describe('initialising', () => {
  it('loads the bound module and describes it', async () => {
    const files = [{ path: store.conf, sha256: fileSha256(store.conf) }];
    await handlers['module.load'](
      { module: 'units', path: SOFTHSM, sha256: fileSha256(SOFTHSM), libraryParameters: null, files },
      link,
    );
    const description = await handlers['module.describe']({}, link);
    v.parse(MODULE_OPERATIONS['module.describe'].result, description);
    expect(description.library.description).toContain('PKCS11');
    expect(description.tokens.map((token) => token.initialised)).toEqual([false]);
    expect(
      (
        await troubleOf(() =>
          handlers['module.load']({ module: 'x', path: SOFTHSM, sha256: '', libraryParameters: null, files: [] }, link),
        )
      ).code,
    ).toBe('MODULE_LOADED');
  });

  it('initialises the blank token, and never an initialised one', async () => {
    target = unitTarget('unit-a', { blank: true });
    const made = await handlers['unit.initialise-token']({ target, label: 'KR-A', again: false }, link);
    expect(made).toMatchObject({ label: 'KR-A', initialised: true, userPinSet: false });
    expect(link.asked.at(-1)).toMatchObject({
      role: 'security-officer',
      holder: 'carl',
      make: true,
      minimum: 4,
      maximum: 255,
    });
    target = unitTarget('unit-a', { label: 'KR-A', serial: made.serial });
    const refused = await troubleOf(() =>
      handlers['unit.initialise-token']({ target, label: 'KR-A', again: false }, link),
    );
    expect(refused.code).toBe('TOKEN_INITIALISED');
    const other = await troubleOf(() =>
      handlers['unit.initialise-token']({ target, label: 'KR-B', again: true }, link),
    );
    expect(other.code).toBe('TOKEN_INITIALISED');
  });

  it('initialises a token again that a crash left with our label and no user PIN', async () => {
    const made = await handlers['unit.initialise-token']({ target, label: 'KR-A', again: true }, link);
    expect(made.serial).toBe(target.address.serial);
    expect(link.asked.at(-1)).toMatchObject({ make: false });
  });

  it('asks two people for the user PIN, joins the parts, and zeroes what it was given', async () => {
    const before = link.given.length;
    const made = await handlers['unit.set-user-pin']({ target }, link);
    expect(made.userPinSet).toBe(true);
    expect(link.asked.slice(-2)).toMatchObject([
      { role: 'user', part: 1, parts: 2, holder: 'anna', make: true, minimum: 2, maximum: 127 },
      { role: 'user', part: 2, parts: 2, holder: 'bert', make: true },
    ]);
    expect(link.given.slice(before).every((pin) => pin.every((byte) => byte === 0))).toBe(true);
    expect(tool('--list-objects')).not.toContain('Key Object');
    const again = await troubleOf(() =>
      handlers['unit.initialise-token']({ target, label: 'KR-A', again: true }, link),
    );
    expect(again.code).toBe('TOKEN_INITIALISED');
  });

  it('reads a unit that has no identity yet', async () => {
    const reading = await read();
    v.parse(MODULE_OPERATIONS['unit.read'].result, reading);
    expect(reading).toMatchObject({ identity: null, challenge: null, state: null, stateKept: 'token', objects: [] });
  });

  it('makes an identity that signs only, and the first state', async () => {
    const made = await handlers['unit.create-identity']({ target }, link);
    v.parse(MODULE_OPERATIONS['unit.create-identity'].result, made);
    expect(made.algorithm).toBe('ecdsa-p256-sha256');
    expect(made.attributes).toMatchObject({
      CKA_SIGN: true,
      CKA_DECRYPT: false,
      CKA_UNWRAP: false,
      CKA_DERIVE: false,
      CKA_EXTRACTABLE: false,
      CKA_SENSITIVE: true,
      CKA_NEVER_EXTRACTABLE: true,
    });
    expect(made.state).toMatchObject({ unit: made.id, serial: target.address.serial, mode: 'imprint', counter: 0 });
    const again = await handlers['unit.create-identity']({ target }, link);
    expect(again).toEqual(made);
    target = { ...target, identitySpki: made.spki };
    state = made.state;
    expect(tool('--list-objects', '--type', 'privkey')).toMatch(
      /label:\s+keyrite:identity[\s\S]*Usage:\s+sign\n[\s\S]*sensitive, always sensitive, never extract/,
    );
  });

  it('proves the identity on a nonce', async () => {
    const challenge = nonce();
    const reading = await handlers['unit.read']({ target, nonce: challenge }, link);
    const { identity, challenge: proof } = reading;
    const key = { algorithm: 'ecdsa-p256-sha256', spki: identity?.spki ?? '' } as const;
    const signature = Buffer.from(proof?.signature ?? '', 'base64');
    expect(isValidSignature(key, identityChallenge(challenge), signature)).toBe(true);
    expect(isValidSignature(key, identityChallenge(nonce()), signature)).toBe(false);
    expect(reading.capabilities).toMatchObject({
      cmac: true,
      oaepSha1: true,
      oaepSha256: false,
      gcm: true,
      ec: true,
      dataObjects: true,
    });
    expect(reading.registers).toMatchObject({ new: { status: 'empty' }, current: { status: 'empty' } });
    expect(reading.state).toEqual(state);
  });

  it('refuses a token of another identity before it asks for a PIN', async () => {
    const asked = link.asked.length;
    const spki = signer('nobody').key.spki;
    const wrong = await troubleOf(() =>
      handlers['unit.read']({ target: { ...target, identitySpki: spki }, nonce: nonce() }, link),
    );
    expect(wrong.code).toBe('UNIT_CHANGED');
    expect(link.asked.length).toBe(asked);
    const missing = await troubleOf(() =>
      handlers['unit.read']({ target: unitTarget('unit-a', { label: 'KR-Z' }), nonce: nonce() }, link),
    );
    expect(missing.code).toBe('TOKEN_NOT_FOUND');
    expect((await handlers['unit.glance']({ target: unitTarget('unit-a', { label: 'KR-Z' }) }, link)).token).toBeNull();
  });
});

describe('imprinting', () => {
  it('adds administrators by their own proof and sets thresholds', async () => {
    for (const one of [anna, bert]) {
      const { reading, next } = await perform(
        { command: 'administrator.add', administrator: { id: one.id, ...one.key } },
        [one],
      );
      expect(reading.stateKept).toBe('token');
      state = next;
    }
    const { next } = await perform(
      {
        command: 'thresholds.set',
        signatureThreshold: 2,
        revocationThreshold: 2,
        administrators: state.administrators,
      },
      [anna, bert],
    );
    expect(next).toMatchObject({
      mode: 'operational',
      signatureThreshold: 2,
      counter: 3,
      previous: stateSha256(state),
    });
    state = next;
    expect((await read()).state).toEqual(state);
  });

  it('does a command once only: the same again changes nothing', async () => {
    const before = (await read()).objects;
    const given = { ...state, counter: 1 };
    const command = signed(
      nextCommand(state, CEREMONY, { command: 'administrator.add', administrator: { id: 'x', ...signer('x').key } }),
      anna,
    );
    const refused = await troubleOf(() =>
      handlers['unit.perform']({ target, command, state, custodians: {}, wrapped: null, pattern: null }, link),
    );
    expect(refused.code).toBe('COMMAND_REFUSED');
    const stale = await troubleOf(() =>
      handlers['unit.perform']({ target, command, state: given, custodians: {}, wrapped: null, pattern: null }, link),
    );
    expect(stale.code).toBe('UNIT_CHANGED');
    expect((await read()).objects).toEqual(before);
  });
});

const wrapTo = (key: { readonly spki: string; readonly oaep: string }, secret: Uint8Array): string =>
  publicEncrypt(
    {
      key: createPublicKey({ key: Buffer.from(key.spki, 'base64'), format: 'der', type: 'spki' }),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: key.oaep,
    },
    secret,
  ).toString('base64');

describe('the master key', () => {
  const load = (index: number): CommandPayload => ({
    command: 'master-key.load',
    set: SET,
    index,
    of: 2,
    commitment: String(index).repeat(64),
  });

  it('makes an import key that the identity vouches for', async () => {
    const key = await handlers['unit.make-import-key']({ target }, link);
    v.parse(MODULE_OPERATIONS['unit.make-import-key'].result, key);
    expect(key).toMatchObject({ bits: 3072, oaep: 'sha1' });
    const identity = { algorithm: 'ecdsa-p256-sha256', spki: target.identitySpki ?? '' } as const;
    expect(isValidSignature(identity, importKeyStatement(key.spki, 'sha1'), Buffer.from(key.signature, 'base64'))).toBe(
      true,
    );
  });

  it('loads shares, and destroys a key that gives another pattern', async () => {
    ({ next: state } = await perform(load(1), [custodian]));
    expect(state.loading?.parts).toHaveLength(1);
    const key = await handlers['unit.make-import-key']({ target }, link);
    const wrong = await troubleOf(() =>
      perform(load(2), [custodian], { wrapped: wrapTo(key, randomBytes(32)), pattern }),
    );
    expect(wrong.code).toBe('PATTERN_WRONG');
    expect((await read()).registers?.new.status).toBe('empty');
    const gone = await troubleOf(() => perform(load(2), [custodian], { wrapped: wrapTo(key, masterKey), pattern }));
    expect(gone.code).toBe('IMPORT_KEY_GONE');
  });

  it('brings the key in sensitive, non-extractable, for wrapping and its pattern only', async () => {
    const key = await handlers['unit.make-import-key']({ target }, link);
    const done = await perform(load(2), [custodian], { wrapped: wrapTo(key, masterKey), pattern });
    expect(done.reading.registers?.new).toMatchObject({ status: 'full-uncommitted', pattern, set: SET });
    expect(done.reading.registers?.new.attributes).toMatchObject({
      CKA_SENSITIVE: true,
      CKA_EXTRACTABLE: false,
      CKA_WRAP: true,
      CKA_UNWRAP: true,
      CKA_SIGN: true,
      CKA_ENCRYPT: false,
      CKA_DECRYPT: false,
      CKA_DERIVE: false,
      CKA_VERIFY: false,
      CKA_TOKEN: true,
      CKA_PRIVATE: true,
    });
    const repeated = await handlers['unit.perform'](done.request, link);
    // What was set right is told once, by the answer to the load that brought the key in.
    const { hardened, ...reading } = done.reading;
    expect(hardened).toEqual([]);
    expect(repeated).toEqual(reading);
    state = done.next;
    const listed = tool('--list-objects', '--type', 'secrkey');
    expect(listed).toMatch(/AES[\s\S]*label:\s+keyrite:mk:uncommitted/);
    expect(listed).not.toMatch(/Usage:.*(decrypt|derive)/);
  });

  it('finishes a load whose state was not written, without the key being given again', async () => {
    const before = {
      ...state,
      loading: { set: SET, of: 2, parts: [{ index: 1, commitment: '1'.repeat(64) }] },
      registers: { new: 'empty', current: 'empty' },
    } as const;
    const command = { ...before, counter: state.counter - 1 };
    const rewound: UnitState = {
      ...command,
      previous: '0'.repeat(64),
      command: '0'.repeat(64),
      loading: { ...before.loading, parts: [...before.loading.parts] },
    };
    writeState(rewound);
    state = rewound;
    const { reading, next } = await perform(load(2), [custodian], { pattern });
    expect(reading.registers?.new).toMatchObject({ status: 'full-uncommitted', pattern });
    state = next;
    expect(stateObjects()).toBe(1);
  });

  it('commits with the quorum; a half-done commit is finished by the same command', async () => {
    const payload = { command: 'master-key.commit', pattern } as const;
    expect((await troubleOf(() => perform(payload, [anna]))).code).toBe('COMMAND_REFUSED');
    const wrong = await troubleOf(() => perform({ ...payload, pattern: 'ab'.repeat(32) }, [anna, bert]));
    expect(wrong.code).toBe('UNIT_CHANGED');
    const before = state;
    const done = await perform(payload, [anna, bert]);
    expect(done.reading.registers?.new).toMatchObject({ status: 'full-committed', pattern });
    writeState(before);
    expect(await handlers['unit.perform'](done.request, link)).toEqual(done.reading);
    expect(await handlers['unit.perform'](done.request, link)).toEqual(done.reading);
    state = done.next;
  });

  it('activates; a half-done activation is finished by the same command', async () => {
    const before = state;
    const done = await perform({ command: 'master-key.activate', pattern }, [bert]);
    expect(done.reading.registers).toMatchObject({
      new: { status: 'empty' },
      current: { status: 'valid', pattern, set: SET },
    });
    writeState(before);
    expect(await handlers['unit.perform'](done.request, link)).toEqual(done.reading);
    state = done.next;
    const listed = tool('--list-objects', '--type', 'secrkey');
    expect(listed).toMatch(/label:\s+keyrite:mk:current/);
    expect(listed).toMatch(/Access:\s+sensitive/);
    expect(() => tool('--read-object', '--type', 'secrkey', '--label', 'keyrite:mk:current')).toThrow();
  });

  it('lists everything in the inventory with check values', async () => {
    const objects = (await read()).objects ?? [];
    expect(objects.map((object) => [object.class, object.label])).toEqual([
      ['data', 'keyrite:state'],
      ['private-key', 'keyrite:identity'],
      ['public-key', 'keyrite:identity'],
      ['secret-key', 'keyrite:mk:current'],
    ]);
    const zeroes = cmac(masterKey, Buffer.alloc(16)).subarray(0, 5).toString('hex');
    expect(objects[3]?.checkValue).toEqual({ algorithm: 'aes-cmac', value: zeroes });
    expect(objects[2]?.checkValue).toEqual({ algorithm: 'spki-sha256', value: state.unit });
  });
});

describe('a root key', () => {
  it('is made, wrapped, encrypts a nonce, and is destroyed', async () => {
    const made = await handlers['unit.make-root-key']({ target, name: 'root-key-1' }, link);
    v.parse(MODULE_OPERATIONS['unit.make-root-key'].result, made);
    const shown = async () => (await read()).objects?.filter(({ label }) => label === 'root-key-1');
    expect(await shown()).toMatchObject([{ class: 'secret-key', attributes: { CKA_TOKEN: false } }]);
    expect(made.attributes).toMatchObject({
      CKA_TOKEN: false,
      CKA_SENSITIVE: true,
      CKA_ALWAYS_SENSITIVE: true,
      CKA_EXTRACTABLE: true,
      CKA_LOCAL: true,
      CKA_ENCRYPT: true,
      CKA_SIGN: true,
      CKA_DECRYPT: false,
      CKA_WRAP: false,
      CKA_UNWRAP: false,
      CKA_DERIVE: false,
    });
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const to = { spki: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), bits: 2048 };
    const refused = await troubleOf(() =>
      handlers['unit.wrap-root-key']({ target, handle: made.handle, to: { ...to, oaep: 'sha256' } }, link),
    );
    expect(refused.code).toBe('OAEP_NOT_SUPPORTED');
    const wrapped = await handlers['unit.wrap-root-key'](
      { target, handle: made.handle, to: { ...to, oaep: 'sha1' } },
      link,
    );
    const clear = privateDecrypt(
      { key: pair.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      Buffer.from(wrapped, 'base64'),
    );
    expect(clear).toHaveLength(32);
    expect(made.checkValue).toEqual({
      algorithm: 'aes-cmac',
      value: cmac(clear, Buffer.alloc(16)).subarray(0, 5).toString('hex'),
    });
    const given = randomBytes(12);
    const encrypted = await handlers['unit.encrypt-nonce'](
      { target, handle: made.handle, nonce: given.toString('base64') },
      link,
    );
    const sealed = Buffer.from(encrypted?.encryptedNonce ?? '', 'base64');
    const decipher = createDecipheriv('aes-256-gcm', clear, Buffer.from(encrypted?.iv ?? '', 'base64'));
    decipher.setAuthTag(sealed.subarray(-16));
    expect(Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])).toEqual(given);
    await handlers['unit.destroy-root-key']({ target, handle: made.handle }, link);
    expect(await shown()).toEqual([]);
    const gone = await troubleOf(() =>
      handlers['unit.wrap-root-key']({ target, handle: made.handle, to: { ...to, oaep: 'sha1' } }, link),
    );
    expect(gone.code).toBe('ROOT_KEY_GONE');
  });
});

describe('what others do to the token', () => {
  it('is noticed: a state of another counter, a state that is no state, no state, a second current key', async () => {
    const later = { ...state, counter: state.counter + 5 };
    const command = signed(
      nextCommand(state, CEREMONY, { command: 'administrator.add', administrator: { id: 'x', ...anna.key } }),
      anna,
      bert,
    );
    const attemptIt = () =>
      troubleOf(() =>
        handlers['unit.perform']({ target, command, state, custodians: {}, wrapped: null, pattern: null }, link),
      );
    writeState(later);
    expect((await attemptIt()).code).toBe('UNIT_CHANGED');
    expect((await read()).state?.counter).toBe(later.counter);
    writeStateText('{"format":"keyrite-unit-state/1"}');
    expect((await troubleOf(read)).code).toBe('UNIT_CHANGED');
    tool('--delete-object', '--type', 'data', '--label', 'keyrite:state');
    expect((await read()).state).toBeNull();
    expect((await attemptIt()).code).toBe('UNIT_CHANGED');
    writeState(state);
    expect((await read()).state).toEqual(state);
    tool('--keygen', '--key-type', 'AES:32', '--label', 'keyrite:mk:current');
    expect((await troubleOf(read)).message).toContain('2 keys are labelled keyrite:mk:current');
  });
});

function writeState(value: UnitState): void {
  writeStateText(canonicalJson(value));
}

function writeStateText(text: string): void {
  while (stateObjects() > 0) tool('--delete-object', '--type', 'data', '--label', 'keyrite:state');
  const file = join(store.folder, 'state.json');
  writeFileSync(file, text);
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
}

function stateObjects(): number {
  return tool('--list-objects', '--type', 'data').split('keyrite:state').length - 1;
}
