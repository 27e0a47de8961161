/**
 * What CKM_XOR_BASE_AND_DATA needs, on the one module that has it: why components are not combined in the token
 * (docs/hsm-support.md). The base is a key in the token; what it is XORed with is data, in the clear, in the call.
 */
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLASS, KEY_TYPE, type Template } from '../../hsm/pkcs11/attributes';
import { openHandle, type ObjectHandle } from '../../hsm/pkcs11/handles';
import { plain, xorWith } from '../../hsm/pkcs11/mechanisms';
import { Pkcs11Module } from '../../hsm/pkcs11/module';
import type { Session } from '../../hsm/pkcs11/session';

const NSS = '/usr/lib/x86_64-linux-gnu/libsoftokn3.so';
const BLOCK = Buffer.alloc(16, 7);
const [first, second] = [randomBytes(32), randomBytes(32)];
const xor = (left: Uint8Array, right: Uint8Array): Buffer =>
  Buffer.from(left.map((byte, at) => byte ^ (right[at] ?? 0)));

const secret = (value: Uint8Array): Template => ({
  CKA_CLASS: CLASS['secret-key'],
  CKA_KEY_TYPE: KEY_TYPE['generic-secret'],
  CKA_TOKEN: false,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_DERIVE: true,
  CKA_VALUE: value,
});
const derived = (keyType: number, length: number): Template => ({
  CKA_CLASS: CLASS['secret-key'],
  CKA_KEY_TYPE: keyType,
  CKA_TOKEN: false,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_EXTRACTABLE: false,
  CKA_ENCRYPT: true,
  CKA_SIGN: true,
  CKA_VALUE_LEN: length,
});

describe.runIf(existsSync(NSS))('on NSS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-xor-'));
  let module: Pkcs11Module;
  let session: Session;
  let components: readonly [ObjectHandle, ObjectHandle];

  beforeAll(() => {
    module = Pkcs11Module.load(NSS);
    module.initialise(
      `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags= dbTokenDescription='KR-XOR'`,
    );
    const slot = module.tokens().find(({ info }) => info.label === 'KR-XOR')?.slot;
    if (slot === undefined) throw new Error('no token');
    session = module.openSession(slot);
    session.login('security-officer', Buffer.alloc(0));
    session.initPin(Buffer.from('user-pin'));
    session.logout();
    session.login('user', Buffer.from('user-pin'));
    components = [session.create(secret(first)), session.create(secret(second))];
  });
  afterAll(() => {
    module.finalise();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the second component has to be in the call as it is: then the sum is right', () => {
    const key = session.derive(xorWith(second), components[0], derived(KEY_TYPE.aes, 32));
    const expected = createCipheriv('aes-256-ecb', xor(first, second), null).setAutoPadding(false).update(BLOCK);
    expect(session.encrypt(plain('CKM_AES_ECB'), key, BLOCK)).toEqual(expected);
  });

  it('a component that is a key in the token cannot be named: the bytes of its handle are taken for the data', () => {
    const handle = openHandle(components[1], module.generation);
    const key = session.derive(xorWith(handle), components[0], derived(KEY_TYPE['generic-secret'], handle.length));
    const wrong = xor(first.subarray(0, handle.length), handle);
    const mac = session.sign(plain('CKM_SHA256_HMAC'), key, BLOCK);
    expect(mac).toEqual(createHmac('sha256', wrong).update(BLOCK).digest());
  });
});
