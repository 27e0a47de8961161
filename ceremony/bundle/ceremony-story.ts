/**
 * One ceremony as a comparison sees it, folded from its lines as they are read: each step's run, the exceptions, and what
 * the units showed of themselves. Nothing here judges.
 */
import * as v from 'valibot';
import { openPayload } from '../command/dsse';
import { parseCanonical } from '../canonical-json';
import { Binding } from '../plan/binding-schema';
import { Plan } from '../plan/schema';
import { ExceptionPayload, type Line, type LineWith } from '../transcript/line';
import { parseLine } from '../transcript/read';
import { splitLines } from '../transcript/split-lines';
import { BINDING, LIMITS, PLAN, TRANSCRIPT, piecesOf, sessionFiles, type BundleReader } from './layout';

/** Somebody who did or confirmed something. */
export interface StepActor {
  readonly id: string;
  /** Name by the roster, position by the first binding that has them; empty where they lack the person. */
  readonly name: string;
  readonly position: string;
}

/** A step as it went; times are RFC 3339 as the workstation claims, durations milliseconds. */
export interface StepRun {
  /** Place in the order in which steps began, from 0. */
  readonly place: number;
  /** How often it was started; 0 for one that was skipped without being begun. */
  readonly attempts: number;
  readonly began: string;
  readonly ended: string;
  readonly durationMs: number;
  /** Everybody whom a line of the step names in `by`, in the order in which they first stand there. */
  readonly by: readonly StepActor[];
  /** Device acts that have an outcome or were found applied. */
  readonly acts: number;
  readonly failures: number;
  readonly status: 'complete' | 'skipped' | 'not complete';
  /** First and last line. */
  readonly lines: readonly [number, number];
}

/** An exception in its words. */
export interface ExceptionStory {
  readonly line: number;
  readonly step: string | null;
  readonly kind: string;
  readonly expected: string;
  readonly happened: string;
  readonly decided: string;
  /** Ids of those whose signatures it carries. */
  readonly signers: readonly string[];
}

/** What a unit showed of itself, the last time that the record tells. */
export interface UnitStory {
  readonly serial: string | null;
  /** The unit's id: SHA-256 of its identity key, lower-case hex. */
  readonly identity: string | null;
  readonly firmware: string | null;
}

/** A whole ceremony. */
export interface CeremonyStory {
  readonly ceremony: string;
  readonly mode: 'rehearsal' | 'production';
  readonly title: string;
  readonly planHash: string;
  readonly plan: Plan;
  /** The binding of each session, in their order. */
  readonly bindings: readonly Binding[];
  /** SHA-256 of the wrapping parameters that were taken, in their order, by the plan's name for them. */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
  readonly app: { readonly name: string; readonly version: string; readonly sha256: string; readonly runtime: string };
  readonly outcome: 'completed' | 'abandoned' | null;
  readonly began: string;
  readonly ended: string;
  /** From the first line to the last, and how much of that the ceremony was paused; milliseconds. */
  readonly durationMs: number;
  readonly pausedMs: number;
  readonly lines: number;
  /** Runs by step, in the order in which they began. */
  readonly runs: ReadonlyMap<string, StepRun>;
  readonly exceptions: readonly ExceptionStory[];
  readonly units: ReadonlyMap<string, UnitStory>;
}

/** A bundle that cannot be compared: something in it cannot be read. */
export class UnreadableBundle extends Error {
  override readonly name = 'UnreadableBundle';
  /** Which of the two. */
  readonly bundle: 'a' | 'b';

  constructor(bundle: 'a' | 'b', message: string) {
    super(message);
    this.bundle = bundle;
  }
}

/** Most steps, exceptions and people that are kept of one bundle: a plan has at most 500 steps. */
const MOST = { steps: 1000, exceptions: 10_000, actors: 200, people: 10_000, parameters: 1000 } as const;

/**
 * Reads a bundle's plan, the binding of each session, and lines. Memory grows with steps, people and exceptions, not with lines.
 *
 * @throws UnreadableBundle when one of them cannot be read
 */
