/**
 * Readings of units on record: each proves the unit's identity by a signature over a nonce that was never used before.
 * Modules on record are those of the binding.
 */
import * as v from 'valibot';
import { SIGNATURE_ALGORITHMS, isValidSignature, spkiSha256 } from '../command/dsse';
import { identityChallenge } from '../command/statements';
import { Base64, Sha256Hex } from '../text-forms';
import type { Binding } from '../plan/binding-schema';
import type { GoodLine } from '../transcript/read';
import { linesOf } from './check-checkpoints';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';

/** A fact that holds a reading of a unit, as far as its identity is concerned. */
export const Reading = v.object({
  unit: v.string(),
  identity: v.object({ id: Sha256Hex, spki: Base64, algorithm: v.picklist(SIGNATURE_ALGORITHMS) }),
  challenge: v.object({ nonce: Sha256Hex, signature: Base64 }),
});

/** Checks every reading in a fact. A unit keeps the identity it was first read with. */
export function checkReadings(lines: readonly GoodLine[], findings: Findings): void {
  const nonces = new Set<string>();
  const identities = new Map<string, string>();
  for (const line of linesOf(lines, 'fact.recorded')) {
    const parsed = v.safeParse(Reading, line.body.value);
    if (!parsed.success) continue;
    const { unit, identity, challenge } = parsed.output;
    const proven =
      spkiSha256(identity.spki) === identity.id &&
      isValidSignature(identity, identityChallenge(challenge.nonce), Buffer.from(challenge.signature, 'base64'));
    if (!proven) findings.add(TRANSCRIPT, line.seq, `${unit} did not prove its identity`);
    if (nonces.has(challenge.nonce))
      findings.add(TRANSCRIPT, line.seq, `${unit} proved its identity with a used nonce`);
    nonces.add(challenge.nonce);
    if ((identities.get(unit) ?? identity.id) !== identity.id) {
      findings.add(TRANSCRIPT, line.seq, `${unit} has another identity than before`);
    }
    identities.set(unit, identity.id);
  }
}

/** Checks that each module on record is one of the binding, with the hash that people approved. */
export function checkModules(lines: readonly GoodLine[], binding: Binding, findings: Findings): void {
  const found = v.object({ module: v.string(), sha256: v.string() });
  for (const line of linesOf(lines, 'fact.recorded')) {
    if (line.body.fact !== 'module') continue;
    const parsed = v.safeParse(found, line.body.value);
    const bound = parsed.success ? binding.modules.find(({ id }) => id === parsed.output.module) : undefined;
    if (!parsed.success || bound?.sha256 !== parsed.output.sha256) {
      findings.add(TRANSCRIPT, line.seq, 'the module is not one that the binding names by hash');
    }
  }
}
