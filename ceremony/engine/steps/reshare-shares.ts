/**
 * A new set of shares for the same master key, while every unit stays as it is: as many custodians of the old set as are
 * needed enter their shares, the share process brings the key back, holds it against the pattern of the record, and makes
 * the new set. The old one is replaced only once every new share was read back and had its part in giving the pattern.
 */
import { heldShares, type KeptSet } from '../../custody/share-sets';
import { SET_REPLACED } from '../../transcript/fact-names';
import { act } from '../act';
import type { Ceremony } from '../ceremony';
import { keptFormOf } from '../../plan/share-forms';
import { takeBackAs, takeShareBack } from '../custody-forms';
import { nobodyPresent } from '../nobody-present';
import type { ShareSet } from '../ports';
import { ensureEntered } from './entering';
import type { StepHandler } from './handler';
import { keptSet, openable, shareName } from './kept-shares';
import { currentSet, custodianOf, handOutAll, setRecord, shapeOf } from './master-key';

/** Makes, hands out and proves the new set; shares of one whose process died before the end are void. */
export const reshareShares: StepHandler<'shares.reshare'> = async (ceremony, step) => {
  const old = keptSet(ceremony, step.set);
  for (;;) {
    if (ceremony.record.set === null) await makeFrom(ceremony, step.id, old);
    const set = currentSet(ceremony);
    if (old.state === 'current' && !(await handOutAll(ceremony, step.id, set))) {
      await voidSet(ceremony, step.id, set);
      continue;
    }
    if (old.state === 'current') await prove(ceremony, step.id, old, set);
    if (!isLoadedLater(ceremony, step.id)) await ceremony.ports.shares.end();
    return { result: { set: set.set, replaces: old.set, shares: set.shares.length, readBack: set.shares.length } };
  }
};

/** One try: custodians of the old set enter their shares, and the new one is made of them, unless the process ended meanwhile. */
async function makeFrom(ceremony: Ceremony, step: string, old: KeptSet): Promise<void> {
  const { shares } = ceremony.ports;
  const holderOf = (index: number): string | null =>
    heldShares(old).find(({ share, holder }) => share.index === index && ceremony.record.isPresent(holder.id))?.holder
      .id ?? null;
  await ensureEntered(ceremony, step, {
    set: openable(old),
    needed: old.threshold,
    named: 'old-share-',
    custodianOf: (index) => holderOf(index) ?? notThere(old, index),
    mayEnter: (index) => holderOf(index) !== null,
    takeBack: (index, custodian) =>
      takeBackAs(ceremony, keptFormOf(ceremony.plan, old.id, index), { set: old.set, index }, custodian),
  });
  const shape = shapeOf(ceremony);
  await act(ceremony, {
    step,
    key: setKey(ceremony, step),
    operation: 'make new set of shares',
    unit: null,
    parameters: { scheme: shape.scheme, shares: shape.count, threshold: shape.threshold, replaces: old.set },
    expected: { shares: shape.count, pattern: old.pattern },
    perform: async () => {
      if (!shares.holds(old.set)) return { result: { replaces: old.set, entered: false } };
      return { result: { shareSet: setRecord(await shares.reshare(shape)), replaces: old.set } };
    },
    observe: () =>
      Promise.resolve({ verdict: 'not-applied', observed: { note: 'a set lives in its share process only' } }),
  });
}

/** `set`, then `set-2` and so on; a try that a crash interrupted keeps its own. */
function setKey(ceremony: Ceremony, step: string): string {
  const tries = [...ceremony.record.step(step).acts].filter(([key]) => /^set(-[0-9]+)?$/.test(key));
  const interrupted = tries.find(([, { status }]) => status === 'open');
  return interrupted?.[0] ?? (tries.length === 0 ? 'set' : `set-${String(tries.length + 1)}`);
}

/** Every new share was read back; those that the share process forgot since are entered once more. */
async function prove(ceremony: Ceremony, step: string, old: KeptSet, set: ShareSet): Promise<void> {
  const { shares, people } = ceremony.ports;
  await ensureEntered(ceremony, step, {
    set,
    needed: set.shares.length,
    named: 'share-',
    custodianOf: (index) => custodianOf(ceremony, set, index),
    mayEnter: () => true,
    takeBack: (index, custodian) => takeShareBack(ceremony, index, custodian),
  });
  await shares.proveWhole();
  // SECURITY(K-332): only now, and for good: from here on the old shares are for being destroyed.
  await ceremony.recordFact(step, SET_REPLACED, { set: old.set, by: set.set, pattern: set.pattern });
  people.tell({
    kind: 'result',
    text: `Every share of the new set ${set.set.slice(0, 8)} was read back, and they give the master key of the verification pattern ${set.pattern}. The old set ${old.set.slice(0, 8)} is replaced`,
  });
}

async function voidSet(ceremony: Ceremony, step: string, { set }: ShareSet): Promise<void> {
  ceremony.ports.people.tell({
    kind: 'warning',
    text: `The share process of set ${set} ended before every share was handed out. The set is void, and the old one counts as before. Destroy every worksheet of the new set: together they would give the master key.`,
  });
  await ceremony.recordFact(step, 'share-set.voided', { set, reason: 'its share process ended' });
}

/** Whether units are loaded with the new set afterwards: then its shares stay in the share process. */
function isLoadedLater(ceremony: Ceremony, step: string): boolean {
  const { steps } = ceremony.plan;
  const place = steps.findIndex(({ id }) => id === step);
  return steps.slice(place + 1).some(({ action }) => action === 'master-key.load');
}

function notThere(old: KeptSet, index: number): never {
  throw nobodyPresent(`nobody who has ${shareName(old, { index })} is present, and all shares of the set are needed`);
}