export async function readStory(bundle: BundleReader, which: 'a' | 'b'): Promise<CeremonyStory> {
  try {
    const plan = v.parse(Plan, await document(bundle, PLAN.canonical));
    const binding = v.parse(Binding, await document(bundle, BINDING.canonical));
    const fold = new StoryFold(plan, binding);
    for await (const bytes of splitLines(piecesOf(bundle, TRANSCRIPT))) {
      const parsed = parseLine(bytes);
      if ('reason' in parsed) throw new RangeError(`line ${String(fold.lines)}: ${parsed.reason}`);
      fold.take(parsed.line);
      const session = sessionIn(parsed.line);
      if (session !== null)
        fold.bindings.push(v.parse(Binding, await document(bundle, sessionFiles(session).canonical)));
    }
    return fold.story();
  } catch (error) {
    throw new UnreadableBundle(which, error instanceof Error ? error.message : String(error));
  }
}

async function document(bundle: BundleReader, name: string): Promise<unknown> {
  return parseCanonical(await bounded(bundle, name));
}

/** A file's bytes. Throws RangeError when it is longer than a verifier reads. */
async function bounded(bundle: BundleReader, name: string): Promise<Uint8Array> {
  const size = (await bundle.size?.(name)) ?? 0;
  if (size > LIMITS.fileBytes) throw new RangeError(`${name}: longer than ${String(LIMITS.fileBytes)} bytes`);
  return bundle.read(name);
}

type Open = { -readonly [K in keyof StepRun]: StepRun[K] };

/** Number of the session that a line opens; null for any other line. */
function sessionIn(line: Line): number | null {
  return line.type === 'ceremony.resumed' ? (line.body.session?.number ?? null) : null;
}

/** The story so far. */
class StoryFold {
  lines = 0;
  /** Those of the sessions so far. */
  readonly bindings: Binding[];
  private readonly plan: Plan;
  private opened: LineWith<'ceremony.opened'> | null = null;
  private last: Line | null = null;
  private pausedAt: string | null = null;
  private pausedMs = 0;
  /** Everybody who was on the roster so far. */
  private readonly names = new Map<string, string>();
  private readonly runs = new Map<string, Open>();
  private readonly exceptions: ExceptionStory[] = [];
  private readonly units = new Map<string, UnitStory>();
  private readonly parameters = new Map<string, readonly string[]>();

  constructor(plan: Plan, binding: Binding) {
    this.plan = plan;
    this.bindings = [binding];
  }

  take(line: Line): void {
    this.opened ??= openingOf(line);
    for (const { id, name } of joining(line)) if (this.names.size < MOST.people) this.names.set(id, name);
    if (line.type === 'exception.recorded') this.exception(line);
    if (line.type === 'fact.recorded') this.reading(line);
    if (line.type === 'fact.recorded' && line.body.fact === 'wrapping-parameters') this.parametersTaken(line);
    this.pause(line);
    if (line.step !== null) this.inStep(line, line.step);
    this.last = line;
    this.lines += 1;
  }

  story(): CeremonyStory {
    if (this.opened === null || this.last === null) throw new RangeError('the transcript has no whole line');
    const { body, at } = this.opened;
    return {
      ceremony: body.ceremony,
      mode: body.mode,
      title: body.title,
      planHash: body.plan.sha256,
      plan: this.plan,
      bindings: this.bindings,
      parameters: this.parameters,
      app: body.app,
      outcome: this.last.type === 'ceremony.closed' ? this.last.body.outcome : null,
      began: at,
      ended: this.last.at,
      durationMs: between(at, this.last.at),
      pausedMs: this.pausedMs,
      lines: this.lines,
      runs: this.runs,
      exceptions: this.exceptions,
      units: this.units,
    };
  }

