/**
 * `wrapping-parameters.json`: what the connected machine fetched from the cloud service, so that a key can be wrapped
 * for it offline (DESIGN.md section 9). Whether its public key is the service's own has to be found out by people.
 */
import { canonicalBytes, canonicalJson, type Json, type JsonObject } from '../canonical-json';
import { PAYLOAD_TYPES, type SigningKey } from '../command/dsse';
import { bytesToSign, isSignedBy } from './file-signature';
import { RecordError, readRecord } from './read-record';
import { targetProblem } from './target';
import type { Wrapping } from './target-profile';
import { WrappingParameters, profileOf } from './targets';
import { publicKeySha256, rsaBits, wrappingKeyProblem } from './wrapping-key';

export type { WrappingParameters };

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
  const profile = profileOf(parameters);
  const problem = wrappingKeyProblem(spki, profile.bits);
  if (problem !== null) throw fail('publicKey', problem);
  const sha256 = publicKeySha256(spki);
  if (parameters.publicKeySha256 !== sha256) {
    throw fail('publicKeySha256', `expected the SHA-256 of publicKey, ${sha256}`);
  }
  const wrong = profile.problem(parameters, rsaBits(spki));
  if (wrong !== null) throw fail(wrong.path, wrong.problem);
  return parameters;
}

/** How a key has to be wrapped by these parameters, and the length of their public key in bits. */
export function wrappingOf(parameters: WrappingParameters): Wrapping & { readonly bits: number } {
  const bits = rsaBits(Buffer.from(parameters.publicKey, 'base64'));
  return { ...profileOf(parameters).wrapping(parameters), bits };
}

/** What everybody must know before anything is wrapped by these parameters, in whole sentences; null for nothing. */
export function targetNotice(parameters: WrappingParameters): string | null {
  return profileOf(parameters).notice;
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
export function expiryProblem(dated: { readonly expires: string | null }, now: string): string | null {
  const time = Date.parse(now);
  if (Number.isNaN(time)) throw new RangeError(`now: expected an RFC 3339 time, got ${now}`);
  if (dated.expires === null || time < Date.parse(dated.expires)) return null;
  return `the service's wrapping key expired at ${dated.expires} and it is now ${now}: collect new wrapping parameters`;
}

/**
 * The first member in which a second collector's file differs, or null when both name the same wrapping key: target,
 * service, algorithm, public key, nonce and expiry. Who collected, when, and the signature may differ.
 */
export function collectorDifference(first: WrappingParameters, second: WrappingParameters): string | null {
  for (const member of new Set([...Object.keys(first.service), ...Object.keys(second.service)])) {
    if (textOf(first.service, member) !== textOf(second.service, member)) return `service.${member}`;
  }
  for (const member of ['target', 'algorithm', 'publicKey', 'nonce'] as const) {
    if (textOf(first, member) !== textOf(second, member)) return member;
  }
  const [one, other] = [first, second].map(({ expires }) => (expires === null ? null : Date.parse(expires)));
  return one === other ? null : 'expires';
}

function textOf(object: JsonObject, member: string): string {
  return canonicalJson(object[member] ?? null);
}

/** The bytes a collector signs. */
export function parametersToSign(parameters: WrappingParameters): Uint8Array {
  return bytesToSign(PAYLOAD_TYPES.parameters, parameters);
}

/** Whether the file carries a valid signature by this collector's key; false when it carries none. */
export function parametersSignedBy(parameters: WrappingParameters, key: SigningKey): boolean {
  return isSignedBy(PAYLOAD_TYPES.parameters, parameters, key);
}
