/**
 * Keys that stay in a unit, their wrapped copies in key stores, and the rotation of the master key that wraps them. What
 * these rules keep from happening is a key that nothing opens any more.
 */
import { usesOf } from '../keypackage/key-kinds';
import type { StepRules } from './check-administrators';
import { withUnits, type CeremonyModel, type UnitModel } from './model';
import type { Plan, StepOf } from './schema';

/** What of a plan's walk these rules need besides. */
export interface KeyRules extends StepRules {
  /** A crypto administrator must have been called. */
  operators(duty: string): void;
  /** Says where a plan cannot know what a register holds. */
  unknownRegister(id: string, held: UnitModel['new'] | UnitModel['current'], register: 'new' | 'current'): void;
}

/** The model after a key was made. */
export function keyGenerated(
  model: CeremonyModel,
  { unit, key }: StepOf<'key.generate'>,
  rules: KeyRules,
): CeremonyModel {
  atWork(unit, 'make a key', rules);
  if (!usesOf(key.algorithm).includes(key.use)) {
    rules.error(
      'key-use',
      `A key ${key.algorithm} is not for ${key.use}: it can be for ${usesOf(key.algorithm).join(', ')}.`,
      'Give it another use, or another algorithm.',
    );
  }
  refuseTwice(model, unit, key.name, rules);
  return { ...model, kept: new Set([...model.kept, on(unit, key.name)]) };
}

/** The model after keys were wrapped into a store. */
export function keysWrapped(
  model: CeremonyModel,
  { unit, keys, store }: StepOf<'key.wrap'>,
  rules: KeyRules,
): CeremonyModel {
  atWork(unit, 'wrap keys', rules);
  rules.eachUnit([unit], (id, { current, new: arriving }) => {
    requireCurrent(id, current, rules);
    if (arriving !== 'committed' || !model.rotated.has(store)) return;
    rules.error(
      'wrapped-after-rotation',
      `The store ${store} was rotated before, and unit ${id} still wraps under the master key that is about to go.`,
      'Put the step before the rotation, or after the activation of the new master key.',
    );
  });
  for (const name of keys) {
    requireKept(model, unit, name, rules);
    if (model.sealed.has(on(unit, name))) {
      rules.error(
        'key-wrapped-twice',
        `The key ${name} was wrapped before; since then it never leaves unit ${unit}.`,
        `Take ${name} out of this step; copy the file in the store instead.`,
      );
    }
  }
  return { ...model, sealed: new Set([...model.sealed, ...keys.map((name) => on(unit, name))]) };
}

/** The model after keys were brought back from a store. */
export function keysUnwrapped(
  model: CeremonyModel,
  { unit, keys }: StepOf<'key.unwrap'>,
  rules: KeyRules,
): CeremonyModel {
  atWork(unit, 'bring keys back', rules);
  rules.eachUnit([unit], (id, { current }) => {
    requireCurrent(id, current, rules);
  });
  for (const name of keys) refuseTwice(model, unit, name, rules);
  const names = keys.map((name) => on(unit, name));
  return { ...model, kept: new Set([...model.kept, ...names]), sealed: new Set([...model.sealed, ...names]) };
}

/** The model after keys were destroyed. */
export function keysDestroyed(
  model: CeremonyModel,
  { unit, keys }: StepOf<'key.destroy'>,
  rules: KeyRules,
): CeremonyModel {
  atWork(unit, 'destroy keys', rules);
  for (const name of keys) requireKept(model, unit, name, rules);
  const gone = new Set(keys.map((name) => on(unit, name)));
  const left = (names: ReadonlySet<string>): ReadonlySet<string> => new Set([...names].filter((one) => !gone.has(one)));
  return { ...model, kept: left(model.kept), sealed: left(model.sealed) };
}

/** The model after every key of a store was wrapped anew. */
export function storeRotated(
  model: CeremonyModel,
  { unit, store }: StepOf<'master-key.rotate'>,
  rules: KeyRules,
): CeremonyModel {
  atWork(unit, 'rotate a key store', rules);
  rules.eachUnit([unit], (id, { current, new: arriving }) => {
    requireCurrent(id, current, rules);
    if (arriving === 'empty' || arriving === 'uncommitted') {
      rules.error(
        'not-committed',
        `Unit ${id} has no committed master key by then, to which keys could be wrapped anew.`,
        `Load and commit the new master key on ${id} before this step.`,
      );
    }
    rules.unknownRegister(id, arriving, 'new');
  });
  if (model.rotated.has(store)) {
    rules.error('rotated-twice', `The store ${store} was rotated before.`, 'Take this step out.');
  }
  // It can only be carried out where there is a master key to rotate from.
  const known = withUnits(model, [unit], ({ current }) => ({ current: current === 'unknown' ? 'valid' : current }));
  return { ...known, rotated: new Set([...model.rotated, store]) };
}

/** Whether an activation replaces a current key, or may do so: what that needs was found missing otherwise. */
export function checkReplacing(plan: Plan, model: CeremonyModel, id: string, unit: UnitModel, rules: KeyRules): void {
  if (unit.current === 'empty') return;
  const stores = plan.keyStores;
  const missing = (stores ?? []).filter((one) => !model.rotated.has(one.id)).map((one) => one.id);
  if (unit.current === 'valid' && stores === undefined) {
    rules.error(
      'current-register-taken',
      `Unit ${id} has a current master key, and the plan does not say which keys are wrapped under it: they would be lost.`,
      'Declare `keyStores`, and rotate each with `master-key.rotate` before this step; or declare an empty list where nothing is wrapped under it.',
    );
  } else if (unit.current === 'valid' && missing.length > 0) {
    rules.error(
      'current-register-taken',
      `Unit ${id} has a current master key, and the keys of ${missing.join(', ')} are wrapped under it: they would be lost.`,
      `Before this step, rotate ${missing.join(', ')} with \`master-key.rotate\`.`,
    );
  } else if (stores !== undefined) rules.threshold(unit, id);
}

function atWork(unit: string, duty: string, rules: KeyRules): void {
  rules.operators(duty);
  rules.userPin([unit]);
  rules.eachUnit([unit], (id, model) => {
    rules.operational(id, model, 'has keys');
  });
}

function requireCurrent(id: string, current: UnitModel['current'], rules: KeyRules): void {
  if (current === 'empty') {
    rules.error(
      'register-empty',
      `The current register of unit ${id} is empty by then: there is no master key to wrap with.`,
      `Activate a master key of ${id} before this step.`,
    );
  }
  rules.unknownRegister(id, current, 'current');
}

function refuseTwice(model: CeremonyModel, unit: string, name: string, rules: KeyRules): void {
  if (!model.kept.has(on(unit, name))) return;
  rules.error(
    'key-twice',
    `The key ${name} is on unit ${unit} by then.`,
    'Give the key another name, or destroy the one that is there with `key.destroy` before this step.',
  );
}

/** A unit with a history may have keys of which the plan does not tell. */
function requireKept(model: CeremonyModel, unit: string, name: string, rules: KeyRules): void {
  rules.eachUnit([unit], (id) => {
    if (model.kept.has(on(unit, name)) || model.histories.has(id)) return;
    rules.error(
      'key-unknown',
      `There is no key ${name} on unit ${id} by then.`,
      `Make it with \`key.generate\`, or bring it back with \`key.unwrap\`, before this step.`,
    );
  });
}

function on(unit: string, name: string): string {
  return `${unit} ${name}`;
}
