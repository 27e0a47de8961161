/**
 * Who can still do what when people leave: shares of each set against what it needs, administrators of each unit against its
 * thresholds. Both who passed a share on and who got it have it; who gave theirs back before witnesses has not.
 */
import { demandsRotation, heldShares, outstanding, survives, type KeptSet } from '../custody/share-sets';
import type { Recorded } from './report/recorded';
import { lastOf, readingsOf } from './report/unit-readings';

/** A set of shares without some people. */
export interface SetSuccession {
  readonly id: string;
  readonly set: string;
  readonly state: KeptSet['state'];
  readonly shares: number;
  readonly needed: number;
  /** Who has what, each person once: ids, with the numbers of their shares. */
  readonly holders: readonly { readonly id: string; readonly name: string; readonly shares: readonly number[] }[];
  /** Different shares in the hands of those who stay. */
  readonly left: number;
  readonly survives: boolean;
  /** How many more shares may be lost; negative: how many are missing. */
  readonly spare: number;
  /** Old shares that were not destroyed still give the master key: only rotating it takes the access away. */
  readonly rotate: boolean;
}

/** The administrators of a unit without some people. */
export interface UnitSuccession {
  readonly id: string;
  readonly name: string;
  readonly administrators: readonly string[];
  readonly left: number;
  readonly signatureThreshold: number;
  readonly revocationThreshold: number;
  readonly survives: boolean;
}

/** What is left of every quorum at the end of a record. */
export interface Succession {
  readonly without: readonly string[];
  /** Ids that nobody has, by roster, units and shares: probably mistyped. */
  readonly unknown: readonly string[];
  readonly sets: readonly SetSuccession[];
  readonly units: readonly UnitSuccession[];
}

/** @param without ids of people who leave */
export function successionOf(recorded: Recorded, without: readonly string[]): Succession {
  const gone = new Set(without);
  const sets = recorded.summary.shareSets.map((set) => setWithout(set, gone));
  const units = (recorded.plan?.units ?? []).flatMap(({ id, name }): UnitSuccession[] => {
    const state = lastOf(readingsOf(recorded, id), (one) => one.state);
    if (state === null || state.mode !== 'operational') return [];
    const administrators = state.administrators.map((one) => one.id);
    const left = administrators.filter((one) => !gone.has(one)).length;
    const { signatureThreshold, revocationThreshold } = state;
    const enough = left >= signatureThreshold && left >= revocationThreshold;
    return [{ id, name, administrators, left, signatureThreshold, revocationThreshold, survives: enough }];
  });
  const known = new Set([
    ...recorded.people.map(({ id }) => id),
    ...units.flatMap(({ administrators }) => administrators),
    ...sets.flatMap(({ holders }) => holders.map(({ id }) => id)),
  ]);
  return { without, unknown: without.filter((id) => !known.has(id)), sets, units };
}

function setWithout(set: KeptSet, gone: ReadonlySet<string>): SetSuccession {
  const holders = new Map<string, { id: string; name: string; shares: number[] }>();
  for (const { share, holder } of heldShares(set)) {
    const known = holders.get(holder.id);
    if (known === undefined) holders.set(holder.id, { id: holder.id, name: holder.name, shares: [share.index] });
    else known.shares.push(share.index);
  }
  const { left, needed, enough } = survives(set, gone);
  return {
    id: set.id,
    set: set.set,
    state: set.state,
    shares: set.shares.length,
    needed,
    holders: [...holders.values()],
    left,
    survives: enough,
    spare: left - needed,
    rotate: demandsRotation(set),
  };
}

/** A set whose old shares demand a rotation, in words for people. */
export function exposureOf(set: KeptSet): string {
  return `${String(outstanding(set))} old shares were not destroyed, and ${String(set.threshold)} bring the master key back: whoever has them needs no new share. Rotate the master key.`;
}
