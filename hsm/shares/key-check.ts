/** AES-CMAC, verification patterns and check values of keys in the share process (DESIGN.md section 4). */
import { createHmac } from 'node:crypto';
import { cmac } from '@noble/ciphers/aes.js';
import { checkValue, hex, sameCheckValue, type CheckValue } from '../../ceremony/check-value';

const ZERO_BLOCK = new Uint8Array(16);

/**
 * AES-CMAC of RFC 4493 and NIST SP 800-38B.
 *
 * @param key 16, 24 or 32 bytes
 * @returns 16 bytes
 * @throws RangeError for a key of another length
 */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (![16, 24, 32].includes(key.length)) {
    throw new RangeError(`AES key: expected 16, 24 or 32 bytes, got ${String(key.length)}`);
  }
  return cmac(message, key);
}

/**
 * Verification pattern of an AES key: CMAC of sixteen 0x01 bytes, then CMAC of sixteen 0x02 bytes.
 *
 * @returns 64 hex digits
 */
export function verificationPattern(key: Uint8Array): string {
  return hex(aesCmac(key, new Uint8Array(16).fill(1))) + hex(aesCmac(key, new Uint8Array(16).fill(2)));
}

/**
 * Check value of an AES key: 5 bytes of its CMAC, or of its HMAC-SHA-256, over sixteen zero bytes.
 *
 * @throws RangeError for an algorithm that is not for secret keys, or only for reading foreign records
 */
export function checkValueOf(key: Uint8Array, algorithm: CheckValue['algorithm']): CheckValue {
  switch (algorithm) {
    case 'aes-cmac':
      return checkValue(algorithm, aesCmac(key, ZERO_BLOCK).subarray(0, 5));
    case 'hmac-sha256':
      return checkValue(algorithm, createHmac('sha256', key).update(ZERO_BLOCK).digest().subarray(0, 5));
    default:
      throw new RangeError(`check value of a secret key: expected aes-cmac or hmac-sha256, got ${algorithm}`);
  }
}

/** Whether a key has this check value. Throws as {@link checkValueOf}. */
export function hasCheckValue(key: Uint8Array, expected: CheckValue): boolean {
  return sameCheckValue(checkValueOf(key, expected.algorithm), expected);
}
