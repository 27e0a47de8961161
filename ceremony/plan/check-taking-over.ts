/**
 * What others made, and what only a vendor's tool may do: which units can be taken over, whose keys can become master keys,
 * and where a procedure can lead.
 */
import type { StepRules } from './check-administrators';
import { repeated } from './finding';
import { withUnits, type CeremonyModel, type UnitModel } from './model';
import type { Plan, StepOf } from './schema';
import type { DeclaredAfter } from './taking-over-schema';

/** The model after tokens of others became units. */
export function unitsAdopted(model: CeremonyModel, step: StepOf<'unit.adopt'>, rules: StepRules): CeremonyModel {
  rules.userPin(step.units);
  rules.eachUnit(step.units, (id, unit) => {
    if (unit.mode === 'foreign') return;
    const [why, next] =
      unit.mode === 'absent' || unit.mode === 'blank'
        ? [
            unit.mode === 'absent' ? 'has no token by then' : 'is blank by then: nobody has initialised it',
            `Initialise ${id} with \`unit.initialise\`, or have a \`vendor.procedure\` initialise it before this step.`,
          ]
        : ['is a unit of Keyrite by then, and has its identity', `Take ${id} out of this step.`];
    rules.error('unit-not-foreign', `Unit ${id} ${why}.`, next);
  });
  return withUnits(model, step.units, () => ({
    mode: 'imprint',
    administrators: null,
    signatureThreshold: 0,
    revocationThreshold: 0,
    new: 'empty',
    current: 'empty',
    verifiedWith: new Set(),
  }));
}

/** The model after keys of others became current master keys. */
export function masterKeysAdopted(
  model: CeremonyModel,
  step: StepOf<'master-key.adopt'>,
  rules: StepRules,
): CeremonyModel {
  rules.userPin(step.units);
  rules.eachUnit(step.units, (id, unit) => {
    rules.operational(id, unit, 'takes a master key over by a signed command');
    rules.threshold(unit, id);
    if (unit.current !== 'valid') return;
    rules.error(
      'current-register-taken',
      `Unit ${id} has a current master key by then.`,
      `Take ${id} out of this step: a second master key comes by rotation.`,
    );
  });
  return withUnits(model, step.units, () => ({ current: 'valid' }));
}

/** The model after keys of others were put on record under names. */
export function keysAdopted(model: CeremonyModel, step: StepOf<'key.adopt'>, rules: StepRules): CeremonyModel {
  const names = step.objects.map(({ name }) => name);
  for (const name of new Set([...repeated(names), ...names.filter((one) => model.keys.has(one))])) {
    rules.error('key-twice', `There is a key named ${name} already.`, 'Give each key another name.');
  }
  return { ...model, keys: new Set([...model.keys, ...names]) };
}

/** The model after a procedure, which is what the plan declares. */
export function procedureDone(
  plan: Plan,
  model: CeremonyModel,
  step: StepOf<'vendor.procedure'>,
  rules: StepRules,
): CeremonyModel {
  rules.present(step.by, 'carry the procedure out and confirm it');
  rules.userPin(step.after.filter(({ is }) => is !== 'blank').map(({ unit }) => unit));
  checkWitnesses(plan, step, rules);
  const declared = new Map(step.after.map((one) => [one.unit, one]));
  const wrong = [
    ...step.units.filter((id) => !declared.has(id)).map((id) => `nothing is declared of ${id}`),
    ...[...declared.keys()].filter((id) => !step.units.includes(id)).map((id) => `${id} is not in \`units\``),
    ...repeated(step.after.map(({ unit }) => unit)).map((id) => `${id} is declared twice`),
  ];
  if (wrong.length > 0) {
    rules.error(
      'after-not-declared',
      `\`after\` does not tell of each of the step's units once: ${wrong.join('; ')}.`,
      'Declare of each unit in `units` how it is found afterwards.',
    );
  }
  let next = model;
  rules.eachUnit(step.units, (id, unit) => {
    const after = declared.get(id);
    if (after === undefined) return;
    const problem = whyNot(unit, after);
    if (problem !== null) rules.error('after-impossible', `Unit ${id} ${problem.why}.`, problem.next);
    if (after.is !== 'as-before') next = withUnits(next, [id], () => ({ mode: after.is }));
  });
  return next;
}

/** Two people who work for different ends have seen it. */
function checkWitnesses(plan: Plan, step: StepOf<'vendor.procedure'>, rules: StepRules): void {
  const positions = plan.positions.filter(({ id }) => step.by.includes(id));
  // A position that is not declared is told of elsewhere.
  if (positions.length < new Set(step.by).size || new Set(positions.map(({ role }) => role)).size > 1) return;
  rules.error(
    'procedure-two-people',
    'Only people of one role confirm the procedure, of which the workstation sees nothing.',
    'Name in `by` positions of two different roles, a witness or an auditor among them.',
  );
}

function whyNot({ mode }: UnitModel, { is }: DeclaredAfter): { readonly why: string; readonly next: string } | null {
  const isOurs = mode === 'imprint' || mode === 'operational';
  if (is === 'as-before') {
    return isOurs
      ? null
      : {
          why: 'is no unit of Keyrite before the procedure, so nothing can be as it was',
          next: 'Declare `is: blank` or `is: foreign`, whichever the tool makes of it.',
        };
  }
  if (isOurs || mode === 'zeroised') {
    return {
      why: 'has an identity and a record in this ceremony, and would be another unit afterwards',
      next: 'Declare `is: as-before`, or end this plan and begin another in which the unit begins `absent` or `foreign`.',
    };
  }
  if (is === 'blank' && mode !== 'absent') {
    return {
      why: `is ${mode === 'blank' ? 'blank already' : 'a token of others, which may hold their keys'}`,
      next: 'Declare `is: foreign`, or that the unit begins `absent`.',
    };
  }
  return null;
}
