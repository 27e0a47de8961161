/** Two bundles side by side, for the window: the comparison of their records, and the verdict on each. */
import { compareBundles, UnreadableBundle, type CeremonyStory, type StepRun } from '../../ceremony/bundle/compare';
import { verifyBundle, type VerifyReport } from '../../ceremony/bundle/verify';
import type { ComparedView, ComparisonView, StepRunView } from '../../ipc/audit-view';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { UsageError } from '../../workstation/explain';
import { existingFolder } from '../../workstation/input';
import { cutTo } from './audit-text';

/** Most rows that are shown. */
const MOST = { steps: 2_000, exceptions: 500, bindings: 1_000, people: 200 } as const;

/** A bundle that was verified. */
export interface Verified {
  readonly folder: string;
  readonly report: VerifyReport;
}

/**
 * Compares the opened bundle with the one in another folder, which is verified first, with nothing given from outside.
 *
 * @throws UsageError when the folder is not there, or one of the two cannot be compared
 */
export async function compareWith(a: Verified, folder: string): Promise<ComparisonView> {
  const other = existingFolder(folder, 'bundle');
  if (other === a.folder) {
    throw new UsageError('That is the bundle that is open already', 'Choose the folder of another one.');
  }
  const files = { a: new FileBundleFolder(a.folder), b: new FileBundleFolder(other) };
  const b: Verified = { folder: other, report: await verifyBundle(files.b) };
  try {
    const found = await compareBundles(files.a, files.b);
    return {
      a: comparedView(a, found.a),
      b: comparedView(b, found.b),
      samePlan: found.samePlan,
      sameOrder: found.sameOrder,
      steps: found.steps.slice(0, MOST.steps).map((step) => ({
        id: cutTo(step.step, 100),
        title: cutTo(step.title, 300),
        place: step.place,
        a: runView(step.a),
        b: runView(step.b),
      })),
      exceptions: found.exceptions.slice(0, MOST.exceptions).map(({ step, kind, ...one }) => ({
        step: step === null ? null : cutTo(step, 100),
        kind: cutTo(kind, 100),
        a: exceptionView(one.a, found.a),
        b: exceptionView(one.b, found.b),
      })),
      moreExceptions: found.exceptions.length > MOST.exceptions,
      binding: found.binding.slice(0, MOST.bindings).map(({ what, name, ...one }) => ({
        what,
        name: cutTo(name, 200),
        a: one.a === null ? null : cutTo(one.a, 2_000),
        b: one.b === null ? null : cutTo(one.b, 2_000),
      })),
    };
  } catch (error) {
    if (!(error instanceof UnreadableBundle)) throw error;
    const which = error.bundle === 'a' ? a.folder : other;
    throw new UsageError(
      `${which} cannot be compared: ${cutTo(error.message, 1_000)}`,
      'Verify it by itself; its findings say what is wrong with it.',
    );
  }
}

function comparedView({ folder, report }: Verified, story: CeremonyStory): ComparedView {
  const { ceremony, mode, outcome, planHash, durationMs, pausedMs, lines } = story;
  return {
    ...{ folder, ceremony, mode, outcome, planHash, lines },
    title: cutTo(story.title, 300),
    verdict: report.verdict,
    findings: report.findingsInAll,
    began: story.began,
    ended: story.ended,
    durationMs: Math.max(0, durationMs),
    pausedMs: Math.max(0, pausedMs),
  };
}

function runView(run: StepRun | null): StepRunView | null {
  if (run === null) return null;
  const { place, attempts, began, durationMs, acts, failures, status, lines } = run;
  return {
    ...{ place, attempts, began, acts, failures, status, first: lines[0], last: lines[1] },
    durationMs: Math.max(0, durationMs),
    by: run.by.slice(0, MOST.people).map(({ id, name }) => cutTo(name === '' ? id : name, 200)),
  };
}

function exceptionView(
  exception: CeremonyStory['exceptions'][number] | null,
  { bindings }: CeremonyStory,
): ComparisonView['exceptions'][number]['a'] {
  if (exception === null) return null;
  const { line, happened, decided, signers } = exception;
  const people = bindings.flatMap((binding) => binding.people);
  return {
    line,
    happened: cutTo(happened, 4_000),
    decided: cutTo(decided, 4_000),
    signers: signers.slice(0, MOST.people).map((id) => cutTo(people.find((one) => one.id === id)?.name ?? id, 200)),
  };
}
