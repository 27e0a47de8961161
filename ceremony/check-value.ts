/**
 * Check values and verification patterns (DESIGN.md section 4). A check value identifies a key on paper and proves
 * nothing; the verification pattern is what commit, activate and rotation compare.
 */

/** How a check value was computed; values of different algorithms never compare. */
export type CheckValueAlgorithm = 'aes-cmac' | 'hmac-sha256' | 'spki-sha256' | 'aes-ecb';

/** A check value: `value` is lower-case hex, 5 bytes for `aes-cmac` and `hmac-sha256`, 32 for `spki-sha256`, 3 for `aes-ecb`. */
export interface CheckValue {
  readonly algorithm: CheckValueAlgorithm;
  readonly value: string;
}

/** Length in bytes of a verification pattern. */
export const PATTERN_BYTES = 32;

const LENGTHS: Readonly<Record<CheckValueAlgorithm, number>> = {
  'aes-cmac': 5,
  'hmac-sha256': 5,
  'spki-sha256': 32,
  'aes-ecb': 3,
};

/**
 * Builds a check value from its bytes.
 *
 * @throws RangeError when the length is not the algorithm's
 */
export function checkValue(algorithm: CheckValueAlgorithm, bytes: Uint8Array): CheckValue {
  const expected = LENGTHS[algorithm];
  if (bytes.length !== expected) {
    throw new RangeError(`check value ${algorithm}: expected ${String(expected)} bytes, got ${String(bytes.length)}`);
  }
  return { algorithm, value: hex(bytes) };
}

/** Whether two check values are of one algorithm and length, equal, and not all zero (zero means "unknown" on many modules). */
export function sameCheckValue(left: CheckValue, right: CheckValue): boolean {
  return left.algorithm === right.algorithm && left.value === right.value && !isZero(left.value);
}

/** Whether two verification patterns (64 lower-case hex digits each) are equal and not all zero. */
export function samePattern(left: string, right: string): boolean {
  return left.length === PATTERN_BYTES * 2 && left === right && !isZero(left);
}

/** Lower-case hex of bytes. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether digits are all zero: a pattern that identifies nothing. */
export function isZero(digits: string): boolean {
  return /^0*$/.test(digits);
}
