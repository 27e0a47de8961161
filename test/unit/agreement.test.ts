/** A key agreed by ECDH on a real token: what was wrapped arrives, what was changed does not, and nothing is left. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unwrapByAgreement, wrapByAgreement } from '../../hsm/pkcs11/agreement';
import { CLASS, KEY_TYPE, type Template } from '../../hsm/pkcs11/attributes';
import { CryptokiError } from '../../hsm/pkcs11/cryptoki-error';
import type { ObjectHandle } from '../../hsm/pkcs11/handles';
import { Pkcs11Module } from '../../hsm/pkcs11/module';
import type { Session } from '../../hsm/pkcs11/session';
import { spkiOf } from '../../hsm/pkcs11/spki';
import { makeAgreementPair } from '../../hsm/pkcs11/agreement';
import { wrapToImportKey } from '../../hsm/shares/wrap-to-import-key';
import { verificationPattern as patternOf } from '../../hsm/shares/key-check';
import { onlyFor } from '../../hsm/unit/objects';
import { verificationPattern } from '../../hsm/unit/verification-pattern';
import { makeStore, SOFTHSM, type Store } from './softhsm';

const secret = randomBytes(32);
const ASKED: Template = {
  CKA_CLASS: CLASS['secret-key'],
  CKA_KEY_TYPE: KEY_TYPE.aes,
  CKA_TOKEN: false,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_EXTRACTABLE: false,
  ...onlyFor('secret-key', 'CKA_SIGN'),
};

let store: Store;
let module: Pkcs11Module;
let session: Session;
let privateKey: ObjectHandle;
let spki: string;

beforeAll(() => {
  store = makeStore();
  store.tool('--init-token', '--slot-index', '0', '--label', 'KR', '--so-pin', 'officer');
  store.tool(
    '--token-label',
    'KR',
    '--login',
    '--so-pin',
    'officer',
    '--login-type',
    'so',
    '--init-pin',
    '--pin',
    'user-pin',
  );
  module = Pkcs11Module.load(SOFTHSM);
  module.initialise(null);
  const slot = module.tokens().find(({ info }) => info.label === 'KR')?.slot;
  if (slot === undefined) throw new Error('no token');
  session = module.openSession(slot);
  session.login('user', Buffer.from('user-pin'));
  const pair = makeAgreementPair(session, {
    forPublic: onlyFor('public-key'),
    forPrivate: onlyFor('private-key', 'CKA_DERIVE'),
  });
  ({ privateKey } = pair);
  spki = spkiOf(session, pair.publicKey) ?? '';
});
afterAll(() => {
  module.finalise();
  store.remove();
});

const arrive = (wrapped: Uint8Array): ObjectHandle =>
  unwrapByAgreement(session, privateKey, 'none', wrapped, onlyFor('secret-key', 'CKA_UNWRAP'), ASKED);
const secretKeys = (): number => session.find({ CKA_CLASS: CLASS['secret-key'] }).length;

describe('a key wrapped by agreement', () => {
  it('arrives, and the key that was agreed is gone', () => {
    const before = secretKeys();
    const key = arrive(wrapByAgreement(spki, 'none', secret));
    expect(verificationPattern(session, key, 'cmac')).toBe(patternOf(secret));
    expect(secretKeys()).toBe(before + 1);
    session.destroy(key);
  });

  it('is wrapped anew each time, under another pair', () => {
    const [first, second] = [wrapByAgreement(spki, 'none', secret), wrapByAgreement(spki, 'none', secret)];
    expect(first.subarray(0, 65).equals(second.subarray(0, 65))).toBe(false);
    expect(first.subarray(65).equals(second.subarray(65))).toBe(false);
    expect(first).toHaveLength(105);
  });

  it('does not arrive where anything of it was changed, or how the secret becomes the key; nothing is left of the try', () => {
    const before = secretKeys();
    const whole = wrapByAgreement(spki, 'none', secret);
    const changed = Buffer.from(whole);
    changed.writeUInt8(changed.readUInt8(80) ^ 1, 80);
    expect(() => arrive(changed)).toThrow(CryptokiError);
    expect(() => arrive(wrapByAgreement(spki, 'sha256', secret))).toThrow(CryptokiError);
    expect(() => arrive(whole.subarray(0, 104))).toThrow('expected a point and 24, 32 or 40 bytes, got 104 in all');
    expect(secretKeys()).toBe(before);
  });

  it('is wrapped to no key on another curve, and to nothing that is no key', () => {
    const other = { agreement: 'ecdh-p256', kdf: 'none', signature: '' } as const;
    for (const unfit of ['MCowBQYDK2VwAyEACM+krgJ3HIYGOk/yrJ9cO3BJ29cPwas9iH1BFDFbag4=', 'AAAA']) {
      expect(() => wrapToImportKey({ ...other, spki: unfit }, secret)).toThrow(/The key to agree with is unfit/);
    }
  });
});
