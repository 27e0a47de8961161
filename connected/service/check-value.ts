/** The check value of an AES key: first 5 bytes of the AES-CMAC (NIST SP 800-38B) of a zero block. */
import { createCipheriv } from 'node:crypto';

const BLOCK = 16;

/**
 * Lower-case hex of 5 bytes. The CMAC of one whole block is AES(block XOR K1), with K1 = AES(0) doubled in GF(2^128);
 * for a zero block that is AES(K1).
 *
 * @param key 16, 24 or 32 bytes
 */
export function aesCheckValue(key: Uint8Array): string {
  const zeros = Buffer.alloc(BLOCK);
  const first = encryptBlock(key, zeros);
  const doubled = double(first);
  const cmac = encryptBlock(key, doubled);
  const value = cmac.subarray(0, 5).toString('hex');
  for (const secret of [first, doubled, cmac]) secret.fill(0);
  return value;
}

function encryptBlock(key: Uint8Array, block: Uint8Array): Buffer {
  const cipher = createCipheriv(`aes-${String(key.length * 8)}-ecb`, key, null).setAutoPadding(false);
  return cipher.update(block);
}

function double(block: Uint8Array): Buffer {
  const doubled = Buffer.alloc(BLOCK);
  for (let index = 0; index < BLOCK; index += 1) {
    doubled[index] = (((block[index] ?? 0) << 1) | ((block[index + 1] ?? 0) >> 7)) & 0xff;
  }
  const carry = (block[0] ?? 0) >> 7;
  doubled[BLOCK - 1] = (doubled[BLOCK - 1] ?? 0) ^ (carry * 0x87);
  return doubled;
}
