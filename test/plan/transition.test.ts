/** Every pair of conditions of a unit: the way that is found is one that the checker accepts step by step, and where there is none the checker finds none either. */
import { expect, describe, it } from 'vitest';
import { after } from '../../ceremony/plan/check-order';
import { Findings } from '../../ceremony/plan/finding';
import type { CeremonyModel, UnitModel } from '../../ceremony/plan/model';
import { readPlan } from '../../ceremony/plan/read';
import type { Action, Plan, Step } from '../../ceremony/plan/schema';
import {
  UNIT_CONDITIONS,
  inWords,
  readCondition,
  transition,
  type UnitCondition,
} from '../../ceremony/plan/transition';
import { FIRST } from './examples';

/** A plan that says that nothing is wrapped under the master key. */
const plan: Plan = { ...readPlan(FIRST).plan, keyStores: [] };
const ACTIONS = [
  'unit.initialise',
  'unit.adopt',
  'unit.imprint',
  'unit.administrators.add',
  'unit.administrators.remove',
  'unit.thresholds',
  'unit.zeroise',
  'master-key.load',
  'master-key.commit',
  'master-key.activate',
  'master-key.clear',
] as const satisfies readonly Action[];

/** Everybody is there, the shares are handed out, and the registers were compared. */
function modelOf({ mode, ...registers }: UnitCondition): CeremonyModel {
  const unit: UnitModel = {
    mode,
    administrators: mode === 'operational' ? ['administrators'] : null,
    signatureThreshold: mode === 'operational' ? 2 : 0,
    revocationThreshold: mode === 'operational' ? 2 : 0,
    ...registers,
    verifiedWith: new Set(['unit-a', 'unit-b']),
  };
  return {
    units: new Map([
      ['unit-a', unit],
      ['unit-b', unit],
    ]),
    present: new Set(plan.positions.map(({ id }) => id)),
    set: 'distributed',
    lacks: [],
    keys: new Set(),
    kept: new Set(),
    histories: new Set(),
    sealed: new Set(),
    rotated: new Set(),
    parameters: new Set(),
    objects: new Map(),
    shares: new Map(),
  };
}

function stepOf(action: Action): Step {
  const more = { administrators: 'administrators', signatureThreshold: 2, revocationThreshold: 2 };
  return { id: 'step', title: 'step', action, units: ['unit-a', 'unit-b'], ...more } as unknown as Step;
}

/** The condition after an action, by the checker; null where it refuses the step. */
function checked(from: UnitCondition, action: Action): UnitCondition | null {
  const findings = new Findings();
  const model = after(plan, modelOf(from), stepOf(action), findings);
  if (findings.list.some(({ severity }) => severity === 'error')) return null;
  const unit = model.units.get('unit-a');
  if (unit === undefined || unit.new === 'unknown' || unit.current === 'unknown') throw new Error('not known');
  if (unit.mode === 'absent') throw new Error('no condition of a unit');
  return { mode: unit.mode, new: unit.new, current: unit.current };
}

const PAIRS = UNIT_CONDITIONS.flatMap((from) => UNIT_CONDITIONS.map((to) => [from, to] as const));

describe('from any condition to any other', () => {
  it('there are ten conditions', () => {
    expect(UNIT_CONDITIONS).toHaveLength(10);
  });

  it.each(PAIRS.map(([from, to]) => [inWords(from), inWords(to), from, to] as const))(
    '%s to %s',
    (_f, _t, from, to) => {
      const found = transition(from, to);
      // All that the checker lets a unit become, step by step.
      const reached = new Map<string, number>([[inWords(from), 0]]);
      const open = [from];
      for (let at = open.shift(); at !== undefined; at = open.shift()) {
        for (const action of ACTIONS) {
          const next = checked(at, action);
          if (next === null || reached.has(inWords(next))) continue;
          reached.set(inWords(next), (reached.get(inWords(at)) ?? 0) + 1);
          open.push(next);
        }
      }
      expect(found.possible).toBe(reached.has(inWords(to)));
      if (!found.possible) {
        expect(found.why).toMatch(/\.$/);
        expect(found.instead).toMatch(/\.$/);
        return;
      }
      expect(found.actions).toHaveLength(reached.get(inWords(to)) ?? -1);
      let at: UnitCondition | null = from;
      for (const action of found.actions) at = at === null ? null : checked(at, action);
      expect(at === null ? null : inWords(at)).toBe(inWords(to));
    },
  );
});

describe('a condition', () => {
  it('is read as it is written', () => {
    for (const one of UNIT_CONDITIONS) expect(readCondition(inWords(one))).toEqual(one);
    expect(readCondition('operational,current=valid')).toEqual({ mode: 'operational', new: 'empty', current: 'valid' });
  });

  it.each([
    '',
    'open',
    'blank,new=committed',
    'operational,new',
    'operational,new=empty,new=empty',
    'operational,old=empty',
  ])('%j is none', (text) => {
    expect(readCondition(text)).toBeNull();
  });

  it('that no unit can be in is a mistake of the caller', () => {
    const wrong: UnitCondition = { mode: 'blank', new: 'committed', current: 'empty' };
    expect(() => transition(wrong, wrong)).toThrow(RangeError);
  });
});
