/** What the report tells, folded from the lines of a transcript. Nothing here judges; the verification did. */
import * as v from 'valibot';
import { UnitState } from '../command/unit-state';
import { openPayload } from '../command/dsse';
import { ExceptionPayload, type Line, type LineWith } from '../transcript/line';

/** A step as it went. */
export interface StepStory {
  readonly attempts: number;
  readonly began: string | null;
  readonly ended: string | null;
  readonly by: readonly string[];
  readonly lines: readonly [number, number] | null;
  readonly status: 'complete' | 'skipped' | 'not complete' | 'not begun';
}

/** What a line says of a unit. */
export interface UnitReadingStory {
  readonly line: number;
  readonly at: string;
  readonly unit: string;
  readonly serial: string | null;
  readonly identity: string | null;
  readonly state: UnitState | null;
  readonly stateKept: string | null;
  readonly registers: { readonly new: RegisterStory; readonly current: RegisterStory } | null;
}

/** A register as it was read. */
export interface RegisterStory {
  readonly status: string;
  readonly pattern: string | null;
}

/** A set of shares. */
export interface ShareSetStory {
  readonly line: number;
  readonly set: string;
  readonly scheme: string;
  readonly count: number;
  readonly pattern: string;
  readonly voided: boolean;
}

/** A root key that was made and wrapped. */
export interface RootKeyStory {
  readonly line: number;
  readonly step: string;
  readonly unit: string;
  readonly name: string;
  readonly checkValue: { readonly algorithm: string; readonly value: string };
  readonly wrappedIn: string;
  readonly destroyed: boolean;
}

const Register = v.object({ status: v.string(), pattern: v.nullable(v.string()) });
const Reading = v.object({
  unit: v.string(),
  token: v.optional(v.nullable(v.object({ serial: v.string() }))),
  identity: v.optional(v.nullable(v.object({ id: v.string() }))),
  state: v.optional(v.nullable(UnitState)),
  stateKept: v.optional(v.string()),
  registers: v.optional(v.nullable(v.object({ new: Register, current: Register }))),
});
const ShareSet = v.object({ set: v.string(), scheme: v.string(), shares: v.array(v.unknown()), pattern: v.string() });
const Wrapped = v.object({
  checkValue: v.object({ algorithm: v.string(), value: v.string() }),
  wrappedIn: v.string(),
  destroyed: v.optional(v.boolean(), false),
});
const Observations = v.object({
  observations: v.array(v.object({ check: v.string(), ok: v.nullable(v.boolean()), found: v.string() })),
});

/** How a step went. */
export function storyOf(step: string, lines: readonly Line[]): StepStory {
  const own = lines.filter((line) => line.step === step);
  const complete = own.find((line) => line.type === 'step.outcome' && line.body.act === null);
  const skipped = own.some((line) => line.type === 'exception.recorded' && line.body.kind === 'step-skipped');
  const [first, last] = [own[0], own.at(-1)];
  return {
    attempts: own.filter((line) => line.type === 'step.started').length,
    began: first?.at ?? null,
    ended: last?.at ?? null,
    by: [...new Set(own.flatMap((line) => line.by))],
    lines: first === undefined || last === undefined ? null : [first.seq, last.seq],
    status: complete !== undefined ? 'complete' : skipped ? 'skipped' : own.length > 0 ? 'not complete' : 'not begun',
  };
}

/** Every reading of a unit in a fact, in order. */
export function readingsOf(unit: string, lines: readonly Line[]): readonly UnitReadingStory[] {
  return lines.flatMap((line) => {
    if (line.type !== 'fact.recorded') return [];
    const parsed = v.safeParse(Reading, line.body.value);
    if (!parsed.success || parsed.output.unit !== unit) return [];
    const { token, identity, state, stateKept, registers } = parsed.output;
    if (state === undefined && registers === undefined) return [];
    return [
      {
        line: line.seq,
        at: line.at,
        unit,
        serial: token?.serial ?? null,
        identity: identity?.id ?? null,
        state: state ?? null,
        stateKept: stateKept ?? null,
        registers: registers ?? null,
      },
    ];
  });
}

/** Every set of shares that was made. */
export function shareSetsOf(lines: readonly Line[]): readonly ShareSetStory[] {
  const voided = new Set(
    lines.flatMap((line) => {
      if (line.type !== 'fact.recorded' || line.body.fact !== 'share-set.voided') return [];
      const parsed = v.safeParse(v.object({ set: v.string() }), line.body.value);
      return parsed.success ? [parsed.output.set] : [];
    }),
  );
  return resultsOf(lines).flatMap(({ line, result }) => {
    const parsed = v.safeParse(v.object({ shareSet: ShareSet }), result);
    if (!parsed.success) return [];
    const { set, scheme, shares, pattern } = parsed.output.shareSet;
    return [{ line, set, scheme, count: shares.length, pattern, voided: voided.has(set) }];
  });
}

/** Every root key that was made and wrapped. */
export function rootKeysOf(lines: readonly Line[]): readonly RootKeyStory[] {
  return resultsOf(lines).flatMap(({ line, step, act, result }) => {
    const parsed = v.safeParse(Wrapped, result);
    const intent = lines.findLast(
      (one) => one.type === 'step.intent' && one.step === step && one.body.act === act && one.seq < line,
    );
    if (!parsed.success || intent?.type !== 'step.intent') return [];
    const name = intent.body.parameters['key'];
    return [
      {
        line,
        step: step ?? '',
        unit: intent.body.unit ?? '',
        name: typeof name === 'string' ? name : '',
        ...parsed.output,
      },
    ];
  });
}

/** What the workstation's pre-flight saw, the last time it looked. */
export function observationsOf(
  lines: readonly Line[],
): readonly { readonly check: string; readonly ok: boolean | null; readonly found: string }[] {
  return lines.reduce<readonly { check: string; ok: boolean | null; found: string }[]>((seen, line) => {
    if (line.type !== 'fact.recorded') return seen;
    const parsed = v.safeParse(Observations, line.body.value);
    return parsed.success ? parsed.output.observations : seen;
  }, []);
}

/** The signed text of an exception; null when it cannot be read. */
export function exceptionOf(line: LineWith<'exception.recorded'>): v.InferOutput<typeof ExceptionPayload> | null {
  try {
    const parsed = v.safeParse(ExceptionPayload, openPayload(line.body.record));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** Results of acts that were carried out, by outcome or by reconciliation. */
function resultsOf(
  lines: readonly Line[],
): readonly { readonly line: number; readonly step: string | null; readonly act: string; readonly result: object }[] {
  return lines.flatMap((line) => {
    if (line.type === 'step.outcome' && line.body.act !== null) {
      return [{ line: line.seq, step: line.step, act: line.body.act, result: line.body.result }];
    }
    if (line.type === 'step.reconciled' && line.body.verdict === 'applied') {
      return [{ line: line.seq, step: line.step, act: line.body.act, result: line.body.observed }];
    }
    return [];
  });
}
