/** Loading the master key into the new register of each unit: one signed command per share, the key with the last. */
import type { SigningKey } from '../../command/dsse';
import { act } from '../act';
import type { Ceremony } from '../ceremony';
import { commandUnit } from '../unit-command';
import { readUnit } from '../units';
import type { StepHandler } from './handler';
import { currentSet, custodianOf } from './master-key';

/** Loads what the custodians read back. Where the share process is gone, they enter their shares again first. */
export const loadMasterKey: StepHandler<'master-key.load'> = async (ceremony, step) => {
  const set = currentSet(ceremony);
  for (const unit of step.units) {
    await readUnit(ceremony, step.id, unit);
    if (!isLoaded(ceremony, step.id, unit, set.shares.length)) await ensureEntered(ceremony, step.id);
    for (const [position, share] of set.shares.entries()) {
      const custodian = custodianOf(ceremony, set, share.index);
      const completes = position === set.shares.length - 1;
      await commandUnit(ceremony, {
        step: step.id,
        unit,
        name: `load-${String(share.index)}`,
        payload: {
          command: 'master-key.load',
          set: set.set,
          index: share.index,
          of: set.shares.length,
          commitment: share.commitment,
        },
        signers: [custodian],
        custodians: { [custodian]: keyOf(ceremony, custodian) },
        expected: completes ? { new: 'full-uncommitted', pattern: set.pattern } : { loaded: position + 1 },
        ...(completes ? { delivery: { pattern: set.pattern, wrap: () => wrapFor(ceremony, step.id, unit) } } : {}),
      });
    }
  }
  await ceremony.ports.shares.end();
  return { result: { set: set.set, units: step.units, pattern: set.pattern } };
};

/** An import key made in the unit, and the master key wrapped to it by the share process. */
async function wrapFor(ceremony: Ceremony, step: string, unit: string): Promise<string> {
  const { devices, shares } = ceremony.ports;
  const known = ceremony.record.unit(unit);
  if (known === null) throw new Error(`unit ${unit} is not known yet`);
  await ensureEntered(ceremony, step);
  const importKey = await devices.makeImportKey(unit);
  await ceremony.recordFact(step, 'import-key', {
    unit,
    spki: importKey.spki,
    bits: importKey.bits,
    oaep: importKey.oaep,
    signature: importKey.signature,
  });
  return shares.wrapMasterKey(importKey, {
    identitySpki: known.identitySpki,
    identityAlgorithm: known.identityAlgorithm,
  });
}

/** Whether the load that completes the set is on record for this unit. */
function isLoaded(ceremony: Ceremony, step: string, unit: string, shares: number): boolean {
  return ceremony.record.act(step, `${unit}/load-${String(shares)}`)?.status === 'done';
}

/** The share process of the set must be alive with every share read back; else the custodians enter what is missing. */
async function ensureEntered(ceremony: Ceremony, step: string): Promise<void> {
  const { shares } = ceremony.ports;
  const set = currentSet(ceremony);
  for (;;) {
    if (!shares.holds(set.set)) {
      await shares.end();
      await shares.reopen(set);
    }
    const missing = set.shares.findIndex((share) => !shares.entered().includes(share.index));
    if (missing === -1) return;
    await enterShare(ceremony, step, missing);
  }
}

/** One custodian enters a share. Where the share process ended meanwhile, that is the outcome, and the caller begins again. */
async function enterShare(ceremony: Ceremony, step: string, position: number): Promise<void> {
  const { shares, people } = ceremony.ports;
  const set = currentSet(ceremony);
  const share = set.shares[position];
  if (share === undefined) throw new Error(`there is no share ${String(position + 1)}`);
  const custodian = custodianOf(ceremony, set, share.index);
  people.tell({
    kind: 'progress',
    text: `${ceremony.participant(custodian).name} enters share ${String(share.index)} of ${String(set.shares.length)}`,
  });
  const about = { set: set.set, index: share.index, custodian };
  await act(ceremony, {
    step,
    key: entryKey(ceremony, step, share.index),
    operation: 'enter share',
    unit: null,
    parameters: about,
    expected: { entered: true },
    by: [custodian],
    perform: async () => {
      if (!shares.holds(set.set)) return { result: { ...about, entered: false } };
      await shares.enter(share.index, custodian);
      return { result: { ...about, entered: true } };
    },
    observe: () => Promise.resolve({ verdict: 'not-applied', observed: { note: 'not entered' } }),
  });
}

/** A fresh key, since a share may have to be entered several times; an entry that a crash interrupted keeps its own. */
function entryKey(ceremony: Ceremony, step: string, index: number): string {
  const { acts } = ceremony.record.step(step);
  const ending = `/share-${String(index)}`;
  const interrupted = [...acts].find(
    ([key, { status }]) => key.startsWith('entry-') && key.endsWith(ending) && status === 'open',
  );
  return interrupted?.[0] ?? `entry-${String(acts.size)}${ending}`;
}

function keyOf(ceremony: Ceremony, custodian: string): SigningKey {
  const { key } = ceremony.participant(custodian);
  return { algorithm: key.algorithm, spki: key.spki };
}
