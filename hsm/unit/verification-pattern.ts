/**
 * Verification patterns and check values, computed from the key object in the token each time (DESIGN.md section 4).
 * A token without CMAC computes them by ECB: the CMAC of one whole block is two calls (RFC 4493 section 2.4), so that
 * all units compare.
 */
import { checkValue, hex, type CheckValue } from '../../ceremony/check-value';
import type { ObjectHandle } from '../pkcs11/handles';
import { plain } from '../pkcs11/mechanisms';
import type { Session } from '../pkcs11/session';

/** By which mechanism a token computes a CMAC. */
export type CmacBy = 'cmac' | 'ecb';

const BLOCK = 16;
/** Lowest byte of the field polynomial of 128-bit blocks (RFC 4493 section 2.3). */
const RB = 0x87;

/**
 * Verification pattern of an AES key: 64 hex digits, AES-CMAC of sixteen 0x01 bytes, then of sixteen 0x02 bytes.
 *
 * @throws RangeError when the token answers zeros or a wrong length, CryptokiError
 */
export function verificationPattern(session: Session, key: ObjectHandle, by: CmacBy): string {
  const pattern = hex(Buffer.concat([1, 2].map((byte) => cmacOfBlock(session, key, Buffer.alloc(BLOCK, byte), by))));
  if (/^0*$/.test(pattern)) throw new RangeError('verification pattern: the token answers zeros only');
  return pattern;
}

/** Check value `aes-cmac` of an AES key: the first 5 bytes of the CMAC of a zero block. Throws as {@link verificationPattern}. */
export function aesCheckValue(session: Session, key: ObjectHandle, by: CmacBy): CheckValue {
  const value = cmacOfBlock(session, key, Buffer.alloc(BLOCK), by).subarray(0, 5);
  if (value.every((byte) => byte === 0)) throw new RangeError('check value: the token answers zeros only');
  return checkValue('aes-cmac', value);
}

/** AES-CMAC (16 bytes) of one block of 16 bytes. Throws CryptokiError, RangeError for an answer of another length. */
export function cmacOfBlock(session: Session, key: ObjectHandle, block: Uint8Array, by: CmacBy): Buffer {
  if (block.length !== BLOCK) throw new RangeError(`CMAC: expected a block of 16 bytes, got ${String(block.length)}`);
  const mac =
    by === 'cmac'
      ? session.sign(plain('CKM_AES_CMAC'), key, block, 64)
      : encryptBlock(session, key, xor(block, subkey(encryptBlock(session, key, Buffer.alloc(BLOCK)))));
  if (mac.length !== BLOCK) throw new RangeError(`CMAC: expected 16 bytes of the token, got ${String(mac.length)}`);
  return mac;
}

function encryptBlock(session: Session, key: ObjectHandle, block: Uint8Array): Buffer {
  return session.encrypt(plain('CKM_AES_ECB'), key, block, 64);
}

/** K1 of RFC 4493: the encrypted zero block doubled in the field. */
function subkey(encryptedZeros: Uint8Array): Buffer {
  const doubled = Buffer.alloc(BLOCK);
  for (let at = 0; at < BLOCK; at += 1) {
    doubled[at] = (((encryptedZeros[at] ?? 0) << 1) | ((encryptedZeros[at + 1] ?? 0) >> 7)) & 0xff;
  }
  if ((encryptedZeros[0] ?? 0) >= 0x80) doubled[BLOCK - 1] = (doubled[BLOCK - 1] ?? 0) ^ RB;
  return doubled;
}

function xor(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(left.map((byte, at) => byte ^ (right[at] ?? 0)));
}
