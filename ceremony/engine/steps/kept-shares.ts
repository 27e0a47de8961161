/** Shares of sets that earlier ceremonies left: which set a step is about, and what is signed of each share. */
import type { JsonObject } from '../../canonical-json';
import { PAYLOAD_TYPES } from '../../command/dsse';
import { setOf, type KeptSet, type KeptShare } from '../../custody/share-sets';
import { SHARE } from '../../transcript/fact-names';
import type { RosterEntry } from '../../transcript/line';
import { shareIn, type ShareAct, type ShareValue } from '../../transcript/share-fact';
import type { Ceremony } from '../ceremony';
import { nobodyPresent } from '../nobody-present';
import type { ShareSet } from '../ports';
import { signAtHead } from '../sign-at-head';

/** The set that a step names, as it stands. Throws when the binding does not bring it. */
export function keptSet(ceremony: Ceremony, id: string): KeptSet {
  // A set that is made here is under the plan's own name, which is no kept one's.
  const set = setOf(ceremony.shareSets, id);
  if (set === null) throw new Error(`the binding brings no set of shares ${id}`);
  return set;
}

/** The same as the share process takes it up. */
export function openable({ set, scheme, threshold, bytes, pattern, shares }: KeptSet): ShareSet {
  return {
    set,
    scheme,
    threshold,
    ...(bytes === undefined ? {} : { bytes }),
    pattern,
    shares: shares.map(({ index, salt, commitment }) => ({ index, salt, commitment })),
  };
}

/** A share in words: `share 2 of set 3f2a91c0`. */
export function shareName({ set }: Pick<KeptSet, 'set'>, { index }: Pick<KeptShare, 'index'>): string {
  return `share ${String(index)} of set ${set.slice(0, 8)}`;
}

/** What a step has told of shares so far, in whatever attempt. */
export function toldIn(ceremony: Ceremony, step: string): readonly ShareValue[] {
  return ceremony.record.lines.flatMap((line) => {
    const value = line.step === step ? shareIn(line) : null;
    return value === null || value === 'malformed' ? [] : [value];
  });
}

/** Whether a step has told of somebody's share already. */
export function isTold(ceremony: Ceremony, step: string, { set }: KeptSet, index: number, holder: string): boolean {
  return toldIn(ceremony, step).some((one) => one.set === set && one.index === index && one.holder === holder);
}

/** One entry about a share in somebody's hands. */
export interface ShareEntry {
  readonly act: ShareAct;
  readonly holder: string;
  readonly to: string | null;
  readonly why: string | null;
}

/** Has an entry signed by those who may, and puts it on record. */
export async function tellOfShare(
  ceremony: Ceremony,
  step: { readonly id: string; readonly by: readonly string[] },
  set: KeptSet,
  share: KeptShare,
  entry: ShareEntry,
): Promise<void> {
  const { people } = ceremony.ports;
  const signers = signersOf(ceremony, step.by, entry);
  people.tell({
    kind: 'progress',
    text: `${signers.map(({ name }) => name).join(' and ')} sign what is on record of ${shareName(set, share)}`,
  });
  const said: JsonObject = {
    act: entry.act,
    set: set.set,
    index: share.index,
    holder: entry.holder,
    to: entry.to,
    why: entry.why,
  };
  // SECURITY(K-333): of this share, of this moment, by who has it and by who watches.
  const record = await signAtHead(ceremony, signers, PAYLOAD_TYPES.share, {
    format: 'keyrite-share/1',
    mode: ceremony.name.mode,
    ceremony: ceremony.name.id,
    step: step.id,
    ...said,
    commitment: share.commitment,
  });
  await ceremony.append({
    type: 'fact.recorded',
    step: step.id,
    by: signers.map(({ id }) => id),
    body: { fact: SHARE, value: { ...said, record } },
  });
}

/** Who watches: one of the positions that the step names, by role. */
export function watcherOf(ceremony: Ceremony, by: readonly string[]): RosterEntry {
  const there = by.flatMap((position) => ceremony.peopleOf(position)).map((id) => ceremony.participant(id));
  const found = there.find(({ roles }) => roles.includes('witness') || roles.includes('auditor'));
  if (found !== undefined) return found;
  throw nobodyPresent(`nobody who watches of ${by.join(', ')} is present`);
}

function signersOf(ceremony: Ceremony, by: readonly string[], { act, holder, to }: ShareEntry): RosterEntry[] {
  const watcher = watcherOf(ceremony, by);
  const isHolders = act === 'proven' || act === 'transferred' || act === 'destroyed';
  const [operator] = ceremony.record.presentWith('crypto-administrator');
  if (!isHolders && operator === undefined) throw nobodyPresent('no crypto administrator is present');
  const others = isHolders ? [ceremony.participant(holder)] : operator === undefined ? [] : [operator];
  const all = [watcher, ...others, ...(to === null ? [] : [ceremony.participant(to)])];
  return all.sort((one, other) => (one.id < other.id ? -1 : 1));
}
