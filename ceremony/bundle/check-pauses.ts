/** Pauses: where the plan has them and nowhere else, with the seals that were stated. */
import * as v from 'valibot';
import type { Plan, StepOf } from '../plan/schema';
import { SEAL } from '../transcript/fact-names';
import type { Line, LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import { sameJson } from './sealed';

const Seal = v.strictObject({ material: v.string(), number: v.string() });

/** A pause of the plan as far as the transcript has come. */
interface Progress {
  readonly step: StepOf<'pause'>;
  /** Numbers of the seals of the step's materials. */
  readonly seals: Map<string, string>;
  complete: boolean;
}

/** Checks every pause against the steps around it. */
export class PauseCheck implements LineCheck {
  private readonly findings: Findings;
  private readonly pauses: readonly Progress[];
  /** How many pauses of the plan come before a step. */
  private readonly before: ReadonlyMap<string, number>;
  private made = 0;
  /** The step that was started last. */
  private current: string | null = null;

  constructor(plan: Plan, findings: Findings) {
    this.findings = findings;
    this.pauses = plan.steps.flatMap((step) =>
      step.action === 'pause' ? [{ step, seals: new Map<string, string>(), complete: false }] : [],
    );
    let count = 0;
    this.before = new Map(
      plan.steps.map(({ id, action }) => {
        const entry = [id, count] as const;
        if (action === 'pause') count += 1;
        return entry;
      }),
    );
  }

  take({ line }: GoodLine): void {
    if (line.type === 'ceremony.paused') this.pause(line);
    if (line.type === 'step.started') this.start(line);
    if (line.step === null) return;
    const progress = this.pauses.find(({ step }) => step.id === line.step);
    if (line.type === 'fact.recorded' && line.body.fact === SEAL) this.seal(line, progress);
    if (line.type === 'step.outcome' && line.body.act === null && progress !== undefined) progress.complete = true;
  }

  end(): void {
    for (const { step, seals, complete } of this.pauses) {
      for (const material of complete ? step.seals : []) {
        if (seals.has(material)) continue;
        const reason = `step ${step.id}: the number of the seal on ${material} is not on record`;
        this.findings.add(TRANSCRIPT, null, reason);
      }
    }
  }

  private start(line: LineWith<'step.started'>): void {
    this.current = line.step;
    const needed = this.before.get(line.step ?? '') ?? 0;
    if (needed > this.made) this.wrong(line, 'the plan pauses before this step');
  }

  private seal(line: LineWith<'fact.recorded'>, progress: Progress | undefined): void {
    const seal = v.safeParse(Seal, line.body.value);
    if (!seal.success) {
      this.wrong(line, 'tells of a seal that cannot be read');
      return;
    }
    const { material, number } = seal.output;
    if (progress?.step.seals.includes(material) === true) progress.seals.set(material, number);
  }

  private pause(line: LineWith<'ceremony.paused'>): void {
    const progress = this.pauses[this.made];
    this.made += 1;
    if (progress?.complete !== true || this.current !== progress.step.id) {
      this.wrong(line, 'the plan does not pause here');
      return;
    }
    const { step, seals } = progress;
    const expected = step.seals.map((material) => ({ material, number: seals.get(material) ?? null }));
    if (line.step !== null || line.body.reason !== step.reason.trim() || !sameJson(line.body.seals, expected)) {
      this.wrong(line, 'the reason or the seals are not those of the step before');
    }
  }

  private wrong(line: Line, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }
}
