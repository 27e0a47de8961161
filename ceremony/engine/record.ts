/**
 * What the transcript says so far, folded line by line: all that `resume` needs. Nothing here is kept anywhere else.
 */
import * as v from 'valibot';
import { openPayload, type Envelope } from '../command/dsse';
import { UnitState } from '../command/unit-state';
import type { JsonObject } from '../canonical-json';
import { EnrolmentPayload, type FileRef, type Line, type LineWith, type RosterEntry } from '../transcript/line';
import { RaisedExceptions, raisedIn, signedIn, type SaidException } from '../transcript/raised-exception';
import { custodyIn } from '../transcript/custody-fact';
import { CLOCK_READINGS, SEAL } from '../transcript/fact-names';
import type { CustodyEntry } from '../custody/ledger';
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
  /** Who proved presence within the step, and has not left since. */
  readonly present: ReadonlySet<string>;
  /** Numbers of the seals put on in the step, by material. */
  readonly seals: ReadonlyMap<string, string>;
}

/** A pause under seal. */
export interface PauseRecord {
  readonly reason: string;
  readonly seals: readonly { readonly material: string; readonly number: string }[];
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
  scheme: v.picklist(['components', 'threshold']),
  threshold: v.number(),
  shares: v.array(v.object({ index: v.number(), salt: v.string(), commitment: v.string() })),
  pattern: v.string(),
});

const MadeInside = v.object({ key: v.string(), pattern: v.string() });

const Seal = v.object({ material: v.string(), number: v.string() });
const AgreedClock = v.object({ skewMs: v.object({ median: v.number() }) });

const NEW_STEP: StepRecord = {
  attempts: 0,
  acts: new Map(),
  status: 'begun',
  confirmed: [],
  present: new globalThis.Set(),
  seals: new Map(),
};

/** The state of a ceremony, folded from its lines. */
export class CeremonyRecord {
  private opening: LineWith<'ceremony.opened'> | null = null;
  private firstHash: string | null = null;
  private readonly presentPeople = new globalThis.Set<string>();
  /** Those who left or were replaced in this session, and have not proved presence since. */
  private readonly leftPeople = new globalThis.Set<string>();
  private grownRoster: readonly RosterEntry[] = [];
  private readonly enrolledSeats = new Map<string, { readonly entry: RosterEntry; readonly position: string }>();
  private sessionNumber = 1;
  private readonly allPauses: PauseRecord[] = [];
  private isPaused = false;
  private skew = 0;
  private lastStep: string | null = null;
  private readonly stepRecords = new Map<string, StepRecord>();
  private readonly knownUnits = new Map<string, KnownUnit>();
  private readonly madeCheckpoints: CheckpointRecord[] = [];
  private readonly namedFiles = new Map<string, string>();
  private currentSet: ShareSet | null = null;
  private insideKey: { readonly key: string; readonly pattern: string } | null = null;
  private readonly raisedExceptions = new RaisedExceptions();
  private readonly allLines: Line[] = [];
  private exceptionCount = 0;
  /** Steps about which an exception of the kind `people` or `step-deviated` was raised or signed. */
  private readonly relaxedSteps = new globalThis.Set<string>();
  /** Those of them about which one of the kind `step-deviated` was. */
  private readonly deviatedSteps = new globalThis.Set<string>();
  private closingLine: LineWith<'ceremony.closed'> | null = null;
  private readonly custody: { readonly step: string | null; readonly said: Omit<CustodyEntry, 'kind'> }[] = [];

