/** `keyrite compare`: a rehearsal and the production that followed it, or any two bundles, side by side. */
import {
  UnreadableBundle,
  compareBundles,
  type BundleComparison,
  type StepComparison,
} from '../../ceremony/bundle/compare';
import { verifyBundle, type Verdict } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { UsageError } from '../../workstation/explain';
import { existingFolder } from '../../workstation/input';
import { EXIT, type ExitCode } from '../exit';
import { readPair } from './arguments';

/** Compares two bundles. Exit 0 when plan and order are the same and no step is missing; 1 otherwise, or when one is refused. */
export async function compare(args: string[]): Promise<ExitCode> {
  const { first, second, json } = readPair(args, ['BUNDLE A', 'BUNDLE B']);
  const [a, b] = [first, second].map((path) => new FileBundleFolder(existingFolder(path, 'bundle')));
  if (a === undefined || b === undefined) throw new UsageError('two bundles are compared', 'Name both.');
  const comparison = await read(a, b, [first, second]);
  const verdicts = { a: (await verifyBundle(a)).verdict, b: (await verifyBundle(b)).verdict };
  const refused = (['a', 'b'] as const)
    .filter((which) => verdicts[which] === 'refused')
    .map((which) => `${which} does not hold: what is in it says nothing. See: keyrite verify`);
  const findings = [...refused, ...comparison.findings];
  if (json) process.stdout.write(`${JSON.stringify({ ...asJson(comparison), verdicts, findings })}\n`);
  else print(comparison, verdicts, findings);
  return findings.length === 0 ? EXIT.good : EXIT.findings;
}

async function read(a: FileBundleFolder, b: FileBundleFolder, names: readonly string[]): Promise<BundleComparison> {
  try {
    return await compareBundles(a, b);
  } catch (error) {
    if (!(error instanceof UnreadableBundle)) throw error;
    const name = names[error.bundle === 'a' ? 0 : 1] ?? '';
    throw new UsageError(`${name} cannot be compared: ${error.message}`, `See: keyrite verify ${name}`);
  }
}

/** Without the plans and bindings, which are in the bundles. */
function asJson({ a, b, ...rest }: BundleComparison): object {
  const brief = (story: BundleComparison['a']): object => {
    const { ceremony, mode, title, planHash, app, outcome, began, ended, durationMs, pausedMs, lines, units } = story;
    const seen = Object.fromEntries(units);
    return { ceremony, mode, title, planHash, app, outcome, began, ended, durationMs, pausedMs, lines, units: seen };
  };
  return { a: brief(a), b: brief(b), ...rest };
}

function print(
  { a, b, samePlan, steps, exceptions, binding }: BundleComparison,
  verdicts: { readonly a: Verdict; readonly b: Verdict },
  findings: readonly string[],
): void {
  const out = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  for (const [which, story] of [['a', a] as const, ['b', b] as const]) {
    const outcome = story.outcome ?? 'not closed';
    out(`${which}  ${story.ceremony} (${story.mode}), ${outcome}, ${duration(story.durationMs)}, ${verdicts[which]}`);
  }
  out(samePlan ? `plan  the same, ${a.planHash}` : `plan  a: ${a.planHash}\n      b: ${b.planHash}`);
  out('\nsteps');
  for (const step of steps) out(`  ${stepLine(step)}`);
  out(exceptions.length === 0 ? '\nno exceptions' : '\nexceptions');
  for (const one of exceptions) {
    out(`  ${one.step ?? 'no step'}, ${one.kind}`);
    for (const [which, story] of [['a', one.a] as const, ['b', one.b] as const]) {
      out(
        `    ${which}: ${story === null ? 'none' : `${story.happened} ${story.decided} (${story.signers.join(', ')})`}`,
      );
    }
  }
  out(binding.length === 0 ? '\nbound alike' : '\nbound otherwise');
  for (const { what, name, a: inA, b: inB } of binding)
    out(`  ${what} ${name}\n    a: ${inA ?? '-'}\n    b: ${inB ?? '-'}`);
  out('');
  for (const finding of findings) out(finding);
  out(
    findings.length === 0 ? 'the same plan, in the same order, every step' : `${String(findings.length)} differences`,
  );
}

function stepLine({ step, place, a, b }: StepComparison): string {
  const run = (one: StepComparison['a']): string => {
    if (one === null) return 'not begun';
    const attempts = one.attempts > 1 ? `, ${String(one.attempts)} attempts` : '';
    const people = one.by.length === 0 ? '' : `, ${one.by.map(({ id }) => id).join(' ')}`;
    return `${one.status}, ${duration(one.durationMs)}${attempts}${people}`;
  };
  return `${step} (${place})\n    a: ${run(a)}\n    b: ${run(b)}`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (minutes === 0) return `${String(seconds)} s`;
  if (hours === 0) return `${String(minutes)} min ${String(seconds % 60)} s`;
  return `${String(hours)} h ${String(minutes % 60)} min`;
}
