/** What a token was found not to do, or to hold beside what belongs there, in words that the people hear and the record keeps. */
import { objectDifferences, type KnownObject, type ObjectDifference } from '../command/unit-objects';
import type { UnitState } from '../command/unit-state';
import type { Ceremony } from './ceremony';
import type { UnitReading } from './ports';

/** Something that other tokens do and this one does not, or that should not be so on any. */
interface Weakness {
  readonly weakness:
    'extractable-not-enforced' | 'state-not-kept' | 'default-credentials' | `object-${ObjectDifference['what']}`;
  /** What was asked, and what the token did. */
  readonly found: string;
  readonly means: string;
}

/**
 * The weaknesses of a unit's token by its last reading. The people are told each of them; what is returned goes into the
 * fact that holds the reading.
 *
 * @param also objects of others that the plan knows to be on the token
 */
export function tellWeaknesses(
  ceremony: Ceremony,
  unit: string,
  reading: UnitReading,
  also: readonly KnownObject[] = [],
): Record<string, string>[] {
  const state = ceremony.record.unit(unit)?.state ?? null;
  const found = [...weaknessesOf(reading), ...defaultCredentials(reading), ...objectFindings(reading, state, also)];
  for (const { means } of found) ceremony.ports.people.tell({ kind: 'warning', text: `${unit}: ${means}` });
  return found.map((one) => ({ ...one }));
}

function weaknessesOf({ capabilities, stateKept }: UnitReading): Weakness[] {
  if (capabilities === null) return [];
  const found: Weakness[] = [];
  const unextractable = capabilities.mechanisms['CKA_EXTRACTABLE false'] ?? 'not asked';
  if (unextractable === 'wrong-answer') {
    found.push({
      weakness: 'extractable-not-enforced',
      found: 'C_WrapKey wrapped a key whose CKA_EXTRACTABLE is false',
      means:
        'this token wraps keys that are marked non-extractable, so whoever has its user PIN can take the master key out of it',
    });
  }
  if (stateKept === 'none') {
    found.push({
      weakness: 'state-not-kept',
      found: `CKO_DATA: ${capabilities.mechanisms['CKO_DATA'] ?? 'not asked'}`,
      means:
        'this token keeps no data objects: the state of the unit is in this record alone, and a rollback cannot be seen on the token',
    });
  }
  return found;
}

function defaultCredentials({ token }: UnitReading): Weakness[] {
  return (token?.pinFlags ?? [])
    .filter((flag) => flag.endsWith('-to-be-changed'))
    .map((flag) => ({
      weakness: 'default-credentials' as const,
      found: `the token says ${flag}`,
      means: `the ${flag.startsWith('user') ? 'user' : 'security officer'} PIN of this token is still the one it came with, which others know`,
    }));
}

function objectFindings(
  { objects, stateKept }: UnitReading,
  state: UnitState | null,
  also: readonly KnownObject[],
): Weakness[] {
  if (objects === null || state === null) return [];
  return objectDifferences(objects, state, stateKept === 'token', also).map(({ what, found }) => ({
    weakness: `object-${what}` as const,
    found,
    means: `${found}: ${MEANS[what]}`,
  }));
}

const MEANS: Readonly<Record<ObjectDifference['what'], string>> = {
  missing: 'something was done to the token that no record tells',
  duplicate: 'which of them is used is chance',
  otherwise: 'it may be used for more, or be kept less well, than it was made to be',
  unexpected: 'whoever put it there can use it, and this record does not tell what it is for',
};
