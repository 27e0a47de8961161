/**
 * What the checker believes of units, people and objects while it walks through a plan. The words are those of
 * `ceremony/command/apply.ts`, which the units themselves follow; `unknown` is what a plan cannot know of a unit that
 * has a history.
 */
import type { CustodyState } from '../custody/ledger';
import { custodyBeginning } from './check-custody';
import { sharesBeginning } from './check-shares';
import { insideOneUnit } from './master-key-scheme';
import type { KeptShares, Plan, StepOf } from './schema';

/** Predicted state of one unit. */
export interface UnitModel {
  readonly mode: 'blank' | 'imprint' | 'operational' | 'zeroised' | 'foreign' | 'absent';
  /** Positions whose people are its administrators; null: none yet, or unknown. */
  readonly administrators: readonly string[] | null;
  /** Null while unknown; 0 in imprint mode. */
  readonly signatureThreshold: number | null;
  readonly revocationThreshold: number | null;
  readonly new: 'empty' | 'uncommitted' | 'committed' | 'unknown';
  readonly current: 'empty' | 'valid' | 'unknown';
  /** Units whose new registers were compared with this one's since it was loaded. */
  readonly verifiedWith: ReadonlySet<string>;
}

/** Predicted state of everything. */
export interface CeremonyModel {
  readonly units: ReadonlyMap<string, UnitModel>;
  /** Positions that a roll-call has named. */
  readonly present: ReadonlySet<string>;
  /** `inside`: the master key was made inside a unit, and there are no shares. */
  readonly set: 'none' | 'generated' | 'distributed' | 'inside';
  /** What a session still lacks before anything else is done in it: after a pause a pre-flight, then a roll-call. */
  readonly lacks: readonly ('preflight' | 'roll-call')[];
  /** Names of keys created for packages. */
  readonly keys: ReadonlySet<string>;
  /** Keys that steps brought onto a unit, each as the unit's id, a space, and its name. */
  readonly kept: ReadonlySet<string>;
  /** Units that begin with a history: what else is on them a plan cannot know. */
  readonly histories: ReadonlySet<string>;
  /** Those of {@link kept} that were wrapped into a store, and leave their unit no more. */
  readonly sealed: ReadonlySet<string>;
  /** Key stores that were rotated to the key in the new registers. */
  readonly rotated: ReadonlySet<string>;
  /** Names of wrapping parameters that a package has used up. */
  readonly parameters: ReadonlySet<string>;
  /** What is so of each object of the custody ledger. */
  readonly objects: ReadonlyMap<string, CustodyState>;
  /** What is so of each kept set of shares, by its id. */
  readonly shares: ReadonlyMap<string, KeptShares['is']>;
}

/** How everything begins, as the plan declares it. */
export function beginning(plan: Plan): CeremonyModel {
  return {
    units: new Map(plan.units.map((unit) => [unit.id, unitBeginning(unit.begins)])),
    present: new Set(),
    set: 'none',
    lacks: [],
    keys: new Set(),
    kept: new Set(),
    histories: new Set(plan.units.filter((unit) => unit.begins === 'operational').map(({ id }) => id)),
    sealed: new Set(),
    rotated: new Set(),
    parameters: new Set(),
    objects: custodyBeginning(plan),
    shares: sharesBeginning(plan),
  };
}

function unitBeginning(mode: UnitModel['mode']): UnitModel {
  const history = mode === 'operational';
  return {
    mode,
    administrators: null,
    signatureThreshold: history ? null : 0,
    revocationThreshold: history ? null : 0,
    new: history ? 'unknown' : 'empty',
    current: history ? 'unknown' : 'empty',
    verifiedWith: new Set(),
  };
}

/** The model with some units changed. Units that the plan does not declare are passed over. */
export function withUnits(
  model: CeremonyModel,
  ids: readonly string[],
  change: (unit: UnitModel) => Partial<UnitModel>,
): CeremonyModel {
  const units = new Map(model.units);
  for (const id of ids) {
    const unit = units.get(id);
    if (unit !== undefined) units.set(id, { ...unit, ...change(unit) });
  }
  return { ...model, units };
}

/** The word of `endState` for a unit's master key. */
export function masterKeyOf(unit: UnitModel): Plan['endState'][number]['masterKey'] {
  if (unit.new === 'uncommitted' || unit.new === 'committed') return unit.new;
  if (unit.current === 'valid') return 'current';
  return unit.new === 'unknown' || unit.current === 'unknown' ? 'unknown' : 'none';
}

/** Units that any `master-key.load` of the plan loads, or in which the master key is made: these must show one pattern. */
export function unitsToLoad(plan: Plan): string[] {
  const inside = insideOneUnit(plan);
  if (inside !== null) return [inside.unit];
  const loads = plan.steps.filter((step): step is StepOf<'master-key.load'> => step.action === 'master-key.load');
  return [...new Set(loads.flatMap((step) => step.units))];
}
