/** Encrypts a secret to an RSA public key that main passed on, and says in people's words why it does not. */
import type { KeyObject } from 'node:crypto';
import type { TransportKey } from '../../ceremony/engine/ports';
import { oaepEncrypt, rsaPublicKey } from './oaep';
import { shareTrouble } from './share-trouble';

/**
 * RSAES-OAEP to `to.spki` with the hash that `to.oaep` names.
 *
 * @returns the ciphertext, as long as the modulus
 * @throws DeviceError RSA_KEY_UNFIT when the key is malformed, too small, or of another size than said
 */
export function encryptToKey(to: TransportKey, secret: Uint8Array): Buffer {
  return oaepEncrypt(publicKeyOf(to), to.oaep, secret);
}

/**
 * Reads the key to encrypt to.
 *
 * @throws DeviceError as above
 */
export function publicKeyOf(to: TransportKey): KeyObject {
  try {
    return rsaPublicKey(to.spki, to.bits);
  } catch (error) {
    const why = error instanceof RangeError ? error.message : 'it cannot be read';
    throw shareTrouble(
      'RSA_KEY_UNFIT',
      `The key to encrypt to is unfit: ${why}`,
      'Have the key made or collected again',
    );
  }
}
