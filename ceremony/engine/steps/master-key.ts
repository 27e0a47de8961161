/** The master key as shares: made in the share process, handed out, read back. */
import type { JsonObject } from '../../canonical-json';
import { hex } from '../../check-value';
import { sharedKeyOf, insideOneUnit } from '../../plan/master-key-scheme';
import { act } from '../act';
import { administratorsPresent } from '../administrators';
import type { Ceremony } from '../ceremony';
import { takeTurn } from '../custodian-turn';
import { nobodyPresent } from '../nobody-present';
import { handOverShare, takeShareBack, whatCustodiansHave } from '../custody-forms';
import type { ShareSet, ShareSetShape } from '../ports';
import { commandUnit } from '../unit-command';
import { readUnit } from '../units';
import { UnitsRandom } from '../units-random';
import type { StepHandler } from './handler';

/** Makes the master key and its shares; commitments and the verification pattern go on record, nothing else leaves the share process. */
export const generateMasterKey: StepHandler<'master-key.generate'> = async (ceremony, step) => {
  const inside = insideOneUnit(ceremony.plan);
  if (inside !== null)
    return { result: { pattern: await makeInside(ceremony, step.id, inside.unit), units: [inside.unit] } };
  await makeSet(ceremony, step.id, 'set');
  return { result: { set: currentSet(ceremony).set } };
};

/** Has the unit make the key in its new register, by one administrator's command. Resolves with its pattern. */
async function makeInside(ceremony: Ceremony, step: string, unit: string): Promise<string> {
  await readUnit(ceremony, step, unit);
  await commandUnit(ceremony, {
    step,
    unit,
    name: 'generate',
    payload: { command: 'master-key.generate', key: hex(ceremony.ports.random(16)) },
    signers: administratorsPresent(ceremony, unit, 1),
    expected: { new: 'full-uncommitted' },
  });
  const { madeInside } = ceremony.record;
  if (madeInside === null) throw new Error(`unit ${unit} made a master key and showed no pattern`);
  ceremony.ports.people.tell({
    kind: 'result',
    text: `${unit} made its master key. Verification pattern: ${madeInside.pattern}`,
  });
  return madeInside.pattern;
}

/** Shows each custodian their share and has it read back. Shares of a set whose process died before the end are void. */
export const distributeShares: StepHandler<'shares.distribute'> = async (ceremony, step) => {
  for (;;) {
    if (ceremony.record.set === null) await makeSet(ceremony, step.id, anotherSet(ceremony, step.id));
    const set = currentSet(ceremony);
    if (await handOutAll(ceremony, step.id, set)) {
      return { result: { set: set.set, shares: set.shares.length, readBack: set.shares.length } };
    }
    ceremony.ports.people.tell({
      kind: 'warning',
      text: `The share process of set ${set.set} ended before every share was handed out. The set is void: destroy ${whatCustodiansHave(ceremony)}.`,
    });
    await ceremony.recordFact(step.id, 'share-set.voided', { set: set.set, reason: 'its share process ended' });
  }
};

/** How the act that makes another set is named; one that a crash interrupted keeps its name, so that it is answered. */
function anotherSet(ceremony: Ceremony, step: string): string {
  const { acts } = ceremony.record.step(step);
  const interrupted = [...acts].find(([key, { status }]) => /^set-[0-9]+$/.test(key) && status === 'open');
  return interrupted?.[0] ?? `set-${String(acts.size + 1)}`;
}

/**
 * Who has, or is to get, a share of the set: whoever read it back, else the first custodian present who has none yet.
 *
 * @throws DeviceError `NOBODY_PRESENT` when they are not present
 */
export function custodianOf(ceremony: Ceremony, set: ShareSet, index: number): string {
  const holders = set.shares.map((share) => ceremony.record.shareHolder(set.set, share.index));
  const holder = holders[set.shares.findIndex((share) => share.index === index)] ?? null;
  if (holder !== null) {
    if (ceremony.record.isPresent(holder)) return holder;
    throw nobodyPresent(`${ceremony.participant(holder).name}, who holds share ${String(index)}, is not present`);
  }
  const custodians = ceremony.peopleOf(sharedKeyOf(ceremony.plan)?.custodians ?? '');
  const free = custodians.find((id) => !holders.includes(id));
  if (free !== undefined) return free;
  throw nobodyPresent(`no custodian is present to take share ${String(index)}`);
}

/** The share set on record. Throws when there is none. */
export function currentSet(ceremony: Ceremony): ShareSet {
  const { set } = ceremony.record;
  if (set === null) throw new Error('there is no share set on record');
  return set;
}

async function makeSet(ceremony: Ceremony, step: string, key: string): Promise<void> {
  const shape = shapeOf(ceremony);
  const { shares } = ceremony.ports;
  await act(ceremony, {
    step,
    key,
    operation: 'generate master key',
    unit: null,
    parameters: {
      scheme: shape.scheme,
      shares: shape.count,
      ...(isThreshold(shape) ? { threshold: shape.threshold } : {}),
      ...(shape.bytes === 32 ? {} : { bytes: shape.bytes }),
    },
    expected: { shares: shape.count },
    perform: async () => {
      const random = new UnitsRandom(ceremony);
      const { set, mixed } = await shares.generate(shape, random.units, random.draw);
      return { result: { shareSet: setRecord(set), randomness: random.told(mixed) } };
    },
    observe: () =>
      Promise.resolve({ verdict: 'not-applied', observed: { note: 'a set lives in its share process only' } }),
  });
}

