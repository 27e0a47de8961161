/**
 * What the command line says while a ceremony runs. Progress goes to standard error, results to standard output; no
 * full stop in a label, no jargon of ours.
 */
import type { Notice } from '../ceremony/engine/ports';
import type { StepObserver } from '../ceremony/engine/run';
import type { Step } from '../ceremony/plan/schema';

const MARKS: Readonly<Record<Notice['kind'], string>> = {
  step: '== ',
  progress: '   ',
  result: '   ',
  warning: ' ! ',
  failure: ' X ',
};

/** Says a notice on standard error. */
export function say(notice: Notice): void {
  const mark = MARKS[notice.kind];
  process.stderr.write(`${mark}${notice.text.replaceAll('\n', '\n   ')}\n`);
}

/** How long each step took, in milliseconds. */
export type StepTimes = Record<string, number>;

/** Announces steps and measures them. */
export class AnnouncedSteps implements StepObserver {
  readonly times: StepTimes = {};
  private begun = 0;

  stepBegins(step: Step, index: number, count: number): void {
    this.begun = performance.now();
    process.stderr.write(`\n${String(index + 1).padStart(2)}/${String(count)}  ${step.title}\n`);
  }

  stepEnds(step: Step): void {
    const took = Math.round(performance.now() - this.begun);
    this.times[step.id] = took;
    process.stderr.write(`       done in ${String(took)} ms\n`);
  }
}
