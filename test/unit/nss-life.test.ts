/** The life of a unit on NSS softoken, which has no labels, no data objects and no security officer of its own. */
import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextCommand } from '../../ceremony/command/apply';
import type { CommandPayload, UnitState } from '../../ceremony/command/unit-state';
import type { UnitTarget } from '../../hsm/contract';
import { moduleHandlers } from '../../hsm/unit/operations';
import { FakeLink, signed, signer, unitTarget } from './people';
import { cmac } from './reference-cmac';
import { fileSha256 } from './softhsm';

const NSS = '/usr/lib/x86_64-linux-gnu/libsoftokn3.so';
const admin = signer('anna');
const masterKey = randomBytes(32);
const pattern = Buffer.concat([1, 2].map((byte) => cmac(masterKey, Buffer.alloc(16, byte)))).toString('hex');
const handlers = moduleHandlers();
const link = new FakeLink({ 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' });

let folder: string;
let target: UnitTarget;
let state: UnitState;

const oaep = (hash: string) => ({ padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash });

async function perform(payload: CommandPayload, wrapped: string | null = null) {
  const command = signed(nextCommand(state, { mode: 'rehearsal', id: 'nss-1' }, payload), admin);
  const custodians = { anna: admin.key };
  const reading = await handlers['unit.perform']({ target, command, state, custodians, wrapped, pattern }, link);
  if (reading.state === null) throw new Error('the reading has no state');
  state = reading.state;
  return reading;
}

describe.runIf(existsSync(NSS))('a unit on NSS softoken', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyrite-nss-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is labelled by the library parameters, and takes its user PIN without a security officer', async () => {
    const libraryParameters = `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags= dbTokenDescription='KR-NSS'`;
    await handlers['module.load'](
      { module: 'units', path: NSS, sha256: fileSha256(NSS), libraryParameters, files: [] },
      link,
    );
    const blank = unitTarget('unit-a', { blank: true });
    await expect(
      handlers['unit.initialise-token']({ target: blank, label: 'OTHER', again: false }, link),
    ).rejects.toMatchObject({ code: 'TOKEN_LABEL' });
    const made = await handlers['unit.initialise-token']({ target: blank, label: 'KR-NSS', again: false }, link);
    expect(made).toMatchObject({ label: 'KR-NSS', userPinSet: false });
    target = unitTarget('unit-a', { label: 'KR-NSS' });
    expect(await handlers['unit.set-user-pin']({ target }, link)).toMatchObject({
      initialised: true,
      userPinSet: true,
    });
    expect(link.asked.map(({ role }) => role)).toEqual(['user', 'user']);
  });

  it('keeps no state, and says so', async () => {
    const made = await handlers['unit.create-identity']({ target }, link);
    target = { ...target, identitySpki: made.spki };
    state = made.state;
    const reading = await handlers['unit.read']({ target, nonce: 'ab'.repeat(32) }, link);
    expect(reading).toMatchObject({ state: null, stateKept: 'none', identity: { id: state.unit } });
  });

  it('takes a master key under OAEP with SHA-256, commits and activates it', async () => {
    await perform({ command: 'administrator.add', administrator: { id: admin.id, ...admin.key } });
    await perform({
      command: 'thresholds.set',
      signatureThreshold: 1,
      revocationThreshold: 1,
      administrators: state.administrators,
    });
    const key = await handlers['unit.make-import-key']({ target }, link);
    expect(key.oaep).toBe('sha256');
    const publicKey = createPublicKey({ key: Buffer.from(key.spki, 'base64'), format: 'der', type: 'spki' });
    const wrapped = publicEncrypt({ key: publicKey, ...oaep(key.oaep) }, masterKey).toString('base64');
    const loaded = await perform(
      { command: 'master-key.load', set: 'ab'.repeat(16), index: 1, of: 1, commitment: '1'.repeat(64) },
      wrapped,
    );
    expect(loaded.registers?.new).toMatchObject({ status: 'full-uncommitted', pattern });
    await perform({ command: 'master-key.commit', pattern });
    const active = await perform({ command: 'master-key.activate', pattern });
    expect(active.registers).toMatchObject({ new: { status: 'empty' }, current: { status: 'valid', pattern } });
  });

  it('wraps a root key with SHA-256 in the token, and destroys it', async () => {
    const made = await handlers['unit.make-root-key']({ target, name: 'root' }, link);
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const spki = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const to = { spki, bits: 2048, oaep: 'sha256' } as const;
    const wrapped = await handlers['unit.wrap-root-key']({ target, handle: made.handle, to }, link);
    const clear = privateDecrypt({ key: pair.privateKey, ...oaep('sha256') }, Buffer.from(wrapped, 'base64'));
    expect(cmac(clear, Buffer.alloc(16)).subarray(0, 5).toString('hex')).toBe(made.checkValue.value);
    await handlers['unit.destroy-root-key']({ target, handle: made.handle }, link);
  });
});
