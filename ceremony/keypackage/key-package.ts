/** `*.keypackage.json`: a wrapped key on its way to the connected machine, bound to the evidence (DESIGN.md section 9). */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { canonicalBytes, type Json } from '../canonical-json';
import type { CheckValue } from '../check-value';
import { Id } from '../text-forms';
import { MAX_FILE_BYTES, RecordError, describeIssue, readRecord } from './read-record';
import { targetProblem } from './target';
import { wrappedBytes, type Sealed } from './target-profile';
import { KeyPackage, profileOf } from './targets';
import { wrappingOf, type WrappingParameters } from './wrapping-parameters';

/** Longest `*.keypackage.json` that is read, in bytes. */
export const MAX_PACKAGE_BYTES = MAX_FILE_BYTES;

export { KeyPackage };

/** The file is not usable as a key package; the message names the member by its dotted path. */
export class KeyPackageError extends RecordError {
  override readonly name = 'KeyPackageError';

  constructor(path: string, problem: string) {
    super('key package', path, problem);
  }
}

const fail = (path: string, problem: string): RecordError => new KeyPackageError(path, problem);

/** What a package is made of. */
export interface PackageParts extends Sealed {
  readonly parameters: WrappingParameters;
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
 * @throws KeyPackageError when a part is not what the service takes
 */
export function buildKeyPackage(parts: PackageParts): KeyPackage {
  const { parameters } = parts;
  const profile = profileOf(parameters);
  const candidate = {
    keyrite: 'key-package/1',
    target: parameters.target,
    service: parameters.service,
    purpose: parameters.purpose,
    algorithm: parameters.algorithm,
    fields: profile.fields(parameters, parts),
    publicKeySha256: parameters.publicKeySha256,
    expires: parameters.expires,
    checkValue: { algorithm: parts.checkValue.algorithm, value: parts.checkValue.value },
    wrappedIn: parts.wrappedIn,
    ceremony: parts.ceremony,
    line: parts.line,
  };
  const result = v.safeParse(KeyPackage, candidate);
  if (result.success) {
    requireLength(result.output, parameters);
    return result.output;
  }
  const { path, problem } = describeIssue(result.issues[0]);
  throw fail(path, problem);
}

/** The wrapped key of a package in base64, as the record of the ceremony has it. */
export function wrappedKeyIn(keyPackage: KeyPackage): string {
  return profileOf(keyPackage).wrappedIn(keyPackage.fields);
}

/** No length field says where one part of a wrapped key ends: services split at the modulus. */
function requireLength(keyPackage: KeyPackage, parameters: WrappingParameters): void {
  const { form, bits } = wrappingOf(parameters);
  const expected = wrappedBytes(form, bits);
  const { length } = Buffer.from(wrappedKeyIn(keyPackage), 'base64');
  if (expected === null || length === expected) return;
  throw fail('fields', `expected a wrapped key of ${String(expected)} bytes, got ${String(length)}`);
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
