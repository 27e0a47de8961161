/** What the lines of a transcript tell a person who watches: how steps went, what units were last read to be, the lines in words. */
import * as v from 'valibot';
import { observationsOf } from '../../ceremony/bundle/report/observations';
import type { Plan } from '../../ceremony/plan/schema';
import type { Line } from '../../ceremony/transcript/line';
import { Sha256Hex } from '../../ceremony/text-forms';
import type { LineView, RoomFinding, RunView, UnitView } from '../../ipc/view';
import { namesOf, type NamedPeople } from './desk-words';
import { lineWords } from './line-words';
import { roomFinding } from './room-findings';
import { setView } from './run-result';

/** Most lines that are shown. */
const MAX_LINES = 200;

/** A unit as far as its readings in the record tell. */
export interface UnitPicture {
  readonly seen: boolean;
  readonly serial: string | null;
  readonly identity: string | null;
  readonly registers: UnitView['registers'];
}

const NOT_SEEN: UnitPicture = { seen: false, serial: null, identity: null, registers: null };

const Register = v.object({
  status: v.picklist(['empty', 'full-uncommitted', 'full-committed', 'valid']),
  pattern: v.nullable(Sha256Hex),
});
/** What readings in facts and results of acts have in common; each part is taken by itself. */
const SERIAL = v.object({ token: v.object({ serial: v.string() }) });
const IDENTITY = v.object({ identity: v.object({ id: Sha256Hex }) });
const MADE_IDENTITY = v.object({ id: Sha256Hex, spki: v.string() });
const CONNECTED = v.object({ unit: v.string(), identity: Sha256Hex });
const REGISTERS = v.object({ registers: v.object({ new: Register, current: Register }) });
const ABOUT_UNIT = v.object({ unit: v.string() });

/** Folds lines as they come. */
export class RunStory {
  private readonly plan: Plan;
  private readonly people: Record<string, string>;
  private readonly titles: Record<string, string>;
  private readonly operations = new Map<string, string>();
  private readonly unitsOfActs = new Map<string, string>();
  private readonly times = new Map<string, { began: string; ended: string | null }>();
  private readonly pictures = new Map<string, UnitPicture>();
  private shown: LineView[] = [];
  private observed: readonly RoomFinding[] = [];
  private made: RunView['set'] = null;
  private taken = 0;

  constructor(plan: Plan, { people }: NamedPeople) {
    this.plan = plan;
    this.people = namesOf(people);
    this.titles = Object.fromEntries(plan.steps.map(({ id, title }) => [id, title]));
  }

  /** Takes in what is new of all lines so far. */
  takeAll(lines: readonly Line[]): void {
    const fresh = lines.slice(this.taken);
    for (const line of fresh) this.take(line);
    this.made = setView(fresh) ?? this.made;
    this.taken = lines.length;
  }

  /** The last lines in words, oldest first. */
  get lines(): readonly LineView[] {
    return this.shown;
  }

  /** What the last pre-flight observed. */
  get observations(): readonly RoomFinding[] {
    return this.observed;
  }

  /** The set of shares made last. */
  get set(): RunView['set'] {
    return this.made;
  }

  /** When a step began and ended; null before it began. */
  timesOf(step: string): { readonly began: string; readonly ended: string | null } | null {
    return this.times.get(step) ?? null;
  }

  /** A unit as last read. */
  unit(id: string): UnitPicture {
    return this.pictures.get(id) ?? NOT_SEEN;
  }

  private take(line: Line): void {
    this.noteStep(line);
    this.noteUnit(line);
    const observations = observationsOf(line);
    if (observations.length > 0) this.observed = observations.map(roomFinding);
    const { seq, at, type, step } = line;
    const names = { people: this.people, steps: this.titles, operations: this.operations };
    const by = line.by.map((id) => this.people[id] ?? id);
    this.shown = [...this.shown.slice(1 - MAX_LINES), { seq, at, type, step, by, text: lineWords(line, names) }];
  }

  private noteStep(line: Line): void {
    const { step, at } = line;
    if (step === null) return;
    if (line.type === 'step.started' && !this.times.has(step)) this.times.set(step, { began: at, ended: null });
    const isOver =
      (line.type === 'step.outcome' && line.body.act === null) ||
      (line.type === 'exception.recorded' && line.body.kind === 'step-skipped');
    if (isOver) this.times.set(step, { began: this.times.get(step)?.began ?? at, ended: at });
    if (line.type !== 'step.intent') return;
    const act = `${step} ${line.body.act}`;
    this.operations.set(act, line.body.operation);
    if (line.body.unit !== null) this.unitsOfActs.set(act, line.body.unit);
  }

  private noteUnit(line: Line): void {
    if (line.type === 'fact.recorded') {
      const about = v.safeParse(ABOUT_UNIT, line.body.value);
      if (about.success) this.learn(about.output.unit, line.body.value);
    }
    if (line.type === 'step.outcome' && line.body.act !== null)
      this.learnAct(line.step, line.body.act, line.body.result);
    if (line.type === 'step.reconciled') this.learnAct(line.step, line.body.act, line.body.observed);
  }

  private learnAct(step: string | null, act: string, result: unknown): void {
    const unit = this.unitsOfActs.get(`${step ?? ''} ${act}`);
    if (unit !== undefined) this.learn(unit, result);
  }

  private learn(unit: string, reading: unknown): void {
    if (!this.plan.units.some(({ id }) => id === unit)) return;
    const before = this.unit(unit);
    const serial = v.safeParse(SERIAL, reading);
    const registers = v.safeParse(REGISTERS, reading);
    this.pictures.set(unit, {
      seen: true,
      serial: serial.success ? serial.output.token.serial : before.serial,
      identity: identityIn(reading) ?? before.identity,
      registers: registers.success ? registers.output.registers : before.registers,
    });
  }
}

function identityIn(reading: unknown): string | null {
  const read = v.safeParse(IDENTITY, reading);
  if (read.success) return read.output.identity.id;
  const made = v.safeParse(MADE_IDENTITY, reading);
  if (made.success) return made.output.id;
  const connected = v.safeParse(CONNECTED, reading);
  return connected.success ? connected.output.identity : null;
}
