/** In what two bundles differ, in words: no judgement, only what is not the same. */
import type { ComparedView, ComparisonView, StepRunView } from '../../../ipc/audit-view';
import { counted } from '../../components/words';
import { durationWords } from '../run/duration';

type Step = ComparisonView['steps'][number];

/** A step that took so much longer or shorter is worth a look: twice, and a minute at least. */
const NOTABLE = { times: 2, ms: 60_000 } as const;

/** What the two are called: by mode where that tells them apart. */
export function namesOf({ a, b }: ComparisonView): { readonly a: string; readonly b: string } {
  if (a.mode === b.mode) return { a: 'This bundle', b: 'The other one' };
  return a.mode === 'rehearsal' ? { a: 'Rehearsal', b: 'Production' } : { a: 'Production', b: 'Rehearsal' };
}

/** In what a step differs; empty when in nothing of note. */
export function differencesOf({ place, a, b }: Step, names: { readonly a: string; readonly b: string }): string[] {
  switch (place) {
    case 'only-a':
      return [`Only in: ${names.a}`];
    case 'only-b':
      return [`Only in: ${names.b}`];
    case 'neither':
      return ['Begun in neither'];
    default:
  }
  if (a === null || b === null) return [];
  return [
    ...(place === 'moved' ? ['Another order'] : []),
    ...(a.status === b.status ? [] : ['Another outcome']),
    ...(a.attempts === b.attempts ? [] : ['Attempts']),
    ...(a.failures === b.failures ? [] : ['Failures']),
    ...(a.acts === b.acts ? [] : ['Device acts']),
    ...(sameNames(a.by, b.by) ? [] : ['People']),
    ...(isNotable(a.durationMs, b.durationMs) ? ['Duration'] : []),
  ];
}

/** How a step went, in words. */
export function runWords({ status, attempts, failures, acts, durationMs }: StepRunView): string {
  const outcome = { complete: 'Complete', skipped: 'Skipped', 'not complete': 'Not completed' }[status];
  return [
    outcome,
    durationWords(durationMs),
    ...(attempts > 1 ? [counted(attempts, 'attempt')] : []),
    ...(failures > 0 ? [counted(failures, 'failure')] : []),
    ...(acts > 0 ? [counted(acts, 'device act')] : []),
  ].join(', ');
}

/** How long a ceremony took, and how much of it it was paused. */
export function tookWords({ durationMs, pausedMs }: ComparedView): string {
  const took = durationWords(durationMs);
  return pausedMs === 0 ? took : `${took}, paused for ${durationWords(pausedMs)} of it`;
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return [...one].sort().join('\n') === [...other].sort().join('\n');
}

function isNotable(one: number, other: number): boolean {
  const [short, long] = one < other ? [one, other] : [other, one];
  return long - short >= NOTABLE.ms && long >= NOTABLE.times * short;
}
