/** Administrators of operational units: added, removed, and how many of them must sign. Successors are proven before anybody goes. */
import type { UnitState } from '../../command/unit-state';
import { administrator, administratorsPresent } from '../administrators';
import type { Ceremony } from '../ceremony';
import { commandUnit } from '../unit-command';
import { readUnit } from '../units';
import type { StepHandler } from './handler';

/** Adds the present people of a position: each proves their key, and the signature threshold signs. */
export const addAdministrators: StepHandler<'unit.administrators.add'> = async (ceremony, step) => {
  const people = ceremony.presentOf([step.administrators]);
  for (const unit of step.units) {
    for (const id of people) {
      const state = await stateOf(ceremony, step.id, unit);
      await commandUnit(ceremony, {
        step: step.id,
        unit,
        name: `add-${id}`,
        payload: { command: 'administrator.add', administrator: administrator(ceremony, id) },
        signers: [id, ...administratorsPresent(ceremony, unit, state.signatureThreshold)],
        expected: { administrator: id },
      });
    }
  }
  return { result: { units: step.units, administrators: people } };
};

/** Removes everybody of a position who is an administrator, present or not, by the signatures of the revocation threshold. */
export const removeAdministrators: StepHandler<'unit.administrators.remove'> = async (ceremony, step) => {
  const people = ceremony.boundTo(step.administrators);
  for (const unit of step.units) {
    for (const id of people) {
      const state = await stateOf(ceremony, step.id, unit);
      const leaving = state.administrators.find((one) => one.id === id);
      if (leaving === undefined) continue;
      await commandUnit(ceremony, {
        step: step.id,
        unit,
        name: `remove-${id}`,
        payload: { command: 'administrator.remove', administrator: leaving },
        signers: administratorsPresent(ceremony, unit, state.revocationThreshold, people),
        expected: { removed: id },
      });
    }
  }
  return { result: { units: step.units, removed: people } };
};

/** Sets both thresholds, by as many signatures as the old and the new signature threshold ask. */
export const setThresholds: StepHandler<'unit.thresholds'> = async (ceremony, step) => {
  const { signatureThreshold, revocationThreshold } = step;
  for (const unit of step.units) {
    const { administrators, ...state } = await stateOf(ceremony, step.id, unit);
    const needed = Math.max(state.signatureThreshold, signatureThreshold);
    await commandUnit(ceremony, {
      step: step.id,
      unit,
      name: 'thresholds',
      payload: { command: 'thresholds.set', signatureThreshold, revocationThreshold, administrators },
      signers: administratorsPresent(ceremony, unit, needed),
      expected: { signatureThreshold, revocationThreshold },
    });
  }
  return { result: { units: step.units, signatureThreshold, revocationThreshold } };
};

/** A unit's state on record; one with a history that no step has read yet is read, and must be the one that the binding names. */
async function stateOf(ceremony: Ceremony, step: string, unit: string): Promise<UnitState> {
  return (ceremony.record.unit(unit) ?? (await readUnit(ceremony, step, unit)).known).state;
}
