/** Private keys in memory: signing in the forms of the evidence, and making one for a rehearsal. */
import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { HASHES, type SignatureAlgorithm } from '../../ceremony/command/dsse';

const RSA_BITS = 3072;

/**
 * Signs a message: ECDSA in DER, PSS with MGF1-SHA-256 and a salt of 32, Ed25519 raw (64 bytes).
 *
 * @throws Error when the key is of another type than the algorithm
 */
export function signWith(key: KeyObject, algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array {
  switch (algorithm) {
    case 'ecdsa-p256-sha256':
    case 'ecdsa-p384-sha384':
    case 'ecdsa-p521-sha512':
      return sign(HASHES[algorithm], message, key);
    case 'rsa-pss-sha256':
      return sign('sha256', message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    case 'ed25519':
      return sign(null, message, key);
  }
}

/** A new key pair for an algorithm; RSA has 3072 bits. */
export function makeKeyPair(algorithm: SignatureAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (algorithm) {
    case 'ecdsa-p256-sha256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ecdsa-p384-sha384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    case 'ecdsa-p521-sha512':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' });
    case 'rsa-pss-sha256':
      return generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
  }
}

/** base64 DER SubjectPublicKeyInfo of a public key. */
export function spkiOfKey(publicKey: KeyObject): string {
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}
