/**
 * IBM Hyper Protect Crypto Services: Key Protect's API with older cryptography, since EP11 has no other: OAEP with SHA-1,
 * the nonce by AES-CBC (IBM's Go client and CLI; the concept page that says GCM is wrong). The service is being withdrawn.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import * as v from 'valibot';
import { Base64 } from '../text-forms';
import { Ends, PACKAGE_ENTRIES, PARAMETERS_ENTRIES } from './file-entries';
import { KEY_PROTECT_KEY_BITS, KeyProtectInstance, KeyProtectPurpose, KeyProtectRegion } from './key-protect';
import type { TargetProfile } from './target-profile';

/** The only algorithm HPCS unwraps with: RSAES-OAEP, SHA-1, MGF1 with SHA-1, empty label. */
export const HPCS_ALGORITHM = 'RSAES_OAEP_SHA_1';

/** Day from which IBM deletes instances (documentation of 1 July 2026). New ones are not made since 28 March 2026. */
export const HPCS_END_OF_SERVICE = '2027-03-28';

const BLOCK = 16;

const place = {
  target: v.literal('ibm-hpcs'),
  service: v.strictObject({ instance: KeyProtectInstance, region: KeyProtectRegion }),
  purpose: KeyProtectPurpose,
  algorithm: v.literal(HPCS_ALGORITHM),
  expires: Ends,
};

/** `wrapping-parameters.json` for HPCS. */
export const HpcsParameters = v.strictObject({
  ...PARAMETERS_ENTRIES,
  ...place,
  /** base64 of 12 bytes. */
  nonce: v.pipe(Base64, v.length(16, 'expected 16 characters (12 bytes) of base64')),
});

/** `*.keypackage.json` for HPCS: Key Protect's names, other lengths. */
export const HpcsPackage = v.strictObject({
  ...PACKAGE_ENTRIES,
  ...place,
  fields: v.strictObject({
    /** 512 bytes: the key, wrapped. */
    payload: v.pipe(Base64, v.length(684, 'expected 684 characters (512 bytes) of base64')),
    /** 16 bytes: the nonce under the new key, padded by PKCS#7. */
    encryptedNonce: v.pipe(Base64, v.length(24, 'expected 24 characters (16 bytes) of base64')),
    /** 16 bytes. */
    iv: v.pipe(Base64, v.length(24, 'expected 24 characters (16 bytes) of base64')),
    encryptionAlgorithm: v.literal(HPCS_ALGORITHM),
  }),
});

/** See {@link TargetProfile}. */
export const HPCS: TargetProfile<v.InferOutput<typeof HpcsParameters>, v.InferOutput<typeof HpcsPackage>['fields']> = {
  bits: [KEY_PROTECT_KEY_BITS],
  problem: () => null,
  wrapping: ({ nonce }) => ({ form: 'oaep', oaep: 'sha1', nonce: { value: nonce, by: 'aes-cbc' } }),
  fields: ({ algorithm }, { wrapped, iv = '', encryptedNonce = '' }) => ({
    payload: wrapped,
    encryptedNonce,
    iv,
    encryptionAlgorithm: algorithm,
  }),
  wrappedIn: ({ payload }) => payload,
  notice:
    `IBM withdraws Hyper Protect Crypto Services: instances are supported until ${HPCS_END_OF_SERVICE} and deleted after ` +
    'that, keys included; Key Protect Dedicated, which replaces it, takes no wrapped keys.',
};

/**
 * Encrypts an import token's nonce under the key being imported: AES-CBC, PKCS#7.
 *
 * @param key 16, 24 or 32 bytes
 * @param nonce 12 bytes
 * @param iv 16 bytes, random
 * @returns 16 bytes
 * @throws RangeError for any other length
 */
export function encryptNonceCbc(key: Uint8Array, nonce: Uint8Array, iv: Uint8Array): Uint8Array {
  requireLength('nonce', nonce, 12);
  requireLength('iv', iv, BLOCK);
  const cipher = createCipheriv(cbcFor(key), key, iv);
  return Buffer.concat([cipher.update(nonce), cipher.final()]);
}

/**
 * The nonce that was encrypted under a key, or null when its padding shows that another key or vector was used.
 *
 * @throws RangeError for a key, iv or encrypted nonce of another length
 */
export function decryptNonceCbc(key: Uint8Array, encryptedNonce: Uint8Array, iv: Uint8Array): Uint8Array | null {
  requireLength('iv', iv, BLOCK);
  requireLength('encrypted nonce', encryptedNonce, BLOCK);
  const decipher = createDecipheriv(cbcFor(key), key, iv);
  try {
    return Buffer.concat([decipher.update(encryptedNonce), decipher.final()]);
  } catch {
    return null;
  }
}

function cbcFor(key: Uint8Array): string {
  if (![16, 24, 32].includes(key.length)) {
    throw new RangeError(`key: expected 16, 24 or 32 bytes, got ${String(key.length)}`);
  }
  return `aes-${String(key.length * 8)}-cbc`;
}

function requireLength(label: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new RangeError(`${label}: expected ${String(length)} bytes, got ${String(bytes.length)}`);
  }
}
