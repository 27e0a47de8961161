/** Known answers asked of a real SoftHSM2 and a real NSS softoken, which understand some mechanisms differently. */
import { existsSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pkcs11Module } from '../../hsm/pkcs11/module';
import { probe } from '../../hsm/pkcs11/probes';
import type { Session } from '../../hsm/pkcs11/session';
import { isInitialised } from '../../hsm/pkcs11/token-info';
import { SOFTHSM, makeStore, type Store } from '../unit/softhsm';

const userPin = () => Buffer.from('user-pin');
const NSS = '/usr/lib/x86_64-linux-gnu/libsoftokn3.so';

let store: Store;
beforeAll(() => {
  store = makeStore();
});
afterAll(() => {
  store.remove();
});

function softhsmSession(): Session {
  const module = Pkcs11Module.load(SOFTHSM);
  module.initialise(null);
  const slot = module.tokens().find(({ info }) => !isInitialised(info))?.slot;
  if (slot === undefined) throw new Error('no blank token');
  module.initToken(slot, Buffer.from('officer-pin'), 'PROBE');
  const session = module.openSession(slot);
  session.login('security-officer', Buffer.from('officer-pin'));
  session.initPin(userPin());
  session.logout();
  session.login('user', userPin());
  return session;
}

describe('SoftHSM2', () => {
  it('is found out in a fraction of a second', () => {
    const session = softhsmSession();
    const started = performance.now();
    const report = probe(session);
    const took = performance.now() - started;
    expect(report.mechanisms).toEqual({
      CKM_AES_ECB: 'works',
      CKM_AES_CBC: 'works',
      CKM_AES_CMAC: 'works',
      'CKM_AES_GCM v2.40': 'works',
      'CKM_AES_GCM v2.20': 'works',
      CKM_AES_KEY_WRAP: 'works',
      'CKM_AES_KEY_WRAP_PAD as RFC 5649': 'works',
      'CKM_AES_KEY_WRAP_PAD as RFC 3394 with PKCS #7': 'wrong-answer',
      CKM_AES_KEY_WRAP_KWP: 'CKR_MECHANISM_INVALID',
      CKM_SHA256_HMAC: 'works',
      'CKM_ECDSA P-256': 'works',
      'CKM_RSA_PKCS_OAEP sha256 wrap': 'CKR_ARGUMENTS_BAD',
      'CKM_RSA_PKCS_OAEP sha256 unwrap': 'CKR_ARGUMENTS_BAD',
      'CKM_RSA_PKCS_OAEP sha1 wrap': 'works',
      'CKM_RSA_PKCS_OAEP sha1 unwrap': 'works',
      'CKA_EXTRACTABLE false': 'works',
      CKO_DATA: 'works',
    });
    expect(report).toMatchObject({ cmac: true, gcm: 'v2.40', ec: true, dataObjects: true });
    expect(took).toBeLessThan(500);
  });
});

describe.runIf(existsSync(NSS))('NSS softoken', () => {
  it('means RFC 3394 with PKCS #7 by 0x210a, and has OAEP with SHA-256 but no data objects', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyrite-nss-'));
    try {
      const module = Pkcs11Module.load(NSS);
      module.initialise(
        `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags= dbTokenDescription='KR-NSS'`,
      );
      const found = module.tokens().find(({ info }) => info.label === 'KR-NSS');
      if (found === undefined) throw new Error('NSS shows no database token');
      const session = module.openSession(found.slot);
      session.login('security-officer', Buffer.alloc(0));
      session.initPin(userPin());
      session.logout();
      session.login('user', userPin());
      const report = probe(session);
      expect(report.mechanisms).toMatchObject({
        'CKM_AES_KEY_WRAP_PAD as RFC 5649': 'wrong-answer',
        'CKM_AES_KEY_WRAP_PAD as RFC 3394 with PKCS #7': 'works',
        CKM_AES_KEY_WRAP_KWP: 'works',
        'CKA_EXTRACTABLE false': 'wrong-answer',
        'CKM_AES_GCM v2.40': 'works',
      });
      expect(report.oaepWrap).toEqual({ sha256: true, sha1: true });
      expect(report.oaepUnwrap).toEqual({ sha256: true, sha1: true });
      expect(report.dataObjects).toBe(false);
      module.finalise();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
