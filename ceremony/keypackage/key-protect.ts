/**
 * IBM Key Protect (Standard): the names and limits of its API, as its documentation and Go client have them
 * (ibm-cloud-docs/key-protect, IBM/keyprotect-go-client).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import * as v from 'valibot';
import { Base64 } from '../text-forms';
import { Ends, PACKAGE_ENTRIES, PARAMETERS_ENTRIES } from './file-entries';
import type { TargetProfile } from './target-profile';

/** The only algorithm Key Protect unwraps with: RSAES-OAEP, SHA-256, MGF1 with SHA-256, empty label. */
export const KEY_PROTECT_ALGORITHM = 'RSAES_OAEP_SHA_256';

/** Length of an import token's RSA modulus, in bits. */
export const KEY_PROTECT_KEY_BITS = 4096;

/** Length of an import token's nonce, and of the initialisation vector it is encrypted with, in bytes. */
export const KEY_PROTECT_NONCE_BYTES = 12;

const TAG_BYTES = 16;

/** Lengths of key material that a root key can have, in bytes. */
export const KEY_PROTECT_MATERIAL_BYTES: readonly number[] = [16, 24, 32];

/** A region of IBM Cloud, such as `us-south`. It becomes part of a host name, so nothing else is let in. */
export const KeyProtectRegion = v.pipe(
  v.string(),
  v.regex(/^[a-z]{2,8}(?:-[a-z0-9]{2,12}){1,2}$/, 'expected a region such as us-south'),
);

/** An instance's id (a UUID at IBM). It becomes a header, so nothing else is let in. */
export const KeyProtectInstance = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/, 'expected an instance id'),
);

/** Where the service is. `offering` tells Standard from Dedicated, which has no secure import and is refused. */
export const KeyProtectService = v.strictObject({
  instance: KeyProtectInstance,
  region: KeyProtectRegion,
  offering: v.exactOptional(
    v.picklist(['standard'], 'Key Protect Dedicated has no secure import: keys cannot be wrapped for it'),
  ),
});

/** Name of a key at Key Protect: 2 to 90 characters on one line. */
export const KeyProtectName = v.pipe(
  v.string(),
  v.regex(/^[^\p{C}]{2,90}$/u, 'expected a key name of 2 to 90 characters on one line'),
);

/** Id or alias of a key at Key Protect. It becomes part of a URL, so nothing else is let in. */
export const KeyProtectKeyId = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{1,89}$/, 'expected the id or alias of a key'),
);

/** What the connected side does with a package: make a key, or rotate one that exists. */
export const KeyProtectPurpose = v.variant(
  'do',
  [
    v.strictObject({ do: v.literal('create'), name: KeyProtectName }),
    v.strictObject({ do: v.literal('rotate'), key: KeyProtectKeyId }),
  ],
  'expected create with a name or rotate with a key (restore is not carried out by this version)',
);
export type KeyProtectPurpose = v.InferOutput<typeof KeyProtectPurpose>;

/** The four members of an import or rotation, under the names of the API. */
export const KeyProtectFields = v.strictObject({
  /** 512 bytes: the key, wrapped. */
  payload: v.pipe(Base64, v.length(684, 'expected 684 characters (512 bytes) of base64')),
  /** 28 bytes: the nonce under the new key, then the GCM tag. */
  encryptedNonce: v.pipe(Base64, v.length(40, 'expected 40 characters (28 bytes) of base64')),
  /** 12 bytes. */
  iv: v.pipe(Base64, v.length(16, 'expected 16 characters (12 bytes) of base64')),
  encryptionAlgorithm: v.literal(KEY_PROTECT_ALGORITHM),
});
export type KeyProtectFields = v.InferOutput<typeof KeyProtectFields>;

const place = {
  target: v.literal('ibm-key-protect'),
  service: KeyProtectService,
  purpose: KeyProtectPurpose,
  algorithm: v.literal(KEY_PROTECT_ALGORITHM),
  expires: Ends,
};

/** `wrapping-parameters.json` for Key Protect. */
export const KeyProtectParameters = v.strictObject({
  ...PARAMETERS_ENTRIES,
  ...place,
  /** base64 of 12 bytes. */
  nonce: v.pipe(Base64, v.length(16, 'expected 16 characters (12 bytes) of base64')),
});
export type KeyProtectParameters = v.InferOutput<typeof KeyProtectParameters>;

/** `*.keypackage.json` for Key Protect. */
export const KeyProtectPackage = v.strictObject({ ...PACKAGE_ENTRIES, ...place, fields: KeyProtectFields });
export type KeyProtectPackage = v.InferOutput<typeof KeyProtectPackage>;

/** See {@link TargetProfile}. */
export const KEY_PROTECT: TargetProfile<KeyProtectParameters, KeyProtectFields> = {
  bits: [KEY_PROTECT_KEY_BITS],
  problem: () => null,
  wrapping: ({ nonce }) => ({ form: 'oaep', oaep: 'sha256', nonce: { value: nonce, by: 'aes-gcm' } }),
  fields: ({ algorithm }, { wrapped, iv = '', encryptedNonce = '' }) => ({
    payload: wrapped,
    encryptedNonce,
    iv,
    encryptionAlgorithm: algorithm,
  }),
  wrappedIn: ({ payload }) => payload,
  notice: null,
};

/**
 * Encrypts an import token's nonce under the key being imported: AES-GCM, no additional data, ciphertext then tag.
 *
 * @param key 16, 24 or 32 bytes
 * @param nonce 12 bytes
 * @param iv 12 bytes, random
 * @returns 28 bytes
 * @throws RangeError for any other length
 */
export function encryptNonce(key: Uint8Array, nonce: Uint8Array, iv: Uint8Array): Uint8Array {
  requireLength('nonce', nonce, KEY_PROTECT_NONCE_BYTES);
  requireLength('iv', iv, KEY_PROTECT_NONCE_BYTES);
  const cipher = createCipheriv(gcmFor(key), key, iv, { authTagLength: TAG_BYTES });
  return Buffer.concat([cipher.update(nonce), cipher.final(), cipher.getAuthTag()]);
}

/**
 * The nonce that was encrypted under a key, or null when another key, nonce or initialisation vector was used.
 *
 * @param encryptedNonce 28 bytes: ciphertext, then tag
 * @throws RangeError for a key, iv or encrypted nonce of another length
 */
export function decryptNonce(key: Uint8Array, encryptedNonce: Uint8Array, iv: Uint8Array): Uint8Array | null {
  requireLength('iv', iv, KEY_PROTECT_NONCE_BYTES);
  requireLength('encrypted nonce', encryptedNonce, KEY_PROTECT_NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(gcmFor(key), key, iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(encryptedNonce.subarray(KEY_PROTECT_NONCE_BYTES));
  const nonce = decipher.update(encryptedNonce.subarray(0, KEY_PROTECT_NONCE_BYTES));
  try {
    decipher.final();
    return nonce;
  } catch {
    return null;
  }
}

function gcmFor(key: Uint8Array): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  switch (key.length) {
    case 16:
      return 'aes-128-gcm';
    case 24:
      return 'aes-192-gcm';
    case 32:
      return 'aes-256-gcm';
    default:
      throw new RangeError(`key: expected 16, 24 or 32 bytes, got ${String(key.length)}`);
  }
}

function requireLength(label: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new RangeError(`${label}: expected ${String(length)} bytes, got ${String(bytes.length)}`);
  }
}
