/**
 * Sets of shares that outlive their ceremony: who holds which share, to whom it was passed on, what came back. They go from
 * one ceremony's bundle to the next one's binding, as the custody ledger does. Nothing here is secret: commitments, a
 * verification pattern, names.
 */
import * as v from 'valibot';
import { Id, Name, Sha256Hex } from '../text-forms';

/** Whether a set of shares still counts. */
export const SET_STATES = ['current', 'replaced', 'retired'] as const;

/** Most sets that a binding carries. */
export const MOST_SETS = 100;
/** Most shares of a set. */
export const MOST_SHARES = 16;
/** Most holders of one share, whoever gave theirs back included. */
export const MOST_HOLDERS = 64;

const SetId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const OfASet = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_SHARES));

/** Who got a share: `returned` once their copy of it was destroyed before witnesses. */
export const ShareHolder = v.strictObject({ id: Id, name: Name, returned: v.boolean() });
/** See the schema of the same name. */
export type ShareHolder = v.InferOutput<typeof ShareHolder>;

/** A share: its commitment, and everybody who ever held it. */
export const KeptShare = v.strictObject({
  index: OfASet,
  salt: SetId,
  commitment: Sha256Hex,
  holders: v.pipe(v.array(ShareHolder), v.maxLength(MOST_HOLDERS)),
});
/** See the schema of the same name. */
export type KeptShare = v.InferOutput<typeof KeptShare>;

/** A set of shares as a ceremony left it. */
export const KeptSet = v.strictObject({
  /** Id that the plan which made it gave its master key; of two sets of one id the later one counts. */
  id: Id,
  set: SetId,
  scheme: v.picklist(['components', 'threshold']),
  threshold: OfASet,
  /** Length of its master key in bytes, where it is not 32. */
  bytes: v.exactOptional(v.picklist([16, 24])),
  /** Verification pattern of the master key, 64 hex digits. */
  pattern: Sha256Hex,
  /** `replaced`: its master key has another set since. `retired`: another master key took the place of its own. */
  state: v.picklist(SET_STATES),
  shares: v.pipe(v.array(KeptShare), v.minLength(1), v.maxLength(MOST_SHARES)),
});
/** See the schema of the same name. */
export type KeptSet = v.InferOutput<typeof KeptSet>;

/** The sets of shares at the end of an earlier ceremony, as a binding carries them. */
export const ShareBalance = v.strictObject({
  /** That ceremony, and the root of its last checkpoint in lower-case hex. */
  from: v.strictObject({ ceremony: Id, root: Sha256Hex }),
  sets: v.pipe(v.array(KeptSet), v.maxLength(MOST_SETS)),
});
/** See the schema of the same name. */
export type ShareBalance = v.InferOutput<typeof ShareBalance>;

/** A share in somebody's hands. */
export interface HeldShare {
  readonly share: KeptShare;
  readonly holder: ShareHolder;
}

/** Every copy of every share that did not come back, by index, then in the order in which people got it. */
export function heldShares(set: KeptSet): readonly HeldShare[] {
  return set.shares.flatMap((share) =>
    share.holders.filter(({ returned }) => !returned).map((holder) => ({ share, holder })),
  );
}

/** How many different shares are in anybody's hands. */
export function outstanding(set: KeptSet): number {
  return new Set(heldShares(set).map(({ share }) => share.index)).size;
}

/**
 * Whether a set that was replaced could still give the master key: then only another master key takes the access away from
 * those who have it (DESIGN.md section 7).
 */
export function demandsRotation(set: KeptSet): boolean {
  // SECURITY(K-334): a new set takes nothing away from those who kept the old one.
  return set.state === 'replaced' && outstanding(set) >= set.threshold;
}

/** The set of an id that counts: the last one. */
export function setOf(sets: readonly KeptSet[], id: string): KeptSet | null {
  return sets.findLast((one) => one.id === id) ?? null;
}

/** What is wrong with sets as a binding carries them, in words; empty when nothing is. */
export function setFaults(sets: readonly KeptSet[]): readonly string[] {
  const ids = sets.map(({ set }) => set);
  return [
    ...(new Set(ids).size < ids.length ? ['a set of shares stands twice'] : []),
    ...sets.flatMap(({ set, scheme, threshold, shares }) => {
      const name = `the set ${set.slice(0, 8)}`;
      return [
        ...(shares.every(({ index }, place) => index === place + 1) ? [] : [`${name} is not numbered from 1`]),
        ...(threshold <= shares.length ? [] : [`${name} needs more shares than it has`]),
        ...(scheme === 'threshold' || threshold === shares.length ? [] : [`${name} has components it does not need`]),
        ...(new Set(shares.map(({ commitment }) => commitment)).size === shares.length
          ? []
          : [`${name} has one commitment twice`]),
        ...(shares.every(({ holders }) => new Set(holders.map(({ id }) => id)).size === holders.length)
          ? []
          : [`${name} has a holder of one share twice`]),
      ];
    }),
  ];
}

/** Shares that are left when people leave: how many of a set, and whether that is enough. */
export interface Survival {
  readonly left: number;
  readonly needed: number;
  readonly enough: boolean;
}

/** What of a set is left in the hands of others when the people `without` are gone. */
export function survives(set: KeptSet, without: ReadonlySet<string>): Survival {
  const left = new Set(
    heldShares(set)
      .filter(({ holder }) => !without.has(holder.id))
      .map(({ share }) => share.index),
  ).size;
  return { left, needed: set.threshold, enough: left >= set.threshold };
}
