/**
 * What the transcript says so far, folded line by line: all that `resume` needs. Nothing here is kept anywhere else.
 */
import * as v from 'valibot';
import type { Envelope } from '../command/dsse';
import { UnitState } from '../command/unit-state';
import type { JsonObject } from '../canonical-json';
import type { FileRef, Line, LineWith, RosterEntry } from '../transcript/line';
import type { ShareSet } from './ports';

/** A unit as the transcript knows it. */
export interface KnownUnit {
  readonly identity: string;
  readonly identitySpki: string;
  readonly identityAlgorithm: string;
  readonly state: UnitState;
}

/** One act of a step: its last intent, and what came of it. */
export interface ActRecord {
  readonly intent: LineWith<'step.intent'>;
  /** `open`: no answer yet; `done`: outcome or applied; `undone`: reconciled as not applied; `unclear`: undetermined. */
  readonly status: 'open' | 'done' | 'undone' | 'unclear';
  readonly result: JsonObject;
  /** Line that holds the result; the intent's while there is none. */
  readonly seq: number;
}

/** One step of the plan as far as it has come. */
export interface StepRecord {
  readonly attempts: number;
  readonly acts: ReadonlyMap<string, ActRecord>;
  readonly status: 'begun' | 'complete' | 'excepted';
  readonly confirmed: readonly { readonly statement: string; readonly by: readonly string[] }[];
}

/** A checkpoint made so far. */
export interface CheckpointRecord {
  readonly number: number;
  readonly size: number;
  readonly root: string;
  readonly step: string | null;
  readonly signedBy: readonly string[];
}

const Identity = v.object({ id: v.string(), spki: v.string(), algorithm: v.string(), state: UnitState });
const Connected = v.object({
  unit: v.string(),
  identity: v.string(),
  spki: v.string(),
  algorithm: v.string(),
  state: UnitState,
});
const WithState = v.object({ state: UnitState });
const Set = v.object({
  set: v.string(),
  scheme: v.literal('components'),
  threshold: v.number(),
  shares: v.array(v.object({ index: v.number(), salt: v.string(), commitment: v.string() })),
  pattern: v.string(),
});

const NEW_STEP: StepRecord = { attempts: 0, acts: new Map(), status: 'begun', confirmed: [] };

/** The state of a ceremony, folded from its lines. */
export class CeremonyRecord {
  private opening: LineWith<'ceremony.opened'> | null = null;
  private firstHash: string | null = null;
  private readonly presentPeople = new globalThis.Set<string>();
  private readonly stepRecords = new Map<string, StepRecord>();
  private readonly knownUnits = new Map<string, KnownUnit>();
  private readonly madeCheckpoints: CheckpointRecord[] = [];
  private readonly namedFiles = new Map<string, string>();
  private currentSet: ShareSet | null = null;
  private exceptionCount = 0;
  private closingLine: LineWith<'ceremony.closed'> | null = null;

  /** Takes in the next line. */
  apply(line: Line): void {
    if (line.seq === 1) this.firstHash = line.prev;
    this.noteFiles(line.body as { files?: readonly FileRef[] });
    switch (line.type) {
      case 'ceremony.opened':
        this.opening = line;
        break;
      case 'participant.present':
        this.presentPeople.add(line.body.participant);
        break;
      case 'fact.recorded':
        this.applyFact(line);
        break;
      case 'exception.recorded':
        this.exceptionCount += 1;
        if (line.body.kind === 'step-skipped') this.changeStep(line.step, { status: 'excepted' });
        break;
      case 'checkpoint.made':
        this.madeCheckpoints.push({ ...line.body, step: line.step, signedBy: [] });
        break;
      case 'checkpoint.signed':
        this.noteSigned(line.body.number, line.body.participant);
        break;
      case 'ceremony.closed':
        this.closingLine = line;
        break;
      case 'step.started':
        this.changeStep(line.step, { attempts: line.body.attempt });
        break;
      case 'step.intent':
        this.setAct(line.step, line.body.act, { intent: line, status: 'open', result: {}, seq: line.seq });
        break;
      case 'step.outcome':
        this.applyOutcome(line);
        break;
      case 'step.reconciled':
        this.applyReconciled(line);
        break;
      case 'step.confirmed':
        this.changeStep(line.step, {
          confirmed: [...this.step(line.step).confirmed, { statement: line.body.statement, by: line.by }],
        });
        break;
      case 'ceremony.paused':
      case 'ceremony.resumed':
      case 'participant.enrolled':
      case 'participant.left':
      case 'participant.replaced':
      case 'step.failed':
        break;
    }
  }

  /** Line 0. Throws when the ceremony was not opened. */
  get opened(): LineWith<'ceremony.opened'> {
    if (this.opening === null) throw new Error('the transcript has no opening line');
    return this.opening;
  }

  /** SHA-256 of line 0 without its LF, as line 1 names it. Throws before line 1. */
  get line0Sha256(): string {
    if (this.firstHash === null) throw new Error('the transcript has no second line');
    return this.firstHash;
  }

  /** The closing line; null while the ceremony is open. */
  get closed(): LineWith<'ceremony.closed'> | null {
    return this.closingLine;
  }

  /** How many exceptions were recorded. */
  get exceptions(): number {
    return this.exceptionCount;
  }

