/**
 * `*.wrappedkey.json`: a key of a unit, wrapped under the unit's master key, in a key store. A store is a folder with one
 * folder for each generation, which is named by the verification pattern of the master key that wraps it.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { canonicalBytes } from '../canonical-json';
import { Base64, Id, Sha256Hex } from '../text-forms';
import { KEY_ALGORITHMS, KEY_USES, WRAP_FORMATS, isSecretKey } from './key-kinds';
import { MAX_FILE_BYTES, RecordError, readRecord } from './read-record';

/** Longest `*.wrappedkey.json` that is read, in bytes. */
export const MAX_WRAPPED_KEY_BYTES = MAX_FILE_BYTES;

/** Check value of a stored key: of an AES key its CMAC, of a pair the SHA-256 of its public key's SPKI. */
export const StoredCheckValue = v.variant('algorithm', [
  v.strictObject({
    algorithm: v.literal('aes-cmac'),
    value: v.pipe(v.string(), v.regex(/^(?!0{10})[0-9a-f]{10}$/, 'expected 10 lower-case hex digits, not all zero')),
  }),
  v.strictObject({ algorithm: v.literal('spki-sha256'), value: Sha256Hex }),
]);

/** Schema of the file. Unknown members are refused. Nothing in it is of use without the master key. */
export const WrappedKey = v.pipe(
  v.strictObject({
    keyrite: v.literal('wrapped-key/1'),
    /** The key's name in the plan: its label on the token. */
    name: Id,
    algorithm: v.picklist(KEY_ALGORITHMS),
    use: v.picklist(KEY_USES),
    checkValue: StoredCheckValue,
    /** base64 DER SubjectPublicKeyInfo of a pair; null for a secret key. */
    publicKey: v.nullable(Base64),
    /** Verification pattern of the master key that wraps it. */
    masterKey: Sha256Hex,
    format: v.picklist(WRAP_FORMATS),
    /** Mechanism of the token that wrapped it: CKM_AES_KEY_WRAP_PAD means RFC 5649 to one module and something else to another. */
    mechanism: v.picklist(['CKM_AES_KEY_WRAP', 'CKM_AES_KEY_WRAP_PAD', 'CKM_AES_KEY_WRAP_KWP']),
    wrapped: v.pipe(Base64, v.minLength(1), v.maxLength(8192)),
  }),
  v.check(
    ({ algorithm, checkValue, publicKey }) =>
      isSecretKey(algorithm)
        ? checkValue.algorithm === 'aes-cmac' && publicKey === null
        : checkValue.algorithm === 'spki-sha256' && publicKey !== null && spkiValue(publicKey) === checkValue.value,
    'expected the check value, and the public key, of a key of this algorithm',
  ),
);

/** A wrapped key. */
export type WrappedKey = v.InferOutput<typeof WrappedKey>;

/** The file is not usable as a wrapped key; the message names the member by its dotted path. */
export class WrappedKeyError extends RecordError {
  override readonly name = 'WrappedKeyError';

  constructor(path: string, problem: string) {
    super('wrapped key', path, problem);
  }
}

/**
 * Reads `*.wrappedkey.json`.
 *
 * @param bytes the whole file, at most 64 KiB
 * @throws WrappedKeyError and nothing else
 */
export function readWrappedKey(bytes: Uint8Array): WrappedKey {
  return readRecord(bytes, WrappedKey, (path, problem) => new WrappedKeyError(path, problem));
}

/** The file's bytes: RFC 8785 form and one line feed. */
export function wrappedKeyFile(key: WrappedKey): Uint8Array {
  return Buffer.concat([canonicalBytes(key), Buffer.from('\n')]);
}

const ENDING = '.wrappedkey.json';

/** Name of the file for a key, without folder. Throws RangeError when the key's name is not an id. */
export function wrappedKeyFileName(name: string): string {
  if (!v.is(Id, name)) throw new RangeError(`key name: expected an id, got ${name}`);
  return `${name}${ENDING}`;
}

/** Name of the key that a file is for; null when it is none of a key store's. */
export function keyNameOf(file: string): string | null {
  const name = file.endsWith(ENDING) ? file.slice(0, -ENDING.length) : '';
  return v.is(Id, name) ? name : null;
}

/** Value of the check value `spki-sha256`. */
export function spkiValue(spki: string): string {
  return createHash('sha256').update(Buffer.from(spki, 'base64')).digest('hex');
}
