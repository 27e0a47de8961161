/**
 * Administrators of operational units: who may join them, who may go, and which thresholds they can reach. The rules are
 * those of `ceremony/command/apply.ts`, as far as a plan can know who will be there.
 */
import { MAX_ADMINISTRATORS } from '../command/unit-state';
import { counted, type Rule } from './finding';
import { withUnits, type CeremonyModel, type UnitModel } from './model';
import type { Plan, StepOf } from './schema';

/** What the walk through a plan lends to the rules of a step. */
export interface StepRules {
  /** People of the positions must have been called. `duty` in words, such as `sign for unit a`. */
  present(positions: readonly string[], duty: string): void;
  /** Those who hold the user PINs of the units must have been called. */
  userPin(units: readonly string[]): void;
  /** As many of the unit's administrators as its threshold asks must have been called. */
  threshold(unit: UnitModel, id: string): void;
  /** The unit must have left imprint mode. `what` in words, such as `loads a share`. */
  operational(id: string, unit: UnitModel, what: string): void;
  /** Looks at each of the units that the plan declares, once. */
  eachUnit(ids: readonly string[], look: (id: string, unit: UnitModel) => void): void;
  /** The step cannot be carried out: rule, why, what would make it possible. */
  error(rule: Rule, message: string, next: string): void;
}

/** The model after people of a position became administrators. */
export function administratorsAdded(
  plan: Plan,
  model: CeremonyModel,
  step: StepOf<'unit.administrators.add'>,
  rules: StepRules,
): CeremonyModel {
  const position = step.administrators;
  rules.present([position], 'become administrators');
  rules.userPin(step.units);
  rules.eachUnit(step.units, (id, unit) => {
    rules.operational(id, unit, 'takes another administrator by a signed command');
    rules.threshold(unit, id);
    if (unit.administrators === null) return;
    if (unit.administrators.includes(position)) {
      rules.error(
        'administrators-twice',
        `The people of ${position} are administrators of unit ${id} already.`,
        `Take ${id} out of this step, or name another position.`,
      );
      return;
    }
    const most = peopleOf(plan, [...unit.administrators, position], 'with alternates');
    if (most <= MAX_ADMINISTRATORS) return;
    rules.error(
      'too-many-people',
      `Unit ${id} could have ${String(most)} administrators by then, and a unit has at most ${String(MAX_ADMINISTRATORS)}.`,
      `Remove others from ${id} before this step, or lower the count or the alternates of ${position}.`,
    );
  });
  return withUnits(model, step.units, ({ administrators }) => ({
    administrators: administrators === null ? null : [...new Set([...administrators, position])],
  }));
}

/** The model after people of a position are administrators no longer. */
export function administratorsRemoved(
  plan: Plan,
  model: CeremonyModel,
  step: StepOf<'unit.administrators.remove'>,
  rules: StepRules,
): CeremonyModel {
  const position = step.administrators;
  rules.userPin(step.units);
  rules.eachUnit(step.units, (id, unit) => {
    rules.operational(id, unit, 'has administrators to remove');
    if (unit.administrators === null) return;
    if (!unit.administrators.includes(position)) {
      rules.error(
        'no-such-administrators',
        `The people of ${position} are no administrators of unit ${id} by then.`,
        `Take ${id} out of this step, or name one of ${unit.administrators.join(', ')}.`,
      );
      return;
    }
    const left = unit.administrators.filter((one) => one !== position);
    // Those who go may sign, and need not come.
    rules.present(left, `sign for unit ${id}`);
    const people = peopleOf(plan, left, 'without alternates');
    const highest = Math.max(unit.signatureThreshold ?? 0, unit.revocationThreshold ?? 0);
    if (people >= Math.max(highest, 1)) return;
    rules.error(
      'too-few-administrators',
      `Unit ${id} would be left with ${counted(people, 'administrator', 'administrators')} for a threshold of ${String(highest)}: nobody could command it.`,
      'Add their successors with `unit.administrators.add`, or lower the thresholds with `unit.thresholds`, before this step.',
    );
  });
  return withUnits(model, step.units, ({ administrators }) => ({
    administrators: administrators?.filter((one) => one !== position) ?? null,
  }));
}

/** The model after the thresholds were changed. */
export function thresholdsSet(
  plan: Plan,
  model: CeremonyModel,
  step: StepOf<'unit.thresholds'>,
  rules: StepRules,
): CeremonyModel {
  const { signatureThreshold, revocationThreshold } = step;
  rules.userPin(step.units);
  rules.eachUnit(step.units, (id, unit) => {
    rules.operational(id, unit, 'has thresholds to change');
    rules.threshold(unit, id);
    if (unit.administrators === null) return;
    const people = peopleOf(plan, unit.administrators, 'without alternates');
    const highest = Math.max(signatureThreshold, revocationThreshold);
    if (people >= highest) return;
    rules.error(
      'too-few-administrators',
      `Unit ${id} has ${counted(people, 'administrator', 'administrators')} by then, and a threshold of ${String(highest)} could never be reached.`,
      `Lower the thresholds, or add administrators to ${id} before this step.`,
    );
  });
  return withUnits(model, step.units, () => ({ signatureThreshold, revocationThreshold }));
}

function peopleOf(plan: Plan, positions: readonly string[], how: 'with alternates' | 'without alternates'): number {
  return plan.positions
    .filter(({ id }) => positions.includes(id))
    .reduce((sum, { count, alternates }) => sum + count + (how === 'with alternates' ? alternates : 0), 0);
}
