/** Whether what an HSM attests is the key at hand, and a key that can be trusted with others. */
import { createHash } from 'node:crypto';
import { AttestationError } from './attestation-error';
import { requireAttester, type Attester } from './marvell-chain';
import { ATTESTED, readMarvellStatement, type AttestedObject } from './marvell-statement';
import type { PinnedRoot } from './pinned-roots';

const PRIVATE_KEY = 3;

/** An attestation as it comes from the service. */
export interface Attestation {
  /** What the HSM signed; where the service packs it, unpacked. */
  readonly statement: Uint8Array;
  /** PEM, in any order. */
  readonly certificates: readonly string[];
}

/**
 * Requires an attestation that the private half of a key was made inside an HSM of the owner, can open what is wrapped to
 * it, and never was and never will be outside. It proves an HSM of that owner and not whose account the key is in.
 *
 * @param spki DER SubjectPublicKeyInfo of the key at hand
 * @param owner whose HSM it is to be, by a root that is known beforehand
 * @throws AttestationError saying what it does not prove
 */
export function requireAttestedKey(attestation: Attestation, spki: Uint8Array, owner: PinnedRoot): Attester {
  const statement = readMarvellStatement(attestation.statement);
  const attester = requireAttester(statement, attestation.certificates, owner);
  const problem = attestedKeyProblem(statement.objects, spki);
  if (problem !== null) throw new AttestationError(problem);
  return attester;
}

/**
 * Why attested objects do not have the private half of a key as it must be; null when they do.
 *
 * @param spki DER SubjectPublicKeyInfo of the key at hand
 */
export function attestedKeyProblem(objects: readonly AttestedObject[], spki: Uint8Array): string | null {
  const [key, ...others] = objects.filter((one) => numberIn(one, ATTESTED.class) === PRIVATE_KEY);
  if (key === undefined || others.length > 0) return 'it attests not one private key';
  const sha256 = createHash('sha256').update(spki).digest();
  if (!sha256.equals(key.get(ATTESTED.spkiSha256) ?? new Uint8Array())) return 'it is the attestation of another key';
  const is = (attribute: number): boolean => numberIn(key, attribute) === 1;
  const isNot = (attribute: number): boolean => numberIn(key, attribute) === 0;
  if (!is(ATTESTED.local)) return 'the key was not made inside the HSM';
  if (!is(ATTESTED.sensitive)) return 'the key can be read outside the HSM';
  if (!isNot(ATTESTED.extractable) || !is(ATTESTED.neverExtractable)) return 'the key can leave the HSM, or could once';
  if (!is(ATTESTED.unwrap) && !is(ATTESTED.decrypt)) return 'the key opens nothing';
  return null;
}

/** An attribute of one to four bytes, big-endian; null where it is missing or longer. */
function numberIn(object: AttestedObject, attribute: number): number | null {
  const value = object.get(attribute);
  if (value === undefined || value.length === 0 || value.length > 4) return null;
  return Buffer.from(value).readUIntBE(0, value.length);
}
