/** `*.keypackage.json`: a wrapped key on its way to the connected machine, bound to the evidence (DESIGN.md section 9). */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { canonicalBytes, type Json } from '../canonical-json';
import type { CheckValue } from '../check-value';
import { Id, Sha256Hex } from '../text-forms';
import { KEY_PROTECT_ALGORITHM, KeyProtectFields, KeyProtectPurpose, KeyProtectService } from './key-protect';
import { MAX_FILE_BYTES, RecordError, describeIssue, readRecord } from './read-record';
import { Target, targetProblem } from './target';
import { UtcTime } from './utc-time';
import type { WrappingParameters } from './wrapping-parameters';

/** Longest `*.keypackage.json` that is read, in bytes. */
export const MAX_PACKAGE_BYTES = MAX_FILE_BYTES;

/** Schema of `*.keypackage.json`. Unknown members are refused. Nothing in it is secret. */
export const KeyPackage = v.strictObject({
  keyrite: v.literal('key-package/1'),
  target: Target,
  service: KeyProtectService,
  purpose: KeyProtectPurpose,
  algorithm: v.literal(KEY_PROTECT_ALGORITHM),
  /** What is sent, under the service's own names. */
  fields: KeyProtectFields,
  /** The wrapping key: SHA-256 of its SPKI. */
  publicKeySha256: Sha256Hex,
  expires: UtcTime,
  /** Of the wrapped AES key; never sent. */
  checkValue: v.strictObject({
    algorithm: v.literal('aes-cmac'),
    value: v.pipe(
      v.string(),
      v.regex(/^(?!0{10})[0-9a-f]{10}$/, 'expected 10 lower-case hex digits, not all of them zero'),
    ),
  }),
  /** `share-process`: the token lacked the mechanism, so the key was re-wrapped outside it. */
  wrappedIn: v.picklist(['token', 'share-process']),
  /** Ceremony that made it, and the number of the transcript line that tells of it. */
  ceremony: Id,
  line: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

/** A key package. */
export type KeyPackage = v.InferOutput<typeof KeyPackage>;

/** The file is not usable as a key package; the message names the member by its dotted path. */
export class KeyPackageError extends RecordError {
  override readonly name = 'KeyPackageError';

  constructor(path: string, problem: string) {
    super('key package', path, problem);
  }
}

const fail = (path: string, problem: string): RecordError => new KeyPackageError(path, problem);

/** What a package is made of. */
export interface PackageParts {
  readonly parameters: WrappingParameters;
  /** The key, wrapped to the parameters' public key; base64 of 512 bytes. */
  readonly wrapped: string;
  /** base64 of 12 bytes. */
  readonly iv: string;
  /** The parameters' nonce under the new key; base64 of 28 bytes. */
  readonly encryptedNonce: string;
  readonly checkValue: CheckValue;
  readonly wrappedIn: 'token' | 'share-process';
  /** Id of the ceremony. */
  readonly ceremony: string;
  /** Number of the transcript line that tells of it. */
  readonly line: number;
}

/**
 * Builds a package from what token or share process gave.
 *
 * @throws KeyPackageError when a part is not what Key Protect takes
 */
export function buildKeyPackage(parts: PackageParts): KeyPackage {
  const { parameters } = parts;
  const candidate = {
    keyrite: 'key-package/1',
    target: parameters.target,
    service: parameters.service,
    purpose: parameters.purpose,
    algorithm: parameters.algorithm,
    fields: {
      payload: parts.wrapped,
      encryptedNonce: parts.encryptedNonce,
      iv: parts.iv,
      encryptionAlgorithm: parameters.algorithm,
    },
    publicKeySha256: parameters.publicKeySha256,
    expires: parameters.expires,
    checkValue: { algorithm: parts.checkValue.algorithm, value: parts.checkValue.value },
    wrappedIn: parts.wrappedIn,
    ceremony: parts.ceremony,
    line: parts.line,
  };
  const result = v.safeParse(KeyPackage, candidate);
  if (result.success) return result.output;
  const { path, problem } = describeIssue(result.issues[0]);
  throw fail(path, problem);
}

/**
 * Reads `*.keypackage.json`. Says nothing about expiry.
 *
 * @param bytes the whole file, at most 64 KiB
 * @throws KeyPackageError and nothing else
 */
export function readKeyPackage(bytes: Uint8Array): KeyPackage {
  return readRecord(bytes, KeyPackage, fail, (json: Json) => {
    const problem = targetProblem(json);
    if (problem !== null) throw fail('target', problem);
  });
}

/** The file's bytes: RFC 8785 form and one line feed. */
export function keyPackageFile(keyPackage: KeyPackage): Uint8Array {
  return Buffer.concat([canonicalBytes(keyPackage), Buffer.from('\n')]);
}

/** The hash that the signed record names and `upload` asks for: lower-case hex SHA-256 of the file's bytes. */
export function keyPackageSha256(file: Uint8Array): string {
  return createHash('sha256').update(file).digest('hex');
}

/**
 * Name of the file for a key, without folder.
 *
 * @param key the key's name in the plan, an id
 * @throws RangeError when it is not an id
 */
export function keyPackageFileName(key: string): string {
  if (!v.is(Id, key)) throw new RangeError(`key name: expected an id, got ${key}`);
  return `${key}.keypackage.json`;
}
