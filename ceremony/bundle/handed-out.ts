/** Shares of a set that was made in the ceremony: whether each, and each copy, is in the hands that the plan names. */
import * as v from 'valibot';
import { sharedKeyOf } from '../plan/master-key-scheme';
import type { Plan } from '../plan/schema';
import type { RosterSoFar } from '../transcript/roster-so-far';

const ShortText = v.pipe(v.string(), v.maxLength(64));

/** What an act that was done tells of a share that was handed out and read back. */
export const HandedOut = v.object({
  set: ShortText,
  index: v.number(),
  custodian: ShortText,
  readBack: v.literal(true),
  /** Position whose copy it is. */
  copy: v.exactOptional(ShortText),
});
/** See the schema of the same name. */
export type HandedOut = v.InferOutput<typeof HandedOut>;

/** What is missing: of the shares and copies of a set, who did not read theirs back. The last act about each counts. */
export function handedOutFaults(
  set: { readonly set: string; readonly shares: readonly { readonly index: number }[] },
  handed: Iterable<HandedOut>,
  plan: Plan,
  roster: RosterSoFar,
): readonly string[] {
  const shared = sharedKeyOf(plan);
  const holders = new Map<string, string>();
  const placeOf = (index: number, copy: string | undefined): string => `${String(index)} ${copy ?? ''}`;
  for (const one of handed) if (one.set === set.set) holders.set(placeOf(one.index, one.copy), one.custodian);
  const lacks = (index: number, position: string | undefined, copy?: string): boolean => {
    const holder = holders.get(placeOf(index, copy));
    return holder === undefined || position === undefined || roster.positionOf(holder) !== position;
  };
  const missing = set.shares.filter(({ index }) => lacks(index, shared?.custodians));
  if (missing.length > 0) return missing.map(({ index }) => `share ${String(index)} was not read back by a custodian`);
  for (const { position, of } of shared?.copiesOf ?? [])
    for (const index of of)
      if (lacks(index, position, position)) return [`the copy of share ${String(index)} was not read back`];
  // SECURITY(K-363): copies count.
  return new Set(holders.values()).size === holders.size ? [] : ['somebody read back two shares'];
}
