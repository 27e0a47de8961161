import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { decryptNonce, encryptNonce } from '../../ceremony/keypackage/key-protect';

const b64 = (text: string): Buffer => Buffer.from(text, 'base64');

describe("Key Protect's nonce encryption", () => {
  // IBM's published sample (ibm-cloud-docs/key-protect, tutorial on secure import).
  const key = b64('DL4Avc1yL7DhclfV9Uksvzy8VkYIKWZA9InYQv/iiro=');
  const nonce = b64('6SB0nQ8ROUCPUiyF');
  const iv = b64('CSPZwm2qJ5mL00oP');
  const encrypted = b64('+KjUDFD38r8zlXKJkn+dOR4/xNYN5ozpvKCiIQ==');

  test('encrypts the official sample', () => {
    expect(Buffer.from(encryptNonce(key, nonce, iv)).equals(encrypted)).toBe(true);
  });

  test('decrypts the official sample', () => {
    expect(Buffer.from(decryptNonce(key, encrypted, iv) ?? []).equals(nonce)).toBe(true);
  });

  test('another key, iv or ciphertext gives null', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 31 }),
        fc.nat({ max: 11 }),
        fc.nat({ max: 27 }),
        fc.integer({ min: 1, max: 255 }),
        (k, i, c, flip) => {
          const changed = (bytes: Uint8Array, at: number): Buffer => {
            const copy = Buffer.from(bytes);
            copy[at] = (copy[at] ?? 0) ^ flip;
            return copy;
          };
          expect(decryptNonce(changed(key, k), encrypted, iv)).toBeNull();
          expect(decryptNonce(key, encrypted, changed(iv, i))).toBeNull();
          expect(decryptNonce(key, changed(encrypted, c), iv)).toBeNull();
        },
      ),
    );
  });

  test('takes keys of 16, 24 and 32 bytes, and no others', () => {
    for (const length of [16, 24, 32]) {
      const material = Buffer.alloc(length, 7);
      expect(Buffer.from(decryptNonce(material, encryptNonce(material, nonce, iv), iv) ?? []).equals(nonce)).toBe(true);
    }
    expect(() => encryptNonce(Buffer.alloc(31), nonce, iv)).toThrow(
      new RangeError('key: expected 16, 24 or 32 bytes, got 31'),
    );
    expect(() => encryptNonce(key, Buffer.alloc(11), iv)).toThrow(new RangeError('nonce: expected 12 bytes, got 11'));
    expect(() => decryptNonce(key, Buffer.alloc(27), iv)).toThrow(
      new RangeError('encrypted nonce: expected 28 bytes, got 27'),
    );
  });
});
