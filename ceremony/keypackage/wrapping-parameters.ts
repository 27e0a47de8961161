/**
 * `wrapping-parameters.json`: what the connected machine fetched from the cloud service, so that a key can be wrapped
 * for it offline (DESIGN.md section 9). Whether its public key is the service's own has to be found out by people.
 */
import * as v from 'valibot';
import { canonicalBytes, type Json } from '../canonical-json';
import { PAYLOAD_TYPES, type SigningKey } from '../command/dsse';
import { Base64, Instant, Name, Sha256Hex } from '../text-forms';
import { FileSignature, bytesToSign, isSignedBy } from './file-signature';
import { KEY_PROTECT_ALGORITHM, KEY_PROTECT_KEY_BITS, KeyProtectPurpose, KeyProtectService } from './key-protect';
import { RecordError, readRecord } from './read-record';
import { Target, targetProblem } from './target';
import { UtcTime } from './utc-time';
import { publicKeySha256, wrappingKeyProblem } from './wrapping-key';

/** Who collected: a name in any script, on one line. */
export const CollectorName = Name;

/** Schema of `wrapping-parameters.json`. Unknown members are refused. */
export const WrappingParameters = v.strictObject({
  keyrite: v.literal('wrapping-parameters/1'),
  target: Target,
  service: KeyProtectService,
  purpose: KeyProtectPurpose,
  algorithm: v.literal(KEY_PROTECT_ALGORITHM),
  /** base64 DER SPKI. */
  publicKey: Base64,
  publicKeySha256: Sha256Hex,
  /** base64 of 12 bytes. */
  nonce: v.pipe(Base64, v.length(16, 'expected 16 characters (12 bytes) of base64')),
  expires: UtcTime,
  collected: v.strictObject({ at: Instant, by: CollectorName }),
  signature: v.nullable(FileSignature),
});

/** Wrapping parameters that were read and found sound in form. */
export type WrappingParameters = v.InferOutput<typeof WrappingParameters>;

/** The file is not usable as wrapping parameters; the message names the member by its dotted path. */
export class WrappingParametersError extends RecordError {
  override readonly name = 'WrappingParametersError';

  constructor(path: string, problem: string) {
    super('wrapping parameters', path, problem);
  }
}

const fail = (path: string, problem: string): RecordError => new WrappingParametersError(path, problem);

/**
 * Reads `wrapping-parameters.json`. Says nothing about expiry ({@link expiryProblem}) and authenticity.
 *
 * @param bytes the whole file, at most 64 KiB
 * @throws WrappingParametersError and nothing else
 */
export function readWrappingParameters(bytes: Uint8Array): WrappingParameters {
  const parameters = readRecord(bytes, WrappingParameters, fail, (json: Json) => {
    const problem = targetProblem(json);
    if (problem !== null) throw fail('target', problem);
  });
  const spki = Buffer.from(parameters.publicKey, 'base64');
  const problem = wrappingKeyProblem(spki, KEY_PROTECT_KEY_BITS);
  if (problem !== null) throw fail('publicKey', problem);
  const sha256 = publicKeySha256(spki);
  if (parameters.publicKeySha256 !== sha256) {
    throw fail('publicKeySha256', `expected the SHA-256 of publicKey, ${sha256}`);
  }
  return parameters;
}

/** The file's bytes: RFC 8785 form and one line feed. */
export function wrappingParametersFile(parameters: WrappingParameters): Uint8Array {
  return Buffer.concat([canonicalBytes(parameters), Buffer.from('\n')]);
}

/**
 * Why parameters, or the package made with them, are too old, in words for people; null while they are good.
 *
 * @param now the time that the people agreed on, RFC 3339 UTC
 * @throws RangeError when `now` is not a time
 */
export function expiryProblem(dated: { readonly expires: string }, now: string): string | null {
  const time = Date.parse(now);
  if (Number.isNaN(time)) throw new RangeError(`now: expected an RFC 3339 time, got ${now}`);
  if (time < Date.parse(dated.expires)) return null;
  return `the service's wrapping key expired at ${dated.expires} and it is now ${now}: collect new wrapping parameters`;
}

/**
 * The first member in which a second collector's file differs, or null when both name the same wrapping key: target,
 * service, algorithm, public key, nonce and expiry. Who collected, when, and the signature may differ.
 */
export function collectorDifference(first: WrappingParameters, second: WrappingParameters): string | null {
  if (first.service.instance !== second.service.instance) return 'service.instance';
  if (first.service.region !== second.service.region) return 'service.region';
  for (const member of ['target', 'algorithm', 'publicKey', 'nonce'] as const) {
    if (first[member] !== second[member]) return member;
  }
  return Date.parse(first.expires) === Date.parse(second.expires) ? null : 'expires';
}

/** The bytes a collector signs. */
export function parametersToSign(parameters: WrappingParameters): Uint8Array {
  return bytesToSign(PAYLOAD_TYPES.parameters, parameters);
}

/** Whether the file carries a valid signature by this collector's key; false when it carries none. */
export function parametersSignedBy(parameters: WrappingParameters, key: SigningKey): boolean {
  return isSignedBy(PAYLOAD_TYPES.parameters, parameters, key);
}
