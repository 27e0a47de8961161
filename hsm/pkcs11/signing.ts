/** Signatures by keys on tokens, in the forms of the evidence: ECDSA in strict DER, PSS with a salt of 32, raw Ed25519. */
import { createHash } from 'node:crypto';
import { HASHES, ecdsaDer, isValidSignature, type SignatureAlgorithm } from '../../ceremony/command/dsse';
import { isCkr } from './cryptoki-error';
import type { ObjectHandle } from './handles';
import { plain, pssSha256 } from './mechanisms';
import type { Session } from './session';

/**
 * Signs a message with a private key on the token, and verifies what comes back.
 *
 * @param spki public key that the signature must hold under; base64 DER
 * @returns the signature, or null when the token's signature does not hold
 * @throws CryptokiError; `CKR_MECHANISM_INVALID` when the token does not have the algorithm
 */
export function signAndVerify(
  session: Session,
  key: ObjectHandle,
  algorithm: SignatureAlgorithm,
  spki: string,
  message: Uint8Array,
): Uint8Array | null {
  const signature = sign(session, key, algorithm, message);
  return isValidSignature({ algorithm, spki }, message, signature) ? signature : null;
}

function sign(session: Session, key: ObjectHandle, algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array {
  switch (algorithm) {
    case 'ecdsa-p256-sha256':
    case 'ecdsa-p384-sha384':
    case 'ecdsa-p521-sha512':
      // Hashed here: many modules have CKM_ECDSA alone.
      return ecdsaDer(session.sign(plain('CKM_ECDSA'), key, digest(HASHES[algorithm], message)));
    case 'rsa-pss-sha256':
      return signPss(session, key, message);
    case 'ed25519':
      // Without parameters: Ed25519 itself, of the whole message.
      return session.sign(plain('CKM_EDDSA'), key, message);
  }
}

/** With the hash made here, else, where the token does not know that, by the token. */
function signPss(session: Session, key: ObjectHandle, message: Uint8Array): Uint8Array {
  try {
    return session.sign(pssSha256('hash'), key, digest('sha256', message));
  } catch (error) {
    if (!isCkr(error, 'CKR_MECHANISM_INVALID')) throw error;
    return session.sign(pssSha256('message'), key, message);
  }
}

function digest(hash: string, message: Uint8Array): Buffer {
  return createHash(hash).update(message).digest();
}
