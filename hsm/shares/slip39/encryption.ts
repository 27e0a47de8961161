/**
 * The encryption of the master secret in SLIP-39: four rounds of a Feistel network over PBKDF2-HMAC-SHA-256, with the
 * passphrase as key. A wrong passphrase gives another secret and no error, as the standard wants.
 */
import { pbkdf2Sync } from 'node:crypto';
import { secretBytes } from '../../secret-bytes';

const ROUNDS = [0, 1, 2, 3] as const;
const ITERATIONS_PER_ROUND = 2500;

/** What, beside the passphrase, goes into the encryption. */
export interface EncryptionParameters {
  /** 15 bits. Not part of the salt where the set is extendable. */
  readonly identifier: number;
  readonly isExtendable: boolean;
  /** 0 to 15: 10,000 iterations, doubled as often. */
  readonly iterationExponent: number;
}

/** The encrypted master secret, as long as the secret (an even number of bytes); the caller zeroes it. */
export function encryptSecret(secret: Uint8Array, passphrase: Uint8Array, parameters: EncryptionParameters): Buffer {
  return feistel(secret, passphrase, parameters, ROUNDS);
}

/** The master secret; the caller zeroes it. */
export function decryptSecret(encrypted: Uint8Array, passphrase: Uint8Array, parameters: EncryptionParameters): Buffer {
  return feistel(encrypted, passphrase, parameters, [...ROUNDS].reverse());
}

function feistel(
  input: Uint8Array,
  passphrase: Uint8Array,
  parameters: EncryptionParameters,
  rounds: readonly number[],
): Buffer {
  const half = input.length / 2;
  let left = own(input.subarray(0, half));
  let right = own(input.subarray(half));
  try {
    for (const round of rounds) {
      const mask = roundKey(round, passphrase, right, parameters);
      for (let at = 0; at < half; at += 1) left[at] = (left[at] ?? 0) ^ (mask[at] ?? 0);
      mask.fill(0);
      [left, right] = [right, left];
    }
    const output = secretBytes(input.length);
    right.copy(output, 0);
    left.copy(output, half);
    return output;
  } finally {
    left.fill(0);
    right.fill(0);
  }
}

function roundKey(round: number, passphrase: Uint8Array, right: Uint8Array, parameters: EncryptionParameters): Buffer {
  const { identifier, isExtendable, iterationExponent } = parameters;
  const password = secretBytes(1 + passphrase.length);
  password[0] = round;
  password.set(passphrase, 1);
  const prefix = isExtendable
    ? Buffer.alloc(0)
    : Buffer.concat([Buffer.from('shamir', 'ascii'), Buffer.from([identifier >>> 8, identifier & 0xff])]);
  const salt = secretBytes(prefix.length + right.length);
  salt.set(prefix);
  salt.set(right, prefix.length);
  try {
    return pbkdf2Sync(password, salt, ITERATIONS_PER_ROUND * 2 ** iterationExponent, right.length, 'sha256');
  } finally {
    password.fill(0);
    salt.fill(0);
  }
}

function own(bytes: Uint8Array): Buffer {
  const copy = secretBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
