/**
 * Compares two bundles, as an auditor compares a rehearsal with the production that follows it: the same plan, in the
 * same order, by whom, how long, with which exceptions, on which devices. It reads and does not judge: whether each of
 * them holds is for `verifyBundle` to say.
 */
import { bindingDifferences, type BindingDifference } from './compare-bindings';
import { mergeOrders, type Presence } from './merge-orders';
import { readStory, type CeremonyStory, type ExceptionStory, type StepRun } from './ceremony-story';
import type { BundleReader } from './layout';

export type { BindingDifference } from './compare-bindings';
export type { CeremonyStory, ExceptionStory, StepRun } from './ceremony-story';
export { UnreadableBundle } from './ceremony-story';

/**
 * Where a step stands: `same` in both, in the same order; `moved` in both, in another order; `only-a`, `only-b` carried
 * out or planned in one only; `neither`: planned in both, begun in neither.
 */
export type StepPlace = Presence | 'neither';

/** One step in both bundles. */
export interface StepComparison {
  readonly step: string;
  /** Title as the plan says, of `a` where both have it. */
  readonly title: string;
  readonly place: StepPlace;
  /** How it went; null where it was not begun. */
  readonly a: StepRun | null;
  readonly b: StepRun | null;
  /** Whether each plan has it. */
  readonly planned: { readonly a: boolean; readonly b: boolean };
}

/** An exception of one or both bundles; two of one step and kind stand together, in their order. */
export interface ExceptionComparison {
  readonly step: string | null;
  readonly kind: string;
  readonly a: ExceptionStory | null;
  readonly b: ExceptionStory | null;
}

/** Everything in which two bundles agree or differ. */
export interface BundleComparison {
  readonly a: CeremonyStory;
  readonly b: CeremonyStory;
  /** Whether both name one plan hash. */
  readonly samePlan: boolean;
  /** Whether no step is moved, and none is in one only. */
  readonly sameOrder: boolean;
  readonly steps: readonly StepComparison[];
  readonly exceptions: readonly ExceptionComparison[];
  /** People, keys, modules, units, wrapping parameters and media that are not the same. */
  readonly binding: readonly BindingDifference[];
  /** Differences worth a finding, in words: another plan, another order, steps missing. Empty when there are none. */
  readonly findings: readonly string[];
}

/**
 * Compares two bundles, line by line: memory grows with steps, people and exceptions, not with lines.
 *
 * @throws UnreadableBundle when one of them cannot be read as far as is needed; `bundle` of it says which
 */
export async function compareBundles(a: BundleReader, b: BundleReader): Promise<BundleComparison> {
  const storyA = await readStory(a, 'a');
  const storyB = await readStory(b, 'b');
  return compareStories(storyA, storyB);
}

/** The two stories side by side. */
function compareStories(a: CeremonyStory, b: CeremonyStory): BundleComparison {
  const samePlan = a.planHash === b.planHash;
  const steps = compareSteps(a, b);
  const sameOrder = steps.every(({ place }) => place === 'same' || place === 'neither');
  return {
    a,
    b,
    samePlan,
    sameOrder,
    steps,
    exceptions: compareExceptions(a.exceptions, b.exceptions),
    binding: bindingDifferences(a, b),
    findings: [
      ...(samePlan ? [] : [`the plans differ: ${a.planHash} and ${b.planHash}`]),
      ...steps.flatMap((one) => findingOf(one) ?? []),
    ],
  };
}

function compareSteps(a: CeremonyStory, b: CeremonyStory): readonly StepComparison[] {
  const merged = mergeOrders([...a.runs.keys()], [...b.runs.keys()]);
  const begun = new Set(merged.map(({ id }) => id));
  const idle = mergeOrders(
    a.plan.steps.map(({ id }) => id).filter((id) => !begun.has(id)),
    b.plan.steps.map(({ id }) => id).filter((id) => !begun.has(id)),
  ).map(({ id }) => ({ id, presence: 'neither' as const }));
  return [...merged, ...idle].map(({ id, presence }) => {
    const [plannedA, plannedB] = [a, b].map(({ plan }) => plan.steps.find((step) => step.id === id));
    return {
      step: id,
      title: plannedA?.title ?? plannedB?.title ?? id,
      place: presence,
      a: a.runs.get(id) ?? null,
      b: b.runs.get(id) ?? null,
      planned: { a: plannedA !== undefined, b: plannedB !== undefined },
    };
  });
}

function findingOf({ step, place, a, b, planned }: StepComparison): string | null {
  switch (place) {
    case 'same':
      if (a?.status === b?.status) return null;
      return `step ${step}: ${a?.status ?? 'not begun'} in a, ${b?.status ?? 'not begun'} in b`;
    case 'moved':
      return `step ${step}: carried out in another order`;
    case 'only-a':
      return `step ${step}: carried out in a only${planned.b ? '' : ', and not in the plan of b'}`;
    case 'only-b':
      return `step ${step}: carried out in b only${planned.a ? '' : ', and not in the plan of a'}`;
    case 'neither':
      return planned.a && planned.b
        ? `step ${step}: begun in neither`
        : `step ${step}: in one plan only, and not begun`;
  }
}

/** The n-th exception of a step and kind in one stands beside the n-th in the other. */
function compareExceptions(a: readonly ExceptionStory[], b: readonly ExceptionStory[]): readonly ExceptionComparison[] {
  const left = [...b];
  const withA = a.map((one) => {
    const place = left.findIndex(({ step, kind }) => step === one.step && kind === one.kind);
    const [other] = place < 0 ? [] : left.splice(place, 1);
    return { step: one.step, kind: one.kind, a: one, b: other ?? null };
  });
  return [...withA, ...left.map((one) => ({ step: one.step, kind: one.kind, a: null, b: one }))];
}
