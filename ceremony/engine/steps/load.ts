/** Loading the master key into the new register of each unit: one signed command per share, the key with the last. */
import type { SigningKey } from '../../command/dsse';
import type { Ceremony } from '../ceremony';
import { takeShareBack } from '../custody-forms';
import type { ShareCommitment, ShareSet } from '../ports';
import { commandUnit, signFor, type UnitCommand } from '../unit-command';
import { readUnit } from '../units';
import { onEachUnit } from '../units-at-work';
import { ensureEntered, tooFew } from './entering';
import type { StepHandler } from './handler';
import { currentSet, holdersOf, loaderOf } from './master-key';

/** Loads what the custodians read back. Where the share process is gone, they enter their shares again first. */
export const loadMasterKey: StepHandler<'master-key.load'> = async (ceremony, step) => {
  const set = currentSet(ceremony);
  await onEachUnit(ceremony, step.units, 'Reading', (unit) => readUnit(ceremony, step.id, unit));
  if (step.units.some((unit) => !isLoaded(ceremony, step.id, unit, set))) await entered(ceremony, step.id);
  const completing = new Map<string, () => Promise<void>>();
  for (const unit of step.units) {
    const shares = sharesToLoad(ceremony, step.id, unit, set);
    for (const [position, share] of shares.entries()) {
      const command = loadOf(ceremony, step.id, unit, share, position);
      if (position < set.threshold - 1) await commandUnit(ceremony, command);
      else completing.set(unit, await signFor(ceremony, command));
    }
  }
  // Import keys, unwrapping and patterns take tokens their time, and nobody is needed for them.
  await onEachUnit(ceremony, step.units, 'Loading', (unit) => completing.get(unit)?.() ?? Promise.resolve());
  await ceremony.ports.shares.end();
  return { result: { set: set.set, units: step.units, pattern: set.pattern } };
};

/**
 * The shares that a unit is loaded with, as many as are needed, in the order of loading: those that it has, then others whose custodians are
 * present.
 */
function sharesToLoad(ceremony: Ceremony, step: string, unit: string, set: ShareSet): readonly ShareCommitment[] {
  const begun = set.shares.filter(({ index }) => statusOfLoad(ceremony, step, unit, index) !== undefined);
  const others = set.shares.filter((share) => !begun.includes(share) && mayEnter(ceremony, set, share.index));
  const chosen = [...begun, ...others].slice(0, set.threshold);
  if (chosen.length < set.threshold) throw tooFew(set.threshold, chosen.length);
  return chosen;
}

/** The load of one share, the last of which brings the key. */
function loadOf(ceremony: Ceremony, step: string, unit: string, share: ShareCommitment, position: number): UnitCommand {
  const set = currentSet(ceremony);
  const custodian = loaderOf(ceremony, set, share.index);
  const completes = position === set.threshold - 1;
  return {
    step,
    unit,
    name: `load-${String(share.index)}`,
    payload: {
      command: 'master-key.load',
      set: set.set,
      index: share.index,
      of: set.threshold,
      // Components need no other number, and their commands stay what they were.
      ...(set.scheme === 'threshold' ? { count: set.shares.length } : {}),
      commitment: share.commitment,
    },
    signers: [custodian],
    custodians: { [custodian]: keyOf(ceremony, custodian) },
    expected: completes ? { new: 'full-uncommitted', pattern: set.pattern } : { loaded: position + 1 },
    ...(completes ? { delivery: { pattern: set.pattern, wrap: () => wrapFor(ceremony, step, unit) } } : {}),
  };
}

/** An import key made in the unit, and the master key wrapped to it by the share process. */
async function wrapFor(ceremony: Ceremony, step: string, unit: string): Promise<string> {
  const { devices, shares } = ceremony.ports;
  const known = ceremony.record.unit(unit);
  if (known === null) throw new Error(`unit ${unit} is not known yet`);
  await ceremony.turns.shares.run(() => entered(ceremony, step));
  const planned = ceremony.plan.steps.find(({ id }) => id === step);
  const by = planned?.action === 'master-key.load' ? (planned.import ?? null) : null;
  const importKey = await devices.makeImportKey(unit, by);
  await ceremony.recordFact(step, 'import-key', { unit, ...importKey });
  return shares.wrapMasterKey(importKey, {
    identitySpki: known.identitySpki,
    identityAlgorithm: known.identityAlgorithm,
  });
}

/** Whether every load that the set needs is on record for this unit. */
function isLoaded(ceremony: Ceremony, step: string, unit: string, set: ShareSet): boolean {
  const done = set.shares.filter(({ index }) => statusOfLoad(ceremony, step, unit, index) === 'done');
  return done.length >= set.threshold;
}

function statusOfLoad(ceremony: Ceremony, step: string, unit: string, index: number): string | undefined {
  return ceremony.record.act(step, `${unit}/load-${String(index)}`)?.status;
}

/** Whether the custodian of a share can be asked for it. */
function mayEnter(ceremony: Ceremony, set: ShareSet, index: number): boolean {
  return holdersOf(ceremony, set, index).some((id) => ceremony.record.isPresent(id));
}

/** What units load is what the custodians of the current set entered. */
function entered(ceremony: Ceremony, step: string): Promise<void> {
  const set = currentSet(ceremony);
  return ensureEntered(ceremony, step, {
    set,
    needed: set.threshold,
    named: 'share-',
    custodianOf: (index) => loaderOf(ceremony, set, index),
    mayEnter: (index) => mayEnter(ceremony, set, index),
    takeBack: (index, custodian) => takeShareBack(ceremony, index, custodian),
  });
}

function keyOf(ceremony: Ceremony, custodian: string): SigningKey {
  const { key } = ceremony.participant(custodian);
  return { algorithm: key.algorithm, spki: key.spki };
}