/** What set the plan asks for. Throws when it has no master key. */
export function shapeOf({ plan }: Ceremony): ShareSetShape {
  const shared = sharedKeyOf(plan);
  if (shared === null) throw new Error('the plan has no master key in shares');
  return { scheme: shared.scheme, threshold: shared.needed, count: shared.shares, bytes: shared.bytes };
}

function isThreshold({ scheme }: ShareSetShape): boolean {
  return scheme === 'threshold';
}

/** Hands out every share, and every copy, that is not on record as read back; false when the share process no longer holds the set. */
export async function handOutAll(ceremony: Ceremony, step: string, set: ShareSet): Promise<boolean> {
  for (const { index } of set.shares) {
    const copies = copiesOf(ceremony, index);
    for (const [at, copy] of [null, ...copies].entries()) {
      const custodian = copy === null ? custodianOf(ceremony, set, index) : alternateOf(ceremony, set, index, copy);
      if (!(await handOut(ceremony, step, set, { index, custodian, copy, more: at < copies.length }))) return false;
    }
  }
  return true;
}

/** Positions whose people hold copies of a share. */
function copiesOf({ plan }: Ceremony, index: number): readonly string[] {
  const all = sharedKeyOf(plan)?.copiesOf ?? [];
  return all.filter(({ of }) => of.includes(index)).map(({ position }) => position);
}

/** Who has, or is to get, the copy of a share that people of a position hold. Throws as {@link custodianOf}. */
function alternateOf(ceremony: Ceremony, set: ShareSet, index: number, position: string): string {
  const { record } = ceremony;
  const holder = record.shareHolder(set.set, index, position);
  if (holder !== null) return holder;
  const taken = set.shares.map((share) => record.shareHolder(set.set, share.index, position));
  const free = ceremony.peopleOf(position).find((id) => !taken.includes(id));
  if (free !== undefined) return free;
  throw nobodyPresent(`nobody of ${position} is present to take a copy of share ${String(index)}`);
}

/** Somebody who has the share and is present: its custodian, or else whoever holds a copy. Throws as {@link custodianOf}. */
export function loaderOf(ceremony: Ceremony, set: ShareSet, index: number): string {
  const present = holdersOf(ceremony, set, index).find((id) => ceremony.record.isPresent(id));
  return present ?? custodianOf(ceremony, set, index);
}

/** Everybody who read the share back: its custodian first, then those who hold copies. */
export function holdersOf(ceremony: Ceremony, set: ShareSet, index: number): readonly string[] {
  const places = [null, ...copiesOf(ceremony, index)];
  return places.flatMap((copy) => ceremony.record.shareHolder(set.set, index, copy) ?? []);
}

/** One share on its way to somebody. */
interface Handed {
  readonly index: number;
  readonly custodian: string;
  /** Position whose copy it is; null for the share itself. */
  readonly copy: string | null;
  /** Whether a copy of it is made after this. */
  readonly more: boolean;
}

async function handOut(
  ceremony: Ceremony,
  step: string,
  set: ShareSet,
  { index, custodian, copy, more }: Handed,
): Promise<boolean> {
  const { shares, people } = ceremony.ports;
  const name = ceremony.participant(custodian).name;
  const about = { set: set.set, index, custodian, ...(copy === null ? {} : { copy }) };
  await takeTurn(ceremony, step, custodian);
  const result = await act(ceremony, {
    step,
    key: `${set.set.slice(0, 8)}/share-${String(index)}${copy === null ? '' : `/${copy}`}`,
    operation: copy === null ? 'hand out share' : 'hand out copy of share',
    unit: null,
    parameters: about,
    expected: { readBack: true },
    by: [custodian],
    perform: async () => {
      if (!shares.holds(set.set)) return { result: { ...about, readBack: false } };
      people.tell({
        kind: 'progress',
        text: `${name} receives ${copy === null ? '' : 'a copy of '}share ${String(index)} of ${String(set.shares.length)}`,
      });
      // A share of which copies are made is on worksheets, like its copies: the plan is refused otherwise.
      if (copy !== null || more) {
        await shares.show(index, custodian);
        await shares.enter(index, custodian, { copy: copy !== null, more });
        return { result: { ...about, readBack: true } };
      }
      const custody = await handOverShare(ceremony, index, custodian);
      await takeShareBack(ceremony, index, custodian);
      return { result: { ...about, readBack: true, ...(custody === null ? {} : { custody }) } };
    },
    observe: () => Promise.resolve({ verdict: 'not-applied', observed: { note: 'not read back' } }),
  });
  return result['readBack'] === true;
}

/** A set as an outcome has it. */
export function setRecord(set: ShareSet): JsonObject {
  return { ...set, shares: set.shares.map((one) => ({ ...one })) };
}
