import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { aesCmac, checkValueOf, hasCheckValue, verificationPattern } from '../../hsm/shares/key-check';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const MESSAGE = bytes(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
    '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
);

describe('AES-CMAC', () => {
  const rfc4493 = bytes('2b7e151628aed2a6abf7158809cf4f3c');
  const nist256 = bytes('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
  it.each([
    ['RFC 4493, example 1', rfc4493, 0, 'bb1d6929e95937287fa37d129b756746'],
    ['RFC 4493, example 2', rfc4493, 16, '070a16b46b4d4144f79bdd9dd04a287c'],
    ['RFC 4493, example 3', rfc4493, 40, 'dfa66747de9ae63030ca32611497c827'],
    ['RFC 4493, example 4', rfc4493, 64, '51f0bebf7e3b9d92fc49741779363cfe'],
    ['SP 800-38B, example 9', nist256, 0, '028962f61b7bf89efc6b551f4667d983'],
    ['SP 800-38B, example 10', nist256, 16, '28a7023f452e8f82bd4bf28d8c37c35c'],
    ['SP 800-38B, example 11', nist256, 40, 'aaf3d8f1de5640c232f5b169b9c911e6'],
    ['SP 800-38B, example 12', nist256, 64, 'e1992190549f6ed5696a2c056c315410'],
  ])('is that of %s', (_name, key, length, expected) => {
    expect(Buffer.from(aesCmac(key, MESSAGE.subarray(0, length))).toString('hex')).toBe(expected);
  });

  it('refuses a key of another length', () => {
    expect(() => aesCmac(Buffer.alloc(31), MESSAGE)).toThrow('AES key: expected 16, 24 or 32 bytes, got 31');
  });

  it('leaves the key as it is', () => {
    const key = Buffer.from(nist256);
    aesCmac(key, MESSAGE);
    expect(key.equals(nist256)).toBe(true);
  });
});

describe('verification pattern and check value', () => {
  const ecb = (key: Buffer, block: Buffer): Buffer => {
    const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]);
  };
  const double = (block: Buffer): Buffer => {
    const doubled = (BigInt(`0x${block.toString('hex')}`) << 1n) ^ (block.readUInt8(0) >= 0x80 ? 0x87n : 0n);
    return bytes((doubled & ((1n << 128n) - 1n)).toString(16).padStart(32, '0'));
  };
  const xor = (left: Buffer, right: Buffer): Buffer => Buffer.from(left.map((byte, i) => byte ^ right.readUInt8(i)));
  /** CMAC of one whole block from two ECB calls, as for a token without CMAC. */
  const cmacByEcb = (key: Buffer, byte: number): string =>
    ecb(key, xor(Buffer.alloc(16, byte), double(ecb(key, Buffer.alloc(16))))).toString('hex');

  it('equal what ECB calls of OpenSSL give', () => {
    for (let i = 0; i < 50; i += 1) {
      const key = randomBytes(32);
      expect(verificationPattern(key)).toBe(cmacByEcb(key, 1) + cmacByEcb(key, 2));
      expect(checkValueOf(key, 'aes-cmac')).toEqual({ algorithm: 'aes-cmac', value: cmacByEcb(key, 0).slice(0, 10) });
    }
  });

  it('tell keys apart, and algorithms too', () => {
    const key = randomBytes(32);
    expect(hasCheckValue(key, checkValueOf(key, 'aes-cmac'))).toBe(true);
    expect(hasCheckValue(randomBytes(32), checkValueOf(key, 'aes-cmac'))).toBe(false);
    expect(hasCheckValue(key, { algorithm: 'hmac-sha256', value: checkValueOf(key, 'aes-cmac').value })).toBe(false);
    expect(() => checkValueOf(key, 'spki-sha256')).toThrow(RangeError);
  });
});
