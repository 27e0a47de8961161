/** What a token was found not to do, in words that the people hear and the record keeps. */
import type { Ceremony } from './ceremony';
import type { UnitReading } from './ports';

/** Something that other tokens do and this one does not. */
interface Weakness {
  readonly weakness: 'extractable-not-enforced' | 'state-not-kept';
  /** What was asked, and what the token did. */
  readonly found: string;
  readonly means: string;
}

/**
 * The weaknesses of a unit's token by its last reading. The people are told each of them; what is returned goes into the
 * fact that holds the reading.
 */
export function tellWeaknesses(ceremony: Ceremony, unit: string, reading: UnitReading): Record<string, string>[] {
  const found = weaknessesOf(reading);
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
