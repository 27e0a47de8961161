import { createPrivateKey } from 'node:crypto';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { isValidSignature } from '../../ceremony/command/dsse';
import { encryptAesGcm } from '../../hsm/shares/aes-gcm';
import { aesCmac } from '../../hsm/shares/key-check';
import { oaepDecrypt, type OaepHash } from '../../hsm/shares/oaep';
import { CASE, groupsOf, hasVectors } from './vectors';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** Runs a file's cases where it is there; where it is not, a test of its own says so. */
function vectors(file: string, what: string, run: () => void): void {
  if (hasVectors(file)) it(what, run);
  else it(`not run, ${file} is absent: ${what}`, () => expect(hasVectors(file)).toBe(false));
}

describe('Wycheproof', () => {
  vectors('wycheproof_aes_cmac_test.json', 'AES-CMAC: every tag, and every key that is none', () => {
    const Case = v.object({ ...CASE, key: v.string(), msg: v.string(), tag: v.string() });
    const cases = groupsOf('wycheproof_aes_cmac_test.json', v.object({ tests: v.array(Case) })).flatMap(
      (group) => group.tests,
    );
    const wrong = cases.filter(({ key, msg, tag, result }) => {
      let got: string | null;
      try {
        got = Buffer.from(aesCmac(bytes(key), bytes(msg))).toString('hex');
      } catch {
        got = null;
      }
      return (got === tag) !== (result === 'valid');
    });
    expect(wrong).toEqual([]);
    expect(cases).toHaveLength(311);
  });

  vectors(
    'wycheproof_aes_gcm_test.json',
    'AES-256-GCM: every encryption with a 12-byte IV and no additional data',
    () => {
      const Case = v.object({
        ...CASE,
        key: v.string(),
        iv: v.string(),
        aad: v.string(),
        msg: v.string(),
        ct: v.string(),
        tag: v.string(),
      });
      const Group = v.object({ keySize: v.number(), ivSize: v.number(), tests: v.array(Case) });
      const groups = groupsOf('wycheproof_aes_gcm_test.json', Group);
      const ours = groups
        .filter(({ keySize, ivSize }) => keySize === 256 && ivSize === 96)
        .flatMap((group) => group.tests);
      const plain = ours.filter(({ aad }) => aad === '');
      const wrong = plain.filter(({ key, iv, msg, ct, tag, result }) => {
        const same = encryptAesGcm(bytes(key), bytes(iv), bytes(msg)).toString('hex') === ct + tag;
        return same !== (result === 'valid');
      });
      expect(wrong).toEqual([]);
      expect(plain.length).toBeGreaterThan(20);
      const others = groups
        .filter(({ ivSize, keySize }) => ivSize !== 96 || keySize !== 256)
        .flatMap((group) => group.tests);
      for (const { key, iv, msg } of others)
        expect(() => encryptAesGcm(bytes(key), bytes(iv), bytes(msg))).toThrow(RangeError);
    },
  );

  for (const [file, hash] of [
    ['wycheproof_rsa_oaep_2048_sha1_mgf1sha1_test.json', 'sha1'],
    ['wycheproof_rsa_oaep_4096_sha256_mgf1sha256_test.json', 'sha256'],
  ] as const) {
    vectors(file, `RSA-OAEP ${hash}: opens what is valid with an empty label, and nothing else`, () =>
      oaep(file, hash),
    );
  }

  vectors(
    'wycheproof_ecdsa_secp256r1_sha256_test.json',
    'ECDSA P-256: strict DER, and every signature judged rightly',
    () => {
      const Case = v.object({ ...CASE, msg: v.string(), sig: v.string() });
      const groups = groupsOf(
        'wycheproof_ecdsa_secp256r1_sha256_test.json',
        v.object({ publicKeyDer: v.string(), tests: v.array(Case) }),
      );
      let count = 0;
      const wrong = groups.flatMap(({ publicKeyDer, tests }) => {
        const key = { algorithm: 'ecdsa-p256-sha256', spki: bytes(publicKeyDer).toString('base64') } as const;
        count += tests.length;
        return tests.filter(
          ({ msg, sig, result }) => isValidSignature(key, bytes(msg), bytes(sig)) !== (result === 'valid'),
        );
      });
      expect(wrong).toEqual([]);
      expect(count).toBe(484);
    },
  );
});

function oaep(file: string, hash: OaepHash): void {
  const Case = v.object({ ...CASE, msg: v.string(), ct: v.string(), label: v.string() });
  const groups = groupsOf(file, v.object({ privateKeyPkcs8: v.string(), tests: v.array(Case) }));
  let opened = 0;
  for (const { privateKeyPkcs8, tests } of groups) {
    const key = createPrivateKey({ key: bytes(privateKeyPkcs8), format: 'der', type: 'pkcs8' });
    for (const { tcId, ct, msg, label, result } of tests) {
      if (result === 'valid' && label === '') {
        expect(oaepDecrypt(key, hash, bytes(ct)).toString('hex'), `case ${String(tcId)}`).toBe(msg);
        opened += 1;
      } else {
        expect(() => oaepDecrypt(key, hash, bytes(ct)), `case ${String(tcId)}`).toThrow();
      }
    }
  }
  expect(opened).toBeGreaterThan(8);
}
