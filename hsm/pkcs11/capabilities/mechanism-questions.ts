/** Which mechanisms give the right answer, beyond those that are asked at every connect: known answers, all of them. */
import { createCipheriv } from 'node:crypto';
import { isValidSignature } from '../../../ceremony/command/dsse';
import { agreementHolds, ecdhHolds } from '../agreement';
import { CLASS, KEY_TYPE, type Template } from '../attributes';
import { CryptokiError } from '../cryptoki-error';
import { same, type Findings } from '../finding';
import type { KnownKeys } from '../known-keys';
import { plain, xorWith } from '../mechanisms';
import { CMAC_256_ANSWER, ECB_ANSWER, KEY_WRAP, NIST_BLOCK, NIST_KEY } from '../probe-vectors';
import { ecdsaHolds, oaepUnwrapHolds, oaepWrapHolds } from '../probes';
import type { Session } from '../session';
import { signAndVerify } from '../signing';

/** Asks all of them, in a logged-in session that is closed afterwards. */
export function askMechanisms(session: Session, keys: KnownKeys, findings: Findings): void {
  findings.ask('CKM_AES_CMAC verify', () => cmacVerifies(session, keys));
  findings.ask('CKM_AES_KEY_WRAP unwrap', () => keyUnwraps(session, keys));
  findings.ask('CKM_AES_KEY_WRAP refuses a changed key', () => changedKeyIsRefused(session, keys));
  for (const hash of ['sha384', 'sha512'] as const) {
    findings.ask(`CKM_RSA_PKCS_OAEP ${hash} wrap`, () => oaepWrapHolds(session, keys, hash));
    findings.ask(`CKM_RSA_PKCS_OAEP ${hash} unwrap`, () => oaepUnwrapHolds(session, keys, hash));
  }
  findings.ask('CKM_RSA_PKCS_PSS', () => pssHolds(session, keys));
  findings.ask('CKM_ECDSA P-384', () => ecdsaHolds(session, 'ecdsa-p384-sha384'));
  findings.ask('CKM_ECDSA P-521', () => ecdsaHolds(session, 'ecdsa-p521-sha512'));
  findings.ask('CKM_EDDSA Ed25519', () => ecdsaHolds(session, 'ed25519'));
  findings.ask('CKM_ECDH1_DERIVE', () => ecdhHolds(session, 'none'));
  findings.ask('CKM_ECDH1_DERIVE sha256', () => ecdhHolds(session, 'sha256'));
  for (const kdf of ['sha256', 'none'] as const) {
    findings.ask(`ECDH ${kdf}, CKM_AES_KEY_WRAP unwrap`, () => agreementHolds(session, kdf));
  }
  findings.ask('CKM_XOR_BASE_AND_DATA', () => xorHolds(session, keys));
  findings.ask('C_GenerateRandom', () => randomHolds(session));
}

/** The right code passes; one with a bit turned over does not. */
function cmacVerifies(session: Session, keys: KnownKeys): boolean {
  const key = keys.aes(NIST_KEY, { CKA_VERIFY: true });
  const mechanism = plain('CKM_AES_CMAC');
  const wrong = Buffer.from(CMAC_256_ANSWER);
  wrong.writeUInt8(wrong.readUInt8(0) ^ 1, 0);
  return (
    session.verify(mechanism, key, NIST_BLOCK, CMAC_256_ANSWER) && !session.verify(mechanism, key, NIST_BLOCK, wrong)
  );
}

const UNWRAPPED: Template = {
  CKA_CLASS: CLASS['secret-key'],
  CKA_KEY_TYPE: KEY_TYPE.aes,
  CKA_TOKEN: false,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_ENCRYPT: true,
};

function keyUnwraps(session: Session, keys: KnownKeys): boolean {
  const wrapping = keys.aes(KEY_WRAP.wrapping, { CKA_UNWRAP: true });
  const key = session.unwrap(plain('CKM_AES_KEY_WRAP'), wrapping, KEY_WRAP.answer, UNWRAPPED);
  return same(session.encrypt(plain('CKM_AES_ECB'), key, NIST_BLOCK), ecb(KEY_WRAP.wrapped));
}

/** RFC 3394 has an integrity check. A token that does not unwrap at all is told apart from one that checks. */
function changedKeyIsRefused(session: Session, keys: KnownKeys): boolean {
  if (!keyUnwraps(session, keys)) return false;
  const changed = Buffer.from(KEY_WRAP.answer);
  changed.writeUInt8(changed.readUInt8(20) ^ 1, 20);
  try {
    session.unwrap(plain('CKM_AES_KEY_WRAP'), keys.aes(KEY_WRAP.wrapping, { CKA_UNWRAP: true }), changed, UNWRAPPED);
    return false;
  } catch (error) {
    if (error instanceof CryptokiError) return true;
    throw error;
  }
}

function pssHolds(session: Session, keys: KnownKeys): boolean {
  const signer = keys.rsaSigner();
  if (signer === null) return false;
  const key = { algorithm: 'rsa-pss-sha256', spki: signer.spki } as const;
  const signature = signAndVerify(session, signer.privateKey, key.algorithm, key.spki, NIST_BLOCK);
  return signature !== null && !isValidSignature(key, NIST_KEY, signature);
}

const DERIVED: Template = { ...UNWRAPPED, CKA_EXTRACTABLE: false, CKA_VALUE_LEN: 32 };

function xorHolds(session: Session, keys: KnownKeys): boolean {
  const base = keys.secret(NIST_KEY, { CKA_DERIVE: true });
  const key = session.derive(xorWith(KEY_WRAP.wrapped), base, DERIVED);
  const sum = NIST_KEY.map((byte, at) => byte ^ (KEY_WRAP.wrapped[at] ?? 0));
  return same(session.encrypt(plain('CKM_AES_ECB'), key, NIST_BLOCK), ecb(sum));
}

/** Whether random bytes are what they should be cannot be shown; that they are not constant can. */
function randomHolds(session: Session): boolean {
  const [first, second] = [session.random(32), session.random(32)];
  const isFull = first.length === 32 && second.length === 32;
  return isFull && !same(first, second) && first.some((byte) => byte !== first[0]);
}

/** The block of the known answers under another published key. For answers only: no secrets. */
function ecb(key: Uint8Array): Uint8Array {
  if (same(key, NIST_KEY)) return ECB_ANSWER;
  return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(NIST_BLOCK);
}
