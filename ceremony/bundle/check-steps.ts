/** The steps of the plan: started in order, every act answered, every step completed or waived by an exception. */
import * as v from 'valibot';
import type { Json } from '../canonical-json';
import type { Step } from '../plan/schema';
import { WAIVABLE } from '../plan/waivable';
import { Sha256Hex } from '../text-forms';
import type { Line, LineWith } from '../transcript/line';
import { quorumShortfalls } from '../transcript/quorum';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import { BoundedMap } from './bounded-map';
import type { SignedCheckpoint } from './check-checkpoints';
import { StepWork, shareSetIn, type Intent, type ShareSet, type WorkContext } from './check-work';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';

/** A step as far as the transcript has come. */
interface Progress {
  readonly step: Step;
  attempt: number;
  complete: boolean;
  /** A `step-skipped` exception stands in for the outcome. */
  skipped: boolean;
  /** Another kind of exception by which people did with less than the plan asks for. */
  relaxed: boolean;
  readonly work: StepWork;
  /** The set of shares that counted when the step was complete. */
  set: ShareSet | null;
  readonly confirmed: Set<string>;
  readonly present: Set<string>;
}

/** Checks order and completeness of the steps. */
export class StepCheck implements LineCheck {
  private readonly context: WorkContext;
  private readonly roster: RosterSoFar;
  private readonly checkpoints: () => readonly SignedCheckpoint[];
  private readonly findings: Findings;
  private readonly steps: readonly Progress[];
  private readonly places: ReadonlyMap<string, number>;
  /** Acts without an answer, by step and act. */
  private readonly open: BoundedMap<Intent & { readonly act: string }>;
  /** Place of the step that is under way or was last; -1 before the first. */
  private current = -1;
  /** The last set of shares made, unless it was voided. */
  private set: ShareSet | null = null;

  /** @param checkpoints those that hold, asked for at the end */
  constructor(context: WorkContext, roster: RosterSoFar, checkpoints: () => readonly SignedCheckpoint[]) {
    this.context = context;
    this.roster = roster;
    this.checkpoints = checkpoints;
    this.findings = context.findings;
    this.open = new BoundedMap('acts without an answer', context.findings);
    const { steps } = context.documents.plan;
    this.places = new Map(steps.map(({ id }, place) => [id, place]));
    this.steps = steps.map((step) => ({
      step,
      attempt: 0,
      complete: false,
      skipped: false,
      relaxed: false,
      work: new StepWork(step, context),
      set: null,
      confirmed: new Set<string>(),
      present: new Set<string>(),
    }));
  }

  take({ line }: GoodLine): void {
    if (line.type === 'participant.left' || line.type === 'participant.replaced') {
      for (const { complete, present } of this.steps) if (!complete) present.delete(line.body.participant);
    }
    if (line.step === null) {
      if (line.type.startsWith('step.') || line.type === 'exception.recorded') this.wrong(line, 'names no step');
      return;
    }
    const place = this.places.get(line.step) ?? -1;
    const progress = this.steps[place];
    if (progress === undefined) this.wrong(line, `the plan has no step ${line.step}`);
    else if (line.type === 'exception.recorded') this.except(line, place, progress);
    else if (line.type === 'step.started') this.start(line, place, progress);
    else this.within(line, place, progress);
  }

  end(closing: LineWith<'ceremony.closed'> | null): void {
    for (const { act, seq } of this.open.values()) {
      const reason = `the act ${act} is not answered by an outcome or a reconciliation`;
      if (closing !== null) this.findings.add(TRANSCRIPT, seq, reason);
      else this.findings.lacks(TRANSCRIPT, seq, reason);
    }
    for (const progress of this.steps) this.checkEnd(progress, closing);
    if (closing?.body.outcome === 'abandoned') {
      this.findings.lacks(TRANSCRIPT, closing.seq, 'the ceremony was abandoned');
    }
  }

  private start(line: LineWith<'step.started'>, place: number, progress: Progress): void {
    this.enter(line, place);
    if (progress.complete) this.wrong(line, `step ${progress.step.id} was complete already`);
    if (line.body.action !== progress.step.action) this.wrong(line, `the plan says ${progress.step.action}`);
    if (line.body.attempt !== progress.attempt + 1)
      this.wrong(line, `attempt: expected ${String(progress.attempt + 1)}`);
    progress.attempt = line.body.attempt;
    progress.work.begin();
  }

  private except(line: LineWith<'exception.recorded'>, place: number, progress: Progress): void {
    if (line.body.kind === 'people' || line.body.kind === 'step-deviated') progress.relaxed = true;
    if (line.body.kind !== 'step-skipped') return;
    if (!WAIVABLE.includes(progress.step.action)) this.wrong(line, `${progress.step.action} is never waived`);
    this.enter(line, place);
    progress.skipped = true;
  }

