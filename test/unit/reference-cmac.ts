/** AES-CMAC in software, written from RFC 4493 for tests, to check the tokens by. */
import { createCipheriv } from 'node:crypto';

/** CMAC of one block of 16 bytes under an AES-256 key. */
export function cmac(key: Uint8Array, block: Uint8Array): Buffer {
  const encrypt = (data: Uint8Array): Buffer =>
    createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(data);
  const l = BigInt(`0x${encrypt(Buffer.alloc(16)).toString('hex')}`);
  const doubled = ((l << 1n) & ((1n << 128n) - 1n)) ^ (l >> 127n === 1n ? 0x87n : 0n);
  const masked = BigInt(`0x${Buffer.from(block).toString('hex')}`) ^ doubled;
  return encrypt(Buffer.from(masked.toString(16).padStart(32, '0'), 'hex'));
}