  /** Takes in the next line. */
  apply(line: Line): void {
    if (line.seq === 1) this.firstHash = line.prev;
    this.noteFiles(line.body as { files?: readonly FileRef[] });
    this.raisedExceptions.apply(line);
    const said = raisedIn(line) ?? signedIn(line);
    if (said !== null && said !== 'malformed' && (said.kind === 'people' || said.kind === 'step-deviated')) {
      this.relaxedSteps.add(said.step);
      if (said.kind === 'step-deviated') this.deviatedSteps.add(said.step);
    }
    this.allLines.push(line);
    switch (line.type) {
      case 'ceremony.opened':
        this.opening = line;
        this.grownRoster = line.body.roster;
        break;
      case 'ceremony.paused':
        this.allPauses.push(line.body);
        this.isPaused = true;
        break;
      case 'ceremony.resumed':
        if (line.body.session !== undefined) this.beginSession(line.body.session);
        break;
      case 'participant.present':
        this.notePresent(line.step, line.body.participant);
        break;
      case 'participant.enrolled':
        this.enrol(line);
        break;
      case 'participant.left':
      case 'participant.replaced':
        this.noteLeft(line.body.participant);
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
        this.lastStep = line.step;
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

  /** Every line so far, in order. */
  get lines(): readonly Line[] {
    return this.allLines;
  }

  /** Exceptions that were raised and wait for the two who sign them, oldest first. */
  get raised(): readonly SaidException[] {
    return this.raisedExceptions.unsigned.map(({ said }) => said);
  }

  /** Whether an exception says that a step was done with fewer people, or otherwise, than the plan asks for. */
  isRelaxed(step: string): boolean {
    return this.relaxedSteps.has(step);
  }

  /** Whether an exception of the kind `step-deviated` was raised or signed about a step. */
  isDeviated(step: string): boolean {
    return this.deviatedSteps.has(step);
  }

  /**
   * Who holds a share of a set, or the copy of it that people of a position hold: who read it back last; null when nobody has.
   */
  shareHolder(set: string, index: number, copy: string | null = null): string | null {
    const acts = [...this.stepRecords.values()].flatMap((one) => [...one.acts.values()]);
    const found = acts.findLast(
      ({ status, result }) =>
        status === 'done' &&
        result['set'] === set &&
        result['index'] === index &&
        result['readBack'] === true &&
        (result['copy'] ?? null) === copy,
    );
    return typeof found?.result['custodian'] === 'string' ? found.result['custodian'] : null;
  }

  /** Objects that a step has entered in the custody ledger. */
  inCustody(step: string): ReadonlySet<string> {
    return new globalThis.Set(this.custody.filter((one) => one.step === step).map(({ said }) => said.object));
  }

  /** Entries in the custody ledger so far, in order. */
  get custodyEntries(): readonly Omit<CustodyEntry, 'kind'>[] {
    return this.custody.map(({ said }) => said);
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

  /** The master key that a unit made inside itself: id and verification pattern. Null where none did. */
  get madeInside(): { readonly key: string; readonly pattern: string } | null {
    return this.insideKey;
  }

  /** Everybody who is or was on the roster: line 0's people, those of later sessions, those enrolled on the day. */
  get roster(): readonly RosterEntry[] {
    return this.grownRoster;
  }

  /** People who were enrolled on the day, with the position that each took. */
  get enrolled(): ReadonlyMap<string, { readonly entry: RosterEntry; readonly position: string }> {
    return this.enrolledSeats;
  }

  /** Number of the session that is under way, or that was paused: 1 for that of line 0. */
  get session(): number {
    return this.sessionNumber;
  }

  /** Pauses so far, in order. */
  get pauses(): readonly PauseRecord[] {
    return this.allPauses;
  }

  /** Whether the ceremony is paused under seal, and no session has begun since. */
  get paused(): boolean {
    return this.isPaused;
  }

  /** What the people's clocks showed more than the workstation's, in milliseconds: the median of the last readings; else 0. */
  get clockSkewMs(): number {
    return this.skew;
  }

  /** The step that was begun last; null before the first. */
  get currentStep(): string | null {
    return this.lastStep;
  }

  /** Whether a participant has proved presence in this session, and has not left since. */
  isPresent(participant: string): boolean {
    return this.presentPeople.has(participant);
  }

  /** Whether a participant left, was replaced or did not come, and has not proved presence since. */
  hasLeft(participant: string): boolean {
    return this.leftPeople.has(participant);
  }

  /** People of the roster who have proved presence and hold a role, in roster order. */
  presentWith(role: RosterEntry['roles'][number]): readonly RosterEntry[] {
    return this.grownRoster.filter((one) => one.roles.includes(role) && this.presentPeople.has(one.id));
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

  /** A new session: everybody is away until they prove presence again. */
  private beginSession({ number, roster }: { readonly number: number; readonly roster: readonly RosterEntry[] }): void {
    this.sessionNumber = number;
    this.isPaused = false;
    this.presentPeople.clear();
    this.leftPeople.clear();
    const known = new globalThis.Set(this.grownRoster.map(({ id }) => id));
    this.grownRoster = [...this.grownRoster, ...roster.filter(({ id }) => !known.has(id))];
  }

  private notePresent(step: string | null, participant: string): void {
    this.presentPeople.add(participant);
    this.leftPeople.delete(participant);
    if (step !== null)
      this.changeStep(step, { present: new globalThis.Set([...this.step(step).present, participant]) });
  }

  private noteLeft(participant: string): void {
    this.presentPeople.delete(participant);
    this.leftPeople.add(participant);
    for (const [step, { present }] of this.stepRecords) {
      if (present.has(participant)) {
        this.changeStep(step, { present: new globalThis.Set([...present].filter((id) => id !== participant)) });
      }
    }
  }

  private enrol({ body }: LineWith<'participant.enrolled'>): void {
    const { position } = v.parse(EnrolmentPayload, openPayload(body.record));
    this.grownRoster = [...this.grownRoster, body.participant];
    this.enrolledSeats.set(body.participant.id, { entry: body.participant, position });
    this.presentPeople.add(body.participant.id);
  }

  private applyFact(line: LineWith<'fact.recorded'>): void {
    if (line.body.fact === SEAL && line.step !== null) {
      const { material, number } = v.parse(Seal, line.body.value);
      this.changeStep(line.step, { seals: new Map([...this.step(line.step).seals, [material, number]]) });
    }
    const custody = custodyIn(line);
    if (custody !== null && custody !== 'malformed') {
      const { object, act, seal, place } = custody;
      this.custody.push({ step: line.step, said: { object, act, seal, place } });
    }
    if (line.body.fact === CLOCK_READINGS) this.skew = v.parse(AgreedClock, line.body.value).skewMs.median;
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
    const inside = v.safeParse(v.object({ madeInside: MadeInside }), result);
    if (inside.success) this.insideKey = inside.output.madeInside;
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
