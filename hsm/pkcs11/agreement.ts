/**
 * Key agreement with a token: ECDH on P-256 to an AES-256 key that stays there. How the shared secret becomes the key is
 * asked by known answers: NSS hashes it (X9.63, SHA-256), SoftHSM2 can only take it as it is.
 */
import { createCipheriv, createHash, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { aeskw } from '@noble/ciphers/aes.js';
import { CLASS, KEY_TYPE, type Template } from './attributes';
import { isCkr } from './cryptoki-error';
import { same } from './finding';
import type { ObjectHandle } from './handles';
import { ecdh, plain, type AgreementKdf } from './mechanisms';
import { ECB_ANSWER, NIST_BLOCK, NIST_KEY } from './probe-vectors';
import type { KeyPair, Session } from './session';
import { P256_PARAMS, spkiOf } from './spki';

export type { AgreementKdf };

/** Bytes of an uncompressed point of P-256. */
export const POINT_BYTES = 65;
/** Bytes of an AES key wrapped by RFC 3394: eight more than the key has. */
const WRAPPED_BYTES = [24, 32, 40] as const;

/** Attributes of the private half of an agreement key: it agrees, and nothing else. */
const SESSION_PAIR: Template = { CKA_TOKEN: false, CKA_PRIVATE: true, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false };

/** An ephemeral pair in the token. `usages`: every usage of a private key, DERIVE alone true. Throws CryptokiError. */
export function makeAgreementPair(
  session: Session,
  usages: { readonly forPublic: Template; readonly forPrivate: Template },
): KeyPair {
  return session.generateKeyPair(
    plain('CKM_EC_KEY_PAIR_GEN'),
    { CKA_TOKEN: false, CKA_PRIVATE: false, CKA_EC_PARAMS: P256_PARAMS, ...usages.forPublic },
    { ...SESSION_PAIR, ...usages.forPrivate },
  );
}

/**
 * C_DeriveKey with a peer's point, given as it is; else, to tokens that want that, in the octet string of DER. Throws
 * CryptokiError.
 */
export function deriveKey(
  session: Session,
  base: ObjectHandle,
  point: Uint8Array,
  kdf: AgreementKdf,
  template: Template,
): ObjectHandle {
  try {
    return session.derive(ecdh(point, kdf), base, template);
  } catch (error) {
    if (!isCkr(error, 'CKR_MECHANISM_PARAM_INVALID', 'CKR_ARGUMENTS_BAD', 'CKR_DATA_INVALID')) throw error;
    return session.derive(ecdh(Buffer.concat([Buffer.from([0x04, point.length]), point]), kdf), base, template);
  }
}

/**
 * What the other side does: agrees with the public half of a token's pair by a pair of its own, which is used once, and
 * wraps an AES key under what was agreed, by RFC 3394.
 *
 * @param spki base64 DER SubjectPublicKeyInfo of the token's public half, P-256
 * @returns the point of the pair made here (65 bytes, uncompressed), then the wrapped key (8 bytes longer than the key)
 * @throws RangeError when it is no key on P-256
 */
export function wrapByAgreement(spki: string, kdf: AgreementKdf, secret: Uint8Array): Buffer {
  const theirs = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  if (theirs.asymmetricKeyType !== 'ec' || theirs.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new RangeError('agreement key: expected P-256');
  }
  const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const agreed = diffieHellman({ privateKey: ours.privateKey, publicKey: theirs });
  const wrapping = wrappingKeyOf(agreed, kdf);
  try {
    const point = ours.publicKey.export({ format: 'der', type: 'spki' }).subarray(-POINT_BYTES);
    return Buffer.concat([point, aeskw(wrapping).encrypt(secret)]);
  } finally {
    agreed.fill(0);
    wrapping.fill(0);
  }
}

/** The 32 bytes of the wrapping key. `sha256`: ANSI X9.63 with SHA-256 and no shared information, one block. */
function wrappingKeyOf(agreed: Buffer, kdf: AgreementKdf): Buffer {
  if (kdf === 'none') return Buffer.from(agreed);
  return createHash('sha256')
    .update(agreed)
    .update(Buffer.from([0, 0, 0, 1]))
    .digest();
}

/**
 * Brings in a key that {@link wrapByAgreement} wrapped. What was agreed may unwrap and nothing else, and is destroyed.
 *
 * @throws CryptokiError; RangeError when `wrapped` has another length
 */
export function unwrapByAgreement(
  session: Session,
  privateKey: ObjectHandle,
  kdf: AgreementKdf,
  wrapped: Uint8Array,
  agreedAsked: Template,
  asked: Template,
): ObjectHandle {
  if (!WRAPPED_BYTES.some((bytes) => wrapped.length === POINT_BYTES + bytes)) {
    throw new RangeError(`wrapped key: expected a point and 24, 32 or 40 bytes, got ${String(wrapped.length)} in all`);
  }
  const agreed = deriveKey(session, privateKey, wrapped.subarray(0, POINT_BYTES), kdf, {
    CKA_CLASS: CLASS['secret-key'],
    CKA_KEY_TYPE: KEY_TYPE.aes,
    CKA_VALUE_LEN: 32,
    ...SESSION_PAIR,
    ...agreedAsked,
  });
  try {
    return session.unwrap(plain('CKM_AES_KEY_WRAP'), agreed, wrapped.subarray(POINT_BYTES), asked);
  } finally {
    session.destroy(agreed);
  }
}

/**
 * Whether the whole way works, with a published key: agreed, wrapped here, unwrapped there, and the right answer of ECB.
 * Leaves session objects behind, which go with the session. Throws CryptokiError.
 */
export function agreementHolds(session: Session, kdf: AgreementKdf): boolean {
  const pair = makeAgreementPair(session, { forPublic: {}, forPrivate: { CKA_DERIVE: true } });
  const spki = spkiOf(session, pair.publicKey);
  if (spki === null) return false;
  const wrapped = wrapByAgreement(spki, kdf, NIST_KEY);
  const key = unwrapByAgreement(
    session,
    pair.privateKey,
    kdf,
    wrapped,
    { CKA_UNWRAP: true },
    {
      CKA_CLASS: CLASS['secret-key'],
      CKA_KEY_TYPE: KEY_TYPE.aes,
      CKA_TOKEN: false,
      CKA_PRIVATE: true,
      CKA_SENSITIVE: true,
      CKA_ENCRYPT: true,
    },
  );
  return same(session.encrypt(plain('CKM_AES_ECB'), key, NIST_BLOCK), ECB_ANSWER);
}

/** A pair made here, a key agreed with it, and the answer of ECB under it. Throws CryptokiError. */
export function ecdhHolds(session: Session, kdf: AgreementKdf): boolean {
  const pair = makeAgreementPair(session, { forPublic: {}, forPrivate: { CKA_DERIVE: true } });
  const spki = spkiOf(session, pair.publicKey);
  if (spki === null) return false;
  const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const point = ours.publicKey.export({ format: 'der', type: 'spki' }).subarray(-POINT_BYTES);
  const theirs = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  const key = deriveKey(session, pair.privateKey, point, kdf, {
    CKA_CLASS: CLASS['secret-key'],
    CKA_KEY_TYPE: KEY_TYPE.aes,
    CKA_VALUE_LEN: 32,
    ...SESSION_PAIR,
    CKA_ENCRYPT: true,
  });
  const agreed = wrappingKeyOf(diffieHellman({ privateKey: ours.privateKey, publicKey: theirs }), kdf);
  const expected = createCipheriv('aes-256-ecb', agreed, null).setAutoPadding(false).update(NIST_BLOCK);
  return same(session.encrypt(plain('CKM_AES_ECB'), key, NIST_BLOCK), expected);
}
