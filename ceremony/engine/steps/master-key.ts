/** The master key as shares: made in the share process, handed out, read back. */
import type { JsonObject } from '../../canonical-json';
import { DeviceError } from '../../command/device-error';
import { act } from '../act';
import type { Ceremony } from '../ceremony';
import type { ShareSet } from '../ports';
import type { StepHandler } from './handler';

/** Makes the master key as components; commitments and the verification pattern go on record, nothing else leaves the share process. */
export const generateMasterKey: StepHandler<'master-key.generate'> = async (ceremony, step) => {
  await makeSet(ceremony, step.id, 'set');
  return { result: { set: currentSet(ceremony).set } };
};

/** Shows each custodian their share and has it read back. Shares of a set whose process died before the end are void. */
export const distributeShares: StepHandler<'shares.distribute'> = async (ceremony, step) => {
  for (;;) {
    if (ceremony.record.set === null) {
      await makeSet(ceremony, step.id, `set-${String(ceremony.record.step(step.id).acts.size + 1)}`);
    }
    const set = currentSet(ceremony);
    if (await handOutAll(ceremony, step.id, set)) {
      return { result: { set: set.set, shares: set.shares.length, readBack: set.shares.length } };
    }
    ceremony.ports.people.tell({
      kind: 'warning',
      text: `The share process of set ${set.set} ended before every share was handed out. The set is void: destroy every worksheet of it.`,
    });
    await ceremony.recordFact(step.id, 'share-set.voided', { set: set.set, reason: 'its share process ended' });
  }
};

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
    throw away(`${ceremony.participant(holder).name}, who holds share ${String(index)}, is not present`);
  }
  const custodians = ceremony.peopleOf(ceremony.plan.masterKey?.custodians ?? '');
  const free = custodians.find((id) => !holders.includes(id));
  if (free !== undefined) return free;
  throw away(`no custodian is present to take share ${String(index)}`);
}

function away(message: string): DeviceError {
  return new DeviceError({
    code: 'NOBODY_PRESENT',
    message,
    changed: 'Nothing was changed.',
    next: 'Whoever is missing proves presence first; then go on.',
    uncertain: false,
  });
}

/** The share set on record. Throws when there is none. */
export function currentSet(ceremony: Ceremony): ShareSet {
  const { set } = ceremony.record;
  if (set === null) throw new Error('there is no share set on record');
  return set;
}

async function makeSet(ceremony: Ceremony, step: string, key: string): Promise<void> {
  const count = ceremony.plan.masterKey?.shares;
  if (count === undefined) throw new Error('the plan has no master key');
  const { shares } = ceremony.ports;
  await act(ceremony, {
    step,
    key,
    operation: 'generate master key',
    unit: null,
    parameters: { scheme: 'components', shares: count },
    expected: { shares: count },
    perform: async () => ({ result: { shareSet: setRecord(await shares.generate(count)) } }),
    observe: () =>
      Promise.resolve({ verdict: 'not-applied', observed: { note: 'a set lives in its share process only' } }),
  });
}

/** Hands out every share that is not on record as read back; false when the share process no longer holds the set. */
async function handOutAll(ceremony: Ceremony, step: string, set: ShareSet): Promise<boolean> {
  for (const share of set.shares) {
    const custodian = custodianOf(ceremony, set, share.index);
    if (!(await handOut(ceremony, step, set, share.index, custodian))) return false;
  }
  return true;
}

async function handOut(
  ceremony: Ceremony,
  step: string,
  set: ShareSet,
  index: number,
  custodian: string,
): Promise<boolean> {
  const { shares, people } = ceremony.ports;
  const name = ceremony.participant(custodian).name;
  const about = { set: set.set, index, custodian };
  const result = await act(ceremony, {
    step,
    key: `${set.set.slice(0, 8)}/share-${String(index)}`,
    operation: 'hand out share',
    unit: null,
    parameters: about,
    expected: { readBack: true },
    by: [custodian],
    perform: async () => {
      if (!shares.holds(set.set)) return { result: { ...about, readBack: false } };
      people.tell({
        kind: 'progress',
        text: `${name} receives share ${String(index)} of ${String(set.shares.length)}`,
      });
      await shares.show(index, custodian);
      await shares.enter(index, custodian);
      return { result: { ...about, readBack: true } };
    },
    observe: () => Promise.resolve({ verdict: 'not-applied', observed: { note: 'not read back' } }),
  });
  return result['readBack'] === true;
}

function setRecord(set: ShareSet): JsonObject {
  return { ...set, shares: set.shares.map((one) => ({ ...one })) };
}
