/** The steps of the plan: started in order, every act answered, every step completed or waived by an exception. */
import * as v from 'valibot';
import type { Json } from '../canonical-json';
import type { Plan, Step } from '../plan/schema';
import { WAIVABLE } from '../plan/waivable';
import type { Line, LineWith, RosterEntry } from '../transcript/line';
import { quorumShortfalls } from '../transcript/quorum';
import type { GoodLine } from '../transcript/read';
import type { SignedCheckpoint } from './check-checkpoints';
import { ShareSet, workFaults, type DoneAct } from './check-work';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { Documents } from './check-opening';

/** A step as far as the transcript has come. */
interface Progress {
  readonly step: Step;
  attempt: number;
  complete: boolean;
  /** A `step-skipped` exception stands in for the outcome. */
  skipped: boolean;
  /** Another kind of exception by which people did with less than the plan asks for. */
  relaxed: boolean;
  readonly open: Map<string, LineWith<'step.intent'>>;
  readonly acts: Map<string, DoneAct>;
  /** Facts of the last attempt. */
  facts: { fact: string; value: Json }[];
  /** The set of shares that counted when the step was complete. */
  set: ShareSet | null;
  readonly confirmed: Set<string>;
  readonly present: Set<string>;
}

/** Checks order and completeness of the steps. */
export function checkSteps(
  opening: LineWith<'ceremony.opened'>,
  lines: readonly GoodLine[],
  documents: Documents,
  checkpoints: readonly SignedCheckpoint[],
  contents: Contents,
  findings: Findings,
): void {
  const walk = new StepWalk(documents.plan, findings);
  for (const { line } of lines) walk.take(line);
  const closing = lines.at(-1)?.line;
  for (const progress of walk.steps) {
    for (const [act, { seq }] of progress.open) {
      const reason = `the act ${act} is not answered by an outcome or a reconciliation`;
      if (closing?.type === 'ceremony.closed') findings.add(TRANSCRIPT, seq, reason);
      else findings.lacks(TRANSCRIPT, seq, reason);
    }
    if (progress.complete) {
      checkAttendance(progress, documents, opening.body.roster, checkpoints, findings);
      for (const fault of workFaults(progress, documents, opening.body.ceremony, contents)) {
        findings.add(TRANSCRIPT, null, `step ${progress.step.id}: ${fault}`);
      }
    }
    if (progress.complete || progress.skipped || closing?.type !== 'ceremony.closed') continue;
    const reason = `step ${progress.step.id} has no outcome and no exception`;
    // An abandoned ceremony is a truthful record of one that did not come to its end.
    if (closing.body.outcome === 'abandoned') findings.lacks(TRANSCRIPT, null, reason);
    else findings.add(TRANSCRIPT, null, reason);
  }
  if (closing?.type === 'ceremony.closed' && closing.body.outcome === 'abandoned') {
    findings.lacks(TRANSCRIPT, closing.seq, 'the ceremony was abandoned');
  }
}

class StepWalk {
  readonly steps: readonly Progress[];
  private readonly findings: Findings;
  /** Place of the step that is under way or was last; -1 before the first. */
  private current = -1;
  /** The last set of shares made, unless it was voided. */
  private set: ShareSet | null = null;

  constructor(plan: Plan, findings: Findings) {
    this.findings = findings;
    this.steps = plan.steps.map((step) => ({
      step,
      attempt: 0,
      complete: false,
      skipped: false,
      relaxed: false,
      open: new Map<string, LineWith<'step.intent'>>(),
      acts: new Map<string, DoneAct>(),
      facts: [],
      set: null,
      confirmed: new Set<string>(),
      present: new Set<string>(),
    }));
  }

  take(line: Line): void {
    if (line.type === 'participant.left' || line.type === 'participant.replaced') {
      for (const { complete, present } of this.steps) if (!complete) present.delete(line.body.participant);
    }
    if (line.step === null) {
      if (line.type.startsWith('step.') || line.type === 'exception.recorded') this.wrong(line, 'names no step');
      return;
    }
    const place = this.steps.findIndex(({ step }) => step.id === line.step);
    const progress = this.steps[place];
    if (progress === undefined) this.wrong(line, `the plan has no step ${line.step}`);
    else if (line.type === 'exception.recorded') this.except(line, place, progress);
    else if (line.type === 'step.started') this.start(line, place, progress);
    else this.within(line, place, progress);
  }

  private start(line: LineWith<'step.started'>, place: number, progress: Progress): void {
    this.enter(line, place);
    if (progress.complete) this.wrong(line, `step ${progress.step.id} was complete already`);
    if (line.body.action !== progress.step.action) this.wrong(line, `the plan says ${progress.step.action}`);
    if (line.body.attempt !== progress.attempt + 1)
      this.wrong(line, `attempt: expected ${String(progress.attempt + 1)}`);
    progress.attempt = line.body.attempt;
    progress.facts = [];
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
    if (line.type === 'participant.present') progress.present.add(line.body.participant);
    if (line.type === 'step.confirmed') this.confirm(line, progress);
    if (line.type === 'fact.recorded') {
      progress.facts.push({ fact: line.body.fact, value: line.body.value });
      if (line.body.fact === 'share-set.voided') this.set = null;
    }
    if (line.type === 'step.intent') {
      if (progress.open.has(line.body.act)) this.wrong(line, `the act ${line.body.act} was not answered before`);
      progress.open.set(line.body.act, line);
      progress.acts.delete(line.body.act);
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
    } else for (const id of line.by) confirmed.add(id);
  }

  private answer(line: Line, act: string, progress: Progress, done: { readonly result: Json } | null): void {
    const intent = progress.open.get(act);
    if (intent === undefined) this.wrong(line, `answers the act ${act}, which was not announced`);
    progress.open.delete(act);
    if (intent === undefined || done === null) return;
    progress.acts.set(act, { seq: line.seq, intent, result: done.result });
    const made = v.safeParse(v.object({ shareSet: ShareSet }), done.result);
    if (made.success) this.set = made.output.shareSet;
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
}

/** Those whom the plan asks for in a step: as many people of each position as it has, or of each role. */
function checkAttendance(
  progress: Progress,
  { plan, binding }: Documents,
  roster: readonly RosterEntry[],
  checkpoints: readonly SignedCheckpoint[],
  findings: Findings,
): void {
  if (progress.skipped || progress.relaxed) return;
  const { step } = progress;
  const demand = (positions: readonly string[], people: ReadonlySet<string>, what: string): void => {
    for (const id of positions) {
      const needed = plan.positions.find((one) => one.id === id)?.count ?? 0;
      const got = binding.people.filter((one) => one.position === id && people.has(one.id)).length;
      if (got >= needed) continue;
      findings.add(TRANSCRIPT, null, `step ${step.id}: ${String(needed)} × ${id} ${what}, ${String(got)} did`);
    }
  };
  if (step.action === 'roll-call') demand(step.positions, progress.present, 'prove presence');
  if (step.action === 'statement') demand(step.by, progress.confirmed, 'confirm');
  if (step.action === 'checkpoint') {
    const made = checkpoints.filter((one) => one.step === step.id);
    const met = made.some(({ signers }) => quorumShortfalls(step.signers, signers, roster).length === 0);
    if (!met)
      findings.add(TRANSCRIPT, null, `step ${step.id}: no checkpoint of this step has the signatures it asks for`);
  }
}
