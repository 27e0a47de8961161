/** RSAES-OAEP (RFC 8017) with an empty label and MGF1 over the same hash, as PKCS#11 units and cloud services expect it. */
import { constants, createPublicKey, privateDecrypt, publicEncrypt, type KeyObject } from 'node:crypto';

/** Hash of OAEP and of its MGF1. SHA-1 only where a token has nothing better; it is recorded then. */
export type OaepHash = 'sha256' | 'sha1';

/** Fewest bits of an RSA key that a secret is encrypted to. */
export const MIN_RSA_BITS = 2048;

/**
 * Reads an RSA public key.
 *
 * @param spki base64 DER SubjectPublicKeyInfo
 * @param bits the size it is said to have
 * @throws RangeError when it is no RSA key, smaller than 2048 bits, or of another size than said
 */
export function rsaPublicKey(spki: string, bits: number): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  } catch {
    throw new RangeError('RSA public key: not a DER SubjectPublicKeyInfo');
  }
  const size = key.asymmetricKeyType === 'rsa' ? key.asymmetricKeyDetails?.modulusLength : undefined;
  if (size === undefined) throw new RangeError(`RSA public key: expected rsa, got ${String(key.asymmetricKeyType)}`);
  if (size !== bits) throw new RangeError(`RSA public key: expected ${String(bits)} bits, got ${String(size)}`);
  if (size < MIN_RSA_BITS) throw new RangeError(`RSA public key: expected at least 2048 bits, got ${String(size)}`);
  return key;
}

/**
 * Encrypts a key.
 *
 * @returns as many bytes as the modulus has
 */
export function oaepEncrypt(publicKey: KeyObject, hash: OaepHash, secret: Uint8Array): Buffer {
  return publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, secret);
}

/**
 * Decrypts what a token wrapped.
 *
 * @returns the key in a buffer of its own; the caller zeroes it
 * @throws Error when the ciphertext does not fit the key or the hash
 */
export function oaepDecrypt(privateKey: KeyObject, hash: OaepHash, ciphertext: Uint8Array): Buffer {
  return privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, ciphertext);
}
