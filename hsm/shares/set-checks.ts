/** What must be so of a set of shares before its master key is used: its numbers, its pattern, and the key that it is wrapped to. */
import { samePattern } from '../../ceremony/check-value';
import { isValidSignature, SIGNATURE_ALGORITHMS } from '../../ceremony/command/dsse';
import { agreementKeyStatement, importKeyStatement } from '../../ceremony/command/statements';
import type { ArgsOf, SHARE_OPERATIONS } from '../contract';
import { verificationPattern } from './key-check';
import { schemeOf } from './set-scheme';
import type { PublicSet, SetShape } from './set-shape';
import { shareTrouble } from './share-trouble';
import { shortSetId } from './sheet-headings';

/** Throws DeviceError `SET_MALFORMED` for numbers that the scheme does not have. */
export function requireShape({ scheme, threshold, count }: SetShape): void {
  const why = schemeOf(scheme).wrongShape(threshold, count);
  if (why !== null) throw malformed(why);
}

/** The first shares by index, as many as are needed. */
export function firstOf(shares: ReadonlyMap<number, Buffer>, needed: number): ReadonlyMap<number, Buffer> {
  return new Map([...shares].sort(([left], [right]) => left - right).slice(0, needed));
}

/** Every share has its part in a combination that gives the set's pattern. Throws DeviceError `SET_PATTERN`. */
export function requireEachCounts(shares: ReadonlyMap<number, Buffer>, known: PublicSet): void {
  const sorted = [...shares].sort(([left], [right]) => left - right);
  for (let begin = 0; begin < sorted.length; begin += known.threshold) {
    // The last ones go with some that had their part already.
    const from = Math.min(begin, sorted.length - known.threshold);
    requirePattern(new Map(sorted.slice(from, from + known.threshold)), known).fill(0);
  }
}

/**
 * The master key that as many shares as are needed give, if it has the set's pattern; the caller zeroes it.
 *
 * @throws DeviceError `SET_PATTERN`
 */
export function requirePattern(shares: ReadonlyMap<number, Buffer>, known: PublicSet): Buffer {
  const masterKey = schemeOf(known.scheme).combine([...shares.values()]);
  if (masterKey !== null && samePattern(verificationPattern(masterKey), known.pattern)) return masterKey;
  masterKey?.fill(0);
  const message = `The shares of set ${shortSetId(known.set)}, each as committed to, do not give its verification pattern`;
  throw shareTrouble('SET_PATTERN', message, 'Stop: the record of the set is wrong. Make a new set');
}

/** The unit's identity key signed which import key it is. Throws DeviceError `IMPORT_KEY_UNPROVEN`. */
export function requireProvenImportKey(
  importKey: ArgsOf<typeof SHARE_OPERATIONS, 'set.wrap'>['importKey'],
  identity: ArgsOf<typeof SHARE_OPERATIONS, 'set.wrap'>['identity'],
): void {
  const algorithm = SIGNATURE_ALGORITHMS.find((one) => one === identity.algorithm);
  const statement =
    'oaep' in importKey
      ? importKeyStatement(importKey.spki, importKey.oaep)
      : agreementKeyStatement(importKey.spki, importKey.kdf);
  const signature = Buffer.from(importKey.signature, 'base64');
  if (algorithm !== undefined && isValidSignature({ algorithm, spki: identity.spki }, statement, signature)) return;
  throw shareTrouble(
    'IMPORT_KEY_UNPROVEN',
    "The import key is not vouched for by the unit's identity key: the master key was not encrypted to it",
    'Read the unit again. If its identity is proven and this happens again, stop: something stands between unit and Keyrite',
  );
}

/** What is thrown where a set is not one. */
export function malformed(why: string): Error {
  return shareTrouble(
    'SET_MALFORMED',
    `The set of shares is malformed: ${why}`,
    'Stop: the record or the plan is wrong',
  );
}
