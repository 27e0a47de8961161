/**
 * The custody ledger: cards, media and envelopes under seal, and what may be done with each next. Its balance goes from one
 * ceremony's bundle to the next one's binding. Checker, engine, verifier and report use these same rules.
 */
import * as v from 'valibot';
import { Id, Name, Sha256Hex } from '../text-forms';

/** What a material can be. */
export const MATERIAL_KINDS = ['card', 'medium', 'seal', 'form', 'other'] as const;
/** One of {@link MATERIAL_KINDS}. */
export type MaterialKind = (typeof MATERIAL_KINDS)[number];

/**
 * What is done with an object: it comes into custody under a seal that it has, its seal is broken, it is put under a new
 * seal, it is destroyed.
 */
export const CUSTODY_ACTS = ['in', 'opened', 'closed', 'destroyed'] as const;
/** One of {@link CUSTODY_ACTS}. */
export type CustodyAct = (typeof CUSTODY_ACTS)[number];

/** What is so of an object; `absent` is one that the ledger does not have. */
export type CustodyState = 'absent' | 'sealed' | 'open' | 'destroyed';

/** Most objects of a ledger. */
export const MOST_OBJECTS = 1000;

const named = { object: Id, kind: v.picklist(MATERIAL_KINDS) };

/** An object of the ledger: sealed, with the number of its seal and its place; or open, or destroyed, and then in no place. */
export const LedgerObject = v.variant('state', [
  v.strictObject({ ...named, state: v.literal('sealed'), seal: Name, place: Name }),
  v.strictObject({ ...named, state: v.picklist(['open', 'destroyed']), seal: v.null(), place: v.null() }),
]);
/** See the schema of the same name. */
export type LedgerObject = v.InferOutput<typeof LedgerObject>;

/** The balance at the end of an earlier ceremony, as a binding carries it. */
export const Balance = v.strictObject({
  /** That ceremony, and the root of its last checkpoint in lower-case hex. */
  from: v.strictObject({ ceremony: Id, root: Sha256Hex }),
  objects: v.pipe(v.array(LedgerObject), v.maxLength(MOST_OBJECTS)),
});
/** See the schema of the same name. */
export type Balance = v.InferOutput<typeof Balance>;

/** Objects by their ids. */
export type Ledger = ReadonlyMap<string, LedgerObject>;

/** One act on one object. */
export interface CustodyEntry {
  readonly object: string;
  readonly kind: MaterialKind;
  readonly act: CustodyAct;
  /** `in` and `closed`: the seal that it is under. Else the seal that was found on it; null where it was open. */
  readonly seal: string | null;
  /** `in` and `closed`: where it is kept from now on. Else null. */
  readonly place: string | null;
}

/** What keeps an entry out of the ledger; a `seal` that differs may be excepted, nothing else. */
export interface EntryFault {
  readonly what: 'order' | 'seal';
  /** About the object, without its name: `is destroyed already`. */
  readonly text: string;
}

/** The ledger that a binding begins with; empty without a balance. */
export function ledgerFrom(balance: Balance | undefined): Ledger {
  return new Map((balance?.objects ?? []).map((one) => [one.object, one]));
}

/** The objects of a ledger, by the order of their ids. */
export function objectsOf(ledger: Ledger): LedgerObject[] {
  return [...ledger.values()].sort((one, other) => (one.object < other.object ? -1 : 1));
}

/** What is so of an object in a ledger. */
export function stateIn(ledger: Ledger, object: string): CustodyState {
  return ledger.get(object)?.state ?? 'absent';
}

/** The state that an act leads to; null when the act is not possible in `state`. */
export function stateAfter(state: CustodyState, act: CustodyAct): CustodyState | null {
  return NEXT[act].from.includes(state) ? NEXT[act].to : null;
}

const NEXT: Readonly<Record<CustodyAct, { readonly from: readonly CustodyState[]; readonly to: CustodyState }>> = {
  in: { from: ['absent'], to: 'sealed' },
  opened: { from: ['sealed'], to: 'open' },
  closed: { from: ['absent', 'open'], to: 'sealed' },
  destroyed: { from: ['sealed', 'open'], to: 'destroyed' },
};

/** Why an act is not possible in a state, about the object: `is destroyed already`. */
export const STATE_WORDS: Readonly<Record<CustodyState, string>> = {
  absent: 'is not in custody',
  sealed: 'is under seal already',
  open: 'is open already',
  destroyed: 'is destroyed already',
};

/** Whether a seal is put on with the act, so that number and place are stated; else the number found is. */
export function putsSeal(act: CustodyAct): boolean {
  return act === 'in' || act === 'closed';
}

/** What keeps an entry out of the ledger; null when it may be entered. */
export function entryFault(ledger: Ledger, entry: CustodyEntry): EntryFault | null {
  const before = ledger.get(entry.object);
  const state = before?.state ?? 'absent';
  if (stateAfter(state, entry.act) === null) return { what: 'order', text: STATE_WORDS[state] };
  if (putsSeal(entry.act)) {
    return entry.seal === null || entry.place === null
      ? { what: 'order', text: 'is put under seal without the number of the seal and a place' }
      : null;
  }
  if (entry.place !== null) return { what: 'order', text: 'is kept nowhere while it is not under seal' };
  const expected = before?.seal ?? null;
  if ((expected === null) !== (entry.seal === null)) {
    return { what: 'order', text: expected === null ? 'has no seal' : 'is under seal, and no number was read' };
  }
  // SECURITY(K-151): a seal that was changed while nobody looked is not opened as if it were the one on record.
  return expected === entry.seal
    ? null
    : { what: 'seal', text: `should be under the seal ${expected ?? ''}, and ${entry.seal ?? ''} was found` };
}

/** The ledger with an entry; whoever calls has looked at {@link entryFault}. */
export function entered(ledger: Ledger, { object, kind, act, seal, place }: CustodyEntry): Ledger {
  const next: LedgerObject =
    putsSeal(act) && seal !== null && place !== null
      ? { object, kind, state: 'sealed', seal, place }
      : { object, kind, state: act === 'destroyed' ? 'destroyed' : 'open', seal: null, place: null };
  return new Map([...ledger, [object, next]]);
}

/** Where an object is, in words: `under seal A-1 in the safe`. */
export function whereabouts(one: LedgerObject | undefined): string {
  if (one === undefined) return 'not in the ledger';
  return one.state === 'sealed' ? `under seal ${one.seal}, kept at: ${one.place}` : one.state;
}