  /** Checkpoints within the ceremony so far, the final one not included. */
  get checkpoints(): readonly CheckpointRecord[] {
    return this.madeCheckpoints;
  }

  /** The share set that counts: the last one made. Null before the first. */
  get set(): ShareSet | null {
    return this.currentSet;
  }

  /** Whether a participant has proved presence. */
  isPresent(participant: string): boolean {
    return this.presentPeople.has(participant);
  }

  /** People of the roster who have proved presence and hold a role, in roster order. */
  presentWith(role: RosterEntry['roles'][number]): readonly RosterEntry[] {
    return this.opened.body.roster.filter((one) => one.roles.includes(role) && this.presentPeople.has(one.id));
  }

  /** What is known of a unit; null before its identity was made or proven. */
  unit(id: string): KnownUnit | null {
    return this.knownUnits.get(id) ?? null;
  }

  /** A step's record, with no attempts if it was not begun. */
  step(id: string | null): StepRecord {
    return this.stepRecords.get(id ?? '') ?? NEW_STEP;
  }

  /** An act of a step; null when it was never intended. */
  act(step: string, key: string): ActRecord | null {
    return this.step(step).acts.get(key) ?? null;
  }

  /** The signed command to a unit that was announced and has no answer yet; null when there is none. */
  openCommand(unit: string): Envelope | null {
    for (const { acts } of this.stepRecords.values()) {
      for (const { intent, status } of acts.values()) {
        if (status === 'open' && intent.body.unit === unit && intent.body.command !== null) return intent.body.command;
      }
    }
    return null;
  }

  /** Whether a signed command to the unit was announced and is not on record as done: it may have left something half done. */
  hasUnfinished(unit: string): boolean {
    return [...this.stepRecords.values()].some(({ acts }) =>
      [...acts.values()].some(
        ({ intent: { body }, status }) => status !== 'done' && body.unit === unit && body.command !== null,
      ),
    );
  }

  /** SHA-256 under which the record names a file of the bundle; null when no line names it. */
  fileSha256(name: string): string | null {
    return this.namedFiles.get(name) ?? null;
  }

  /** Every file of the bundle that a line names, with the SHA-256 of the last line that names it. */
  get files(): ReadonlyMap<string, string> {
    return this.namedFiles;
  }

  private applyFact(line: LineWith<'fact.recorded'>): void {
    if (line.body.fact === 'unit.connected') {
      const { unit, identity, spki, algorithm, state } = v.parse(Connected, line.body.value);
      this.knownUnits.set(unit, { identity, identitySpki: spki, identityAlgorithm: algorithm, state });
    }
    if (line.body.fact === 'share-set.voided') this.currentSet = null;
  }

  private applyOutcome(line: LineWith<'step.outcome'>): void {
    const { act, result } = line.body;
    if (act === null) {
      this.changeStep(line.step, { status: 'complete' });
      return;
    }
    this.settle(line.step, act, 'done', result, line.seq);
  }

  private applyReconciled(line: LineWith<'step.reconciled'>): void {
    const statuses = { applied: 'done', 'not-applied': 'undone', undetermined: 'unclear' } as const;
    this.settle(line.step, line.body.act, statuses[line.body.verdict], line.body.observed, line.seq);
  }

  private settle(step: string | null, key: string, status: ActRecord['status'], result: JsonObject, seq: number): void {
    const begun = this.step(step).acts.get(key);
    if (begun === undefined) throw new Error(`line ${String(seq)} answers an act that was never intended: ${key}`);
    this.setAct(step, key, { intent: begun.intent, status, result, seq });
    if (status !== 'done') return;
    const unit = begun.intent.body.unit;
    if (unit !== null) this.learnUnit(unit, result);
    const set = v.safeParse(v.object({ shareSet: Set }), result);
    if (set.success) this.currentSet = set.output.shareSet;
  }

  private learnUnit(unit: string, result: JsonObject): void {
    const made = v.safeParse(Identity, result);
    if (made.success) {
      const { id, spki, algorithm, state } = made.output;
      this.knownUnits.set(unit, { identity: id, identitySpki: spki, identityAlgorithm: algorithm, state });
      return;
    }
    const known = this.knownUnits.get(unit);
    const changed = v.safeParse(WithState, result);
    if (known !== undefined && changed.success) this.knownUnits.set(unit, { ...known, state: changed.output.state });
  }

  private noteSigned(number: number, participant: string): void {
    const index = this.madeCheckpoints.findIndex((one) => one.number === number);
    const made = this.madeCheckpoints[index];
    if (made !== undefined) this.madeCheckpoints[index] = { ...made, signedBy: [...made.signedBy, participant] };
  }

  private noteFiles(body: { files?: readonly FileRef[] }): void {
    for (const { name, sha256 } of body.files ?? []) this.namedFiles.set(name, sha256);
  }

  private setAct(step: string | null, key: string, act: ActRecord): void {
    this.changeStep(step, { acts: new Map([...this.step(step).acts, [key, act]]) });
  }

  private changeStep(step: string | null, change: Partial<StepRecord>): void {
    this.stepRecords.set(step ?? '', { ...this.step(step), ...change });
  }
}

/** The signed command of an act that was intended but not settled, so that nobody signs it twice; null when there is none. */
export function pendingCommand(act: ActRecord | null): Envelope | null {
  return act !== null && act.status !== 'done' ? act.intent.body.command : null;
}
