/** Loading the master key into the new register of each unit: one signed command per share, the key with the last. */
import type { SigningKey } from '../../command/dsse';
import { act } from '../act';
import type { Ceremony } from '../ceremony';
import { commandUnit } from '../unit-command';
import { readUnit } from '../units';
import type { StepHandler } from './handler';
import { currentSet, custodiansOf } from './master-key';

/** Loads what the custodians read back. Where the share process is gone, they enter their shares again first. */
export const loadMasterKey: StepHandler<'master-key.load'> = async (ceremony, step) => {
  const set = currentSet(ceremony);
  for (const unit of step.units) {
    await readUnit(ceremony, step.id, unit);
    for (const [position, share] of set.shares.entries()) {
      const custodian = custodiansOf(ceremony)[position];
      if (custodian === undefined) throw new Error(`no custodian for share ${String(share.index)}`);
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
        ...(completes ? { delivery: () => deliver(ceremony, step.id, unit) } : {}),
      });
    }
  }
  await ceremony.ports.shares.end();
  return { result: { set: set.set, units: step.units, pattern: set.pattern } };
};

/** An import key made in the unit, and the master key wrapped to it by the share process. */
async function deliver(ceremony: Ceremony, step: string, unit: string): Promise<{ wrapped: string; pattern: string }> {
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
  const wrapped = await shares.wrapMasterKey(importKey, {
    identitySpki: known.identitySpki,
    identityAlgorithm: known.identityAlgorithm,
  });
  return { wrapped, pattern: currentSet(ceremony).pattern };
}

/** The share process of the set must be alive with every share read back; else each custodian enters theirs again. */
async function ensureEntered(ceremony: Ceremony, step: string): Promise<void> {
  const { shares, people } = ceremony.ports;
  const set = currentSet(ceremony);
  if (shares.holds(set.set)) return;
  await shares.reopen(set);
  const tries = ceremony.record.step(step).acts.size;
  for (const [position, share] of set.shares.entries()) {
    const custodian = custodiansOf(ceremony)[position];
    if (custodian === undefined) throw new Error(`no custodian for share ${String(share.index)}`);
    people.tell({
      kind: 'progress',
      text: `${ceremony.participant(custodian).name} enters share ${String(share.index)} of ${String(set.shares.length)}`,
    });
    const about = { set: set.set, index: share.index, custodian };
    await act(ceremony, {
      step,
      key: `entry-${String(tries)}/share-${String(share.index)}`,
      operation: 'enter share',
      unit: null,
      parameters: about,
      expected: { entered: true },
      by: [custodian],
      perform: async () => {
        await shares.enter(share.index, custodian);
        return { result: { ...about, entered: true } };
      },
      observe: () => Promise.resolve({ verdict: 'not-applied', observed: { note: 'not entered' } }),
    });
  }
}

function keyOf(ceremony: Ceremony, custodian: string): SigningKey {
  const { key } = ceremony.participant(custodian);
  return { algorithm: key.algorithm, spki: key.spki };
}
