/** A key in the form in which a cloud service takes it, made where the token cannot make it. */
import { createCipheriv, randomBytes } from 'node:crypto';
import { aeskwp } from '@noble/ciphers/aes.js';
import type { NonceCipher, PackageForm } from '../../ceremony/keypackage/target-profile';
import type { TransportKey } from '../../ceremony/engine/ports';
import { encryptAesGcm, GCM_IV_BYTES } from './aes-gcm';
import { envelopedData } from './cms';
import { encryptToKey, publicKeyOf } from './encrypt-to-key';

/**
 * Wraps a key to `to`, see {@link PackageForm}.
 *
 * @throws DeviceError RSA_KEY_UNFIT when the key to wrap to is malformed, too small, or of another size than said
 */
export function sealKey(to: TransportKey, form: PackageForm, key: Uint8Array): Buffer {
  switch (form) {
    case 'oaep':
      return encryptToKey(to, key);
    case 'oaep-kwp':
      return oaepThenKwp(to, key);
    case 'cms':
      return envelopedData(publicKeyOf(to), to.oaep, key);
  }
}

/** CKM_RSA_AES_KEY_WRAP. AES-KWP by noble: Electron's crypto has none. */
function oaepThenKwp(to: TransportKey, key: Uint8Array): Buffer {
  // SECURITY(K-252): fresh for each package; its only copy outside the package ends here.
  const oneTime = randomBytes(32);
  try {
    return Buffer.concat([encryptToKey(to, oneTime), aeskwp(oneTime).encrypt(key)]);
  } finally {
    oneTime.fill(0);
  }
}

/** Encrypts a service's nonce under the key, with a fresh IV. All base64. */
export function sealNonce(
  key: Uint8Array,
  { value, by }: { readonly value: string; readonly by: NonceCipher },
): { iv: string; encryptedNonce: string } {
  const nonce = Buffer.from(value, 'base64');
  const iv = randomBytes(by === 'aes-gcm' ? GCM_IV_BYTES : 16);
  const encrypted = by === 'aes-gcm' ? encryptAesGcm(key, iv, nonce) : encryptAesCbc(key, iv, nonce);
  return { iv: iv.toString('base64'), encryptedNonce: encrypted.toString('base64') };
}

/** AES-256-CBC with PKCS#7. */
function encryptAesCbc(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([cipher.update(plaintext), cipher.final()]);
}
