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
  private readonly onStep: (heading: string) => void;
  private readonly onOver: (step: Step) => void;
  private begun = 0;

  /**
   * @param onStep is given each step's number and title, such as `Step 3 of 22: The purpose is read aloud`
   * @param onOver is given each step that is over, to tell what it left
   */
  constructor(onStep: (heading: string) => void = () => undefined, onOver: (step: Step) => void = () => undefined) {
    this.onStep = onStep;
    this.onOver = onOver;
  }

  stepBegins(step: Step, index: number, count: number): void {
    this.begun = performance.now();
    process.stderr.write(`\n${String(index + 1).padStart(2)}/${String(count)}  ${step.title}\n`);
    this.onStep(`Step ${String(index + 1)} of ${String(count)}: ${step.title}`);
  }

  stepEnds(step: Step): void {
    const took = Math.round(performance.now() - this.begun);
    this.times[step.id] = took;
    process.stderr.write(`       done in ${duration(took)}\n`);
    this.onOver(step);
  }
}

/** Machines are told of in milliseconds, people in minutes. */
function duration(milliseconds: number): string {
  if (milliseconds < 10_000) return `${String(milliseconds)} ms`;
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${String(seconds)} s` : `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
}
