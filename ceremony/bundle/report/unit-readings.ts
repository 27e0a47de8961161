/** What the record says of crypto units: what was read from them, and what their modules say of themselves. */
import * as v from 'valibot';
import { UnitState } from '../../command/unit-state';
import type { Recorded } from './recorded';

/** A register as it was read. */
export interface RegisterStory {
  readonly status: string;
  readonly pattern: string | null;
}

/** A token as it describes itself. */
export interface TokenStory {
  readonly manufacturer?: string | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
  readonly firmware?: string | undefined;
  readonly label?: string | undefined;
  readonly protectedPath?: boolean | undefined;
}

/** What a line says of a unit. */
export interface UnitReadingStory {
  readonly line: number;
  readonly at: string;
  readonly token: TokenStory | null;
  readonly identity: string | null;
  readonly state: UnitState | null;
  readonly stateKept: string | null;
  readonly registers: { readonly new: RegisterStory; readonly current: RegisterStory } | null;
  readonly weaknesses: readonly { readonly found: string; readonly means: string }[];
}

/** A module as it describes itself, and as it was found. */
export interface ModuleStory {
  readonly line: number;
  readonly path: string;
  readonly sha256: string;
  readonly library: {
    readonly manufacturer: string;
    readonly description: string;
    readonly version: string;
    readonly cryptoki: string;
  };
}

const Token = v.object({
  manufacturer: v.optional(v.string()),
  model: v.optional(v.string()),
  serial: v.optional(v.string()),
  firmware: v.optional(v.string()),
  label: v.optional(v.string()),
  protectedPath: v.optional(v.boolean()),
});
const Register = v.object({ status: v.string(), pattern: v.nullable(v.string()) });
const Weakness = v.object({ found: v.string(), means: v.string() });
const Reading = v.object({
  token: v.optional(v.nullable(Token)),
  identity: v.optional(v.nullable(v.union([v.object({ id: v.string() }), v.string()]))),
  id: v.optional(v.string()),
  state: v.optional(v.nullable(UnitState)),
  stateKept: v.optional(v.string()),
  registers: v.optional(v.nullable(v.object({ new: Register, current: Register }))),
  weaknesses: v.optional(v.array(Weakness)),
});
const Module = v.object({
  module: v.string(),
  path: v.string(),
  sha256: v.string(),
  library: v.object({
    manufacturer: v.string(),
    description: v.string(),
    version: v.string(),
    cryptoki: v.string(),
  }),
});

/**
 * Every reading of a unit, in order: facts, and what was read back after an act. A line may tell a part only, such as the
 * token before it was initialised.
 */
export function readingsOf({ lines }: Recorded, unit: string): readonly UnitReadingStory[] {
  const acts = new Set<string>();
  return lines.flatMap((line) => {
    if (line.type === 'step.intent' && line.body.unit === unit) acts.add(`${line.step ?? ''} ${line.body.act}`);
    const value =
      line.type === 'fact.recorded'
        ? factOf(unit, line.body.value)
        : line.type === 'step.outcome' && acts.has(`${line.step ?? ''} ${line.body.act ?? ''}`)
          ? line.body.result
          : null;
    const parsed = v.safeParse(Reading, value);
    if (!parsed.success) return [];
    const { token, identity, id, state, stateKept, registers, weaknesses } = parsed.output;
    if ([token, state, registers].every((one) => one === undefined || one === null)) return [];
    return [
      {
        line: line.seq,
        at: line.at,
        token: token ?? null,
        identity: typeof identity === 'string' ? identity : (identity?.id ?? state?.unit ?? id ?? null),
        state: state ?? null,
        stateKept: stateKept ?? null,
        registers: registers ?? null,
        weaknesses: weaknesses ?? [],
      },
    ];
  });
}

/** The last thing that any reading says of something; null when none does. */
export function lastOf<T>(
  readings: readonly UnitReadingStory[],
  pick: (reading: UnitReadingStory) => T | null,
): T | null {
  for (const reading of readings.toReversed()) {
    const found = pick(reading);
    if (found !== null) return found;
  }
  return null;
}

/** The module of the binding that a unit is on, as the pre-flight found it; null when nothing is on record. */
export function moduleOf({ lines, binding }: Recorded, unit: string): ModuleStory | null {
  const wanted = binding?.units.find(({ id }) => id === unit)?.module;
  for (const line of lines) {
    if (line.type !== 'fact.recorded' || line.body.fact !== 'module') continue;
    const parsed = v.safeParse(Module, line.body.value);
    if (parsed.success && parsed.output.module === wanted) return { line: line.seq, ...parsed.output };
  }
  return null;
}

/** The value of a fact that is about this unit, else null. */
function factOf(unit: string, value: unknown): unknown {
  const about = v.safeParse(v.object({ unit: v.string() }), value);
  return about.success && about.output.unit === unit ? value : null;
}
