/** The ways to come by a master key: shares that custodians hold, or one that is made inside a unit and stays there. */
import type { Plan } from './schema';

const BYTES = { 128: 16, 192: 24, 256: 32 } as const;

type Declared = NonNullable<Plan['masterKey']>;

/** People of a position who hold copies, and of which components, by index from 1. */
export type CopiesOf = NonNullable<Extract<Declared, { scheme: 'components' }>['copies']>[number];

/** A master key whose shares custodians hold: components, or threshold shares. */
export type SharedKey = Extract<Declared, { scheme: 'components' | 'threshold' }> & {
  /** How many of the shares give the key. */
  readonly needed: number;
  /** Copies of components, and who holds them; none of threshold shares, of which there can be more instead. */
  readonly copiesOf: readonly CopiesOf[];
  /** Length of the key in bytes. */
  readonly bytes: 16 | 24 | 32;
};
/** A master key that is made inside one unit. */
export type InsideOneUnit = Extract<Declared, { scheme: 'in-unit' }>;

/** What a plan says of a master key whose shares custodians hold; null where it has none. */
export function sharedKeyOf({ masterKey }: Pick<Plan, 'masterKey'>): SharedKey | null {
  if (masterKey === undefined || masterKey.scheme === 'in-unit') return null;
  return {
    ...masterKey,
    needed: masterKey.scheme === 'threshold' ? masterKey.threshold : masterKey.shares,
    copiesOf: masterKey.scheme === 'components' ? (masterKey.copies ?? []) : [],
    bytes: BYTES[masterKey.bits ?? 256],
  };
}

/** What a plan says of a master key that is made inside one unit; null where it is not. */
export function insideOneUnit({ masterKey }: Pick<Plan, 'masterKey'>): InsideOneUnit | null {
  return masterKey?.scheme === 'in-unit' ? masterKey : null;
}

/** Positions whose people hold a share or a copy of one. */
export function positionsWithShares(plan: Pick<Plan, 'masterKey'>): readonly string[] {
  const shared = sharedKeyOf(plan);
  return shared === null ? [] : [shared.custodians, ...shared.copiesOf.map(({ position }) => position)];
}