  private within(line: Line, place: number, progress: Progress): void {
    if (place !== this.current || progress.attempt === 0 || progress.complete) {
      this.wrong(line, `step ${progress.step.id} is not under way`);
    }
    if ('attempt' in line.body && line.body.attempt !== progress.attempt) {
      this.wrong(line, `attempt: expected ${String(progress.attempt)}, got ${String(line.body.attempt)}`);
    }
    if (line.type === 'participant.present') this.see(line.body.participant, progress.present);
    if (line.type === 'step.confirmed') this.confirm(line, progress);
    if (line.type === 'fact.recorded') {
      progress.work.fact(line.body.fact, line.body.value, line.by);
      if (line.body.fact === 'share-set.voided') this.set = null;
    }
    if (line.type === 'step.intent') {
      const { act, unit, command } = line.body;
      const key = keyOf(progress.step, act);
      if (this.open.has(key)) this.wrong(line, `the act ${act} was not answered before`);
      const wrapping = wrappingIn(line.body.parameters);
      this.open.set(key, { seq: line.seq, act, unit, signed: command !== null, ...wrapping }, line.seq);
      progress.work.forget(act);
    }
    if (line.type === 'step.reconciled') {
      const { act, verdict, observed } = line.body;
      this.answer(line, act, progress, verdict === 'applied' ? { result: observed } : null);
    }
    if (line.type === 'step.outcome') {
      const { act, result } = line.body;
      if (act !== null) this.answer(line, act, progress, { result });
      else {
        progress.complete = true;
        progress.set = this.set;
      }
    }
  }

  private confirm(line: LineWith<'step.confirmed'>, { step, confirmed }: Progress): void {
    if (step.action === 'statement' && line.body.statement !== step.text.trim()) {
      this.wrong(line, 'the statement is not that of the plan');
    } else for (const id of line.by) this.see(id, confirmed);
  }

  /** Only people of the roster are kept in mind. */
  private see(id: string, people: Set<string>): void {
    if (this.roster.keyOf(id) !== null) people.add(id);
  }

  private answer(line: Line, act: string, progress: Progress, done: { readonly result: Json } | null): void {
    const key = keyOf(progress.step, act);
    const intent = this.open.get(key);
    if (intent === undefined) this.wrong(line, `answers the act ${act}, which was not announced`);
    this.open.delete(key);
    if (intent === undefined || done === null) return;
    progress.work.done(act, line.seq, intent, done.result);
    this.set = shareSetIn(done.result) ?? this.set;
  }

  /** A step may come next when all before it are complete or skipped, and none after it has begun. */
  private enter(line: Line, place: number): void {
    if (place < this.current) this.wrong(line, 'a later step has begun already');
    const before = this.steps.slice(0, place).find(({ complete, skipped }) => !complete && !skipped);
    if (before !== undefined)
      this.wrong(line, `step ${before.step.id} comes first, and has no outcome and no exception`);
    this.current = Math.max(this.current, place);
  }

  private wrong(line: Line, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }

  private checkEnd(progress: Progress, closing: LineWith<'ceremony.closed'> | null): void {
    const { step, complete, skipped, work } = progress;
    if (complete) {
      this.checkAttendance(progress);
      for (const fault of work.faults(progress.set)) this.lacksIn(step, fault);
    }
    if (complete || skipped || closing === null) return;
    const reason = `step ${step.id} has no outcome and no exception`;
    // An abandoned ceremony is a truthful record of one that did not come to its end.
    if (closing.body.outcome === 'abandoned') this.findings.lacks(TRANSCRIPT, null, reason);
    else this.findings.add(TRANSCRIPT, null, reason);
  }

  /** Those whom the plan asks for in a step: as many people of each position as it has, or of each role. */
  private checkAttendance({ step, skipped, relaxed, present, confirmed }: Progress): void {
    if (skipped || relaxed) return;
    const { plan } = this.context.documents;
    const demand = (positions: readonly string[], people: ReadonlySet<string>, what: string): void => {
      for (const id of positions) {
        const needed = plan.positions.find((one) => one.id === id)?.count ?? 0;
        const got = [...people].filter((one) => this.roster.positionOf(one) === id).length;
        if (got < needed) this.lacksIn(step, `${String(needed)} × ${id} ${what}, ${String(got)} did`);
      }
    };
    if (step.action === 'roll-call') demand(step.positions, present, 'prove presence');
    if (step.action === 'statement') demand(step.by, confirmed, 'confirm');
    if (step.action !== 'checkpoint' && step.action !== 'pause') return;
    const met = this.checkpoints()
      .filter((one) => one.step === step.id)
      .some(({ signers }) => quorumShortfalls(step.signers, signers, this.roster.entries()).length === 0);
    if (!met) this.lacksIn(step, 'no checkpoint of this step has the signatures it asks for');
  }

  private lacksIn(step: Step, reason: string): void {
    this.findings.add(TRANSCRIPT, null, `step ${step.id}: ${reason}`);
  }
}

function keyOf(step: Step, act: string): string {
  return `${step.id} ${act}`;
}

const WRAPPING = v.object({
  publicKeySha256: v.optional(Sha256Hex),
  target: v.optional(v.pipe(v.string(), v.maxLength(64))),
  authenticated: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(8))),
});

/** The wrapping key that an act names, and what it says of it. */
function wrappingIn(parameters: Json): Pick<Intent, 'wrappingKey' | 'target' | 'authenticated'> {
  const named = v.safeParse(WRAPPING, parameters);
  const { publicKeySha256, target, authenticated } = named.success ? named.output : {};
  return { wrappingKey: publicKeySha256 ?? null, target: target ?? null, authenticated: authenticated ?? null };
}
