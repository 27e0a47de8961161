/** AES-256-GCM as Key Protect's nonce is encrypted: 12-byte IV, no additional data, 16-byte tag behind the ciphertext. */
import { createCipheriv } from 'node:crypto';

/** Length in bytes of an IV; never used twice under one key. */
export const GCM_IV_BYTES = 12;

/**
 * Encrypts under a 32-byte key.
 *
 * @returns ciphertext, as long as the plaintext, and the tag
 * @throws RangeError for an IV or key of another length
 */
export function encryptAesGcm(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Buffer {
  if (iv.length !== GCM_IV_BYTES) throw new RangeError(`GCM IV: expected 12 bytes, got ${String(iv.length)}`);
  if (key.length !== 32) throw new RangeError(`AES-256 key: expected 32 bytes, got ${String(key.length)}`);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}