  private inStep(line: Line, step: string): void {
    const run = this.runs.get(step) ?? this.begin(line, step);
    run.ended = line.at;
    run.durationMs = between(run.began, line.at);
    run.lines = [run.lines[0], line.seq];
    for (const id of line.by) {
      if (run.by.length < MOST.actors && !run.by.some((one) => one.id === id)) run.by = [...run.by, this.actor(id)];
    }
    if (line.type === 'step.started') run.attempts += 1;
    if (line.type === 'step.failed') run.failures += 1;
    if (line.type === 'step.outcome' && line.body.act !== null) run.acts += 1;
    if (line.type === 'step.reconciled' && line.body.verdict === 'applied') run.acts += 1;
    if (line.type === 'step.outcome' && line.body.act === null) run.status = 'complete';
    if (line.type === 'exception.recorded' && line.body.kind === 'step-skipped') run.status = 'skipped';
  }

  private begin(line: Line, step: string): Open {
    if (this.runs.size >= MOST.steps) throw new RangeError(`more than ${String(MOST.steps)} steps`);
    const run: Open = {
      place: this.runs.size,
      attempts: 0,
      began: line.at,
      ended: line.at,
      durationMs: 0,
      by: [],
      acts: 0,
      failures: 0,
      status: 'not complete',
      lines: [line.seq, line.seq],
    };
    this.runs.set(step, run);
    return run;
  }

  private actor(id: string): StepActor {
    const person = this.bindings.flatMap(({ people }) => people).find((one) => one.id === id);
    return { id, name: this.names.get(id) ?? '', position: person?.position ?? '' };
  }

  private exception(line: LineWith<'exception.recorded'>): void {
    if (this.exceptions.length >= MOST.exceptions)
      throw new RangeError(`more than ${String(MOST.exceptions)} exceptions`);
    const { expected, happened, decided } = v.parse(ExceptionPayload, openPayload(line.body.record));
    const signers = line.body.record.signatures.map(({ keyid }) => keyid);
    this.exceptions.push({
      line: line.seq,
      step: line.step,
      kind: line.body.kind,
      expected,
      happened,
      decided,
      signers,
    });
  }

  private reading(line: LineWith<'fact.recorded'>): void {
    const read = v.safeParse(Reading, line.body.value);
    if (!read.success || !this.plan.units.some(({ id }) => id === read.output.unit)) return;
    const before = this.units.get(read.output.unit);
    const { token, identity } = read.output;
    this.units.set(read.output.unit, {
      serial: token?.serial ?? before?.serial ?? null,
      identity: (typeof identity === 'string' ? identity : identity?.id) ?? before?.identity ?? null,
      firmware: token?.firmware ?? before?.firmware ?? null,
    });
  }

  private parametersTaken(line: LineWith<'fact.recorded'>): void {
    const taken = v.safeParse(v.looseObject({ parameters: v.string(), file: v.string() }), line.body.value);
    const found = line.body.files?.find(({ name }) => taken.success && name === taken.output.file);
    if (!taken.success || found === undefined) return;
    const { parameters } = taken.output;
    const before = this.parameters.get(parameters) ?? [];
    if (before.length >= MOST.parameters || this.parameters.size >= MOST.parameters) return;
    this.parameters.set(parameters, [...before.filter((one) => one !== found.sha256), found.sha256]);
  }

  private pause(line: Line): void {
    if (line.type === 'ceremony.paused') this.pausedAt = line.at;
    if (line.type !== 'ceremony.resumed' || this.pausedAt === null) return;
    this.pausedMs += between(this.pausedAt, line.at);
    this.pausedAt = null;
  }
}

/** What a reading of a unit says of which device it is. */
const Reading = v.object({
  unit: v.string(),
  token: v.optional(v.nullable(v.object({ serial: v.string(), firmware: v.optional(v.string()) }))),
  identity: v.optional(v.nullable(v.union([v.string(), v.object({ id: v.string() })]))),
});

/** Who comes onto the roster with a line: with line 0, with a later session, or enrolled on the spot. */
function joining(line: Line): readonly { readonly id: string; readonly name: string }[] {
  if (line.type === 'ceremony.opened') return line.body.roster;
  if (line.type === 'ceremony.resumed') return line.body.session?.roster ?? [];
  return line.type === 'participant.enrolled' ? [line.body.participant] : [];
}

function openingOf(line: Line): LineWith<'ceremony.opened'> {
  if (line.type !== 'ceremony.opened') throw new RangeError('the first line is not ceremony.opened');
  return line;
}

function between(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from);
}
