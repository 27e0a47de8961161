/** Wraps a master key to a unit's import key, whichever kind the unit made. */
import type { ImportKey } from '../../ceremony/engine/ports';
import { wrapByAgreement } from '../pkcs11/agreement';
import { encryptToKey } from './encrypt-to-key';
import { shareTrouble } from './share-trouble';

/**
 * RSA: OAEP, as long as the modulus. Agreement: the point of a pair made for this once, then the key wrapped by RFC 3394.
 *
 * @param secret 16, 24 or 32 bytes; the caller zeroes it
 * @throws DeviceError RSA_KEY_UNFIT, AGREEMENT_KEY_UNFIT
 */
export function wrapToImportKey(importKey: ImportKey, secret: Uint8Array): Buffer {
  if ('oaep' in importKey) return encryptToKey(importKey, secret);
  try {
    return wrapByAgreement(importKey.spki, importKey.kdf, secret);
  } catch (error) {
    const why = error instanceof RangeError ? error.message : 'it cannot be read';
    throw shareTrouble('AGREEMENT_KEY_UNFIT', `The key to agree with is unfit: ${why}`, 'Have the unit make another');
  }
}
