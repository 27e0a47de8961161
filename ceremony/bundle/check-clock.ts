/**
 * What people must bring into the record: readings of clocks in every pre-flight, and a file where the plan asks for one.
 * Three people read clocks of their own; a workstation more than a minute off takes an exception.
 */
import * as v from 'valibot';
import type { Binding } from '../plan/binding-schema';
import type { Plan } from '../plan/schema';
import { CLOCK_READERS, CLOCK_TOLERANCE_MS, ClockReadings, skewOf } from '../transcript/clock-readings';
import { CLOCK_READINGS } from '../transcript/fact-names';
import { RULES, type Line, type LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import { sameJson } from './sealed';

/** Kinds of exceptions that do without what a step asks for, and the words for its not being there. */
const EXCEPTED: Readonly<Record<Progress['asks'], readonly string[]>> = {
  clocks: ['clock', 'preflight'],
  file: ['step-deviated'],
};
const MISSING: Readonly<Record<Progress['asks'], string>> = {
  clocks: 'nobody read a clock of their own',
  file: 'no file goes with the answer',
};

/** Longest that readings wait for their line: a pre-flight is no longer than a day. */
const READ_WITHIN_MS = 24 * 3_600_000;

const Answer = v.object({ asked: v.string() });

/** A pre-flight, or a step that asks for a file, as far as the transcript has come. */
interface Progress {
  /** What the rules of today ask it for. */
  readonly asks: 'clocks' | 'file';
  complete: boolean;
  /** Whether the last attempt has it. */
  brought: boolean;
  /** Line of the last readings, when they show more than a minute. */
  wrong: number | null;
  /** Whether an exception is there for doing without. */
  excepted: boolean;
}

/** Checks the readings of clocks in every pre-flight, and that files are there where the plan asks for them. */
export class ClockCheck implements LineCheck {
  private readonly attending: ReadonlySet<string>;
  private readonly binding: () => Binding;
  private readonly findings: Findings;
  /** Whether line 0 says that the record keeps the rules of today. */
  private readonly isHeld: boolean;
  private readonly questions: ReadonlyMap<string, string>;
  private readonly steps: ReadonlyMap<string, Progress>;
  /** Who left in this session, or did not come, of those whom a binding names. */
  private readonly left = new Set<string>();

  /** @param binding the one in force at the line that was taken last */
  constructor(opening: LineWith<'ceremony.opened'>, plan: Plan, binding: () => Binding, findings: Findings) {
    this.attending = new Set(plan.positions.filter(({ attends }) => attends).map(({ id }) => id));
    this.binding = binding;
    this.findings = findings;
    this.isHeld = opening.body.rules === RULES;
    this.questions = new Map(plan.steps.flatMap((step) => (step.action === 'fact' ? [[step.id, step.ask]] : [])));
    this.steps = new Map(
      plan.steps.flatMap((step): (readonly [string, Progress])[] => {
        const begun = { complete: false, brought: false, wrong: null, excepted: false };
        if (step.action === 'preflight') return [[step.id, { asks: 'clocks', ...begun }]];
        return step.action === 'fact' && step.attach === true ? [[step.id, { asks: 'file', ...begun }]] : [];
      }),
    );
  }

  take({ line }: GoodLine): void {
    this.follow(line);
    const progress = this.steps.get(line.step ?? '');
    if (line.type === 'fact.recorded' && line.body.fact === CLOCK_READINGS) this.read(line, progress);
    if (progress === undefined) return;
    if (line.type === 'step.started') progress.brought = false;
    if (line.type === 'fact.recorded' && this.brings(line, progress)) progress.brought = true;
    if (line.type === 'step.outcome' && line.body.act === null) progress.complete = true;
    if (line.type === 'exception.recorded' && EXCEPTED[progress.asks].includes(line.body.kind))
      progress.excepted = true;
  }

  end(): void {
    for (const [id, { asks, complete, brought, wrong, excepted }] of this.steps) {
      // SECURITY(K-162): what was asked for is not left out in silence.
      if (this.isHeld && complete && !brought && !excepted) {
        this.findings.add(TRANSCRIPT, null, `step ${id}: ${MISSING[asks]}, and no exception says why`);
      }
      if (!complete || wrong === null || excepted) continue;
      // SECURITY(K-103): times that nobody can rely on are told of by two people.
      const reason = 'the clock is more than a minute off, and no exception says why that is safe';
      this.findings.add(TRANSCRIPT, wrong, reason);
    }
  }

  private brings({ step, body }: LineWith<'fact.recorded'>, { asks }: Progress): boolean {
    if (asks === 'clocks') return body.fact === CLOCK_READINGS;
    const answer = body.fact === 'answer' ? v.safeParse(Answer, body.value) : null;
    return (
      answer?.success === true &&
      answer.output.asked === this.questions.get(step ?? '') &&
      (body.files ?? []).length > 0
    );
  }

  private follow(line: Line): void {
    switch (line.type) {
      case 'participant.left':
      case 'participant.replaced':
        if (this.binding().people.some(({ id }) => id === line.body.participant)) this.left.add(line.body.participant);
        break;
      case 'participant.present':
        this.left.delete(line.body.participant);
        break;
      case 'ceremony.resumed':
        if (line.body.session !== undefined) this.left.clear();
        break;
      default:
        break;
    }
  }

  private read(line: LineWith<'fact.recorded'>, progress: Progress | undefined): void {
    const wrong = (reason: string): void => {
      this.findings.add(TRANSCRIPT, line.seq, reason);
    };
    if (progress?.asks !== 'clocks') wrong('clocks are read in a pre-flight');
    const parsed = v.safeParse(ClockReadings, line.body.value);
    if (!parsed.success) {
      wrong('the readings of clocks are malformed');
      return;
    }
    const { readings, skewMs } = parsed.output;
    const { people } = this.binding();
    const there = people.filter(({ id, position }) => this.attending.has(position) && !this.left.has(id)).length;
    const needed = Math.min(CLOCK_READERS, there);
    const by = [...new Set(readings.map((one) => one.by))].sort();
    if (!sameJson(by, line.by) || by.length !== readings.length || by.length < needed) {
      wrong(`${String(needed)} people must each read a clock of their own`);
    }
    if (!sameJson(skewOf(readings), skewMs)) wrong('the skew is not that of the readings');
    const now = Date.parse(line.at);
    if (readings.some(({ workstation }) => Math.abs(Date.parse(workstation) - now) > READ_WITHIN_MS)) {
      wrong('clocks were read on another day');
    }
    if (readings.some(({ source }) => source.trim() === '')) wrong('a clock has no name');
    if (progress !== undefined) progress.wrong = Math.abs(skewMs.median) > CLOCK_TOLERANCE_MS ? line.seq : null;
  }
}
