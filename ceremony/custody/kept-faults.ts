/** How the sets of shares that a binding brings are not what the plan says of them. Checker and verifier use these same rules. */
import { setOf, type KeptSet } from './share-sets';

/** A kept set as a plan declares it. */
export interface DeclaredSet {
  readonly id: string;
  readonly scheme: string;
  readonly shares: number;
  readonly threshold: number;
  readonly is: 'current' | 'replaced';
}

/** A declared set that the binding does not bring as declared; `found` is what it brings. */
export interface KeptFault {
  readonly declared: DeclaredSet;
  readonly found: KeptSet | null;
}

/** Declared sets that the binding does not bring, or brings otherwise. */
export function keptFaults(declared: readonly DeclaredSet[], sets: readonly KeptSet[]): readonly KeptFault[] {
  return declared.flatMap((one) => {
    const found = setOf(sets, one.id);
    const fits =
      found?.scheme === one.scheme &&
      found.shares.length === one.shares &&
      found.threshold === one.threshold &&
      (found.state === 'current') === (one.is === 'current');
    return fits ? [] : [{ declared: one, found }];
  });
}

/** A set in words: `3 of 5, threshold, current`. */
export function setInWords(set: KeptSet | null): string {
  if (set === null) return 'not there';
  return `${String(set.threshold)} of ${String(set.shares.length)}, ${set.scheme}, ${set.state}`;
}
