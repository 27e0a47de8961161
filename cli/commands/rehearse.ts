/** `keyrite rehearse`: whole ceremonies on throw-away tokens, unattended. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readPlan, type PlanDocument } from '../../ceremony/plan/read';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { lockBundle } from '../bundle-lock';
import { newFolder, readText } from '../input';
import { forbidCoreDumps } from '../node-children';
import { startConnectedSide } from '../rehearsal/connected-side';
import { rehearsePlan, type RehearsalResult } from '../rehearsal/rehearsal';
import { makeRoom } from '../rehearsal/room';
import { say } from '../voice';
import { readArguments } from './arguments';

/** A plan with its text, and the file it came from. */
interface PlanFile {
  readonly path: string;
  readonly text: string;
  readonly document: PlanDocument;
}

/** Rehearses a plan, and before it the plans that it continues. Prints the bundle's path last. */
export async function rehearse(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'PLAN?', ['module', 'params', 'out', 'keep']);
  const chain = planChain(given.operand === '' ? firstCeremony() : given.operand);
  const last = chain[chain.length - 1];
  if (last === undefined) throw new UsageError('there is no plan', 'Name a plan.');
  const out = newFolder(given.options['out'] ?? freshFolder(last.document.plan.id), 'bundle');
  lockBundle(out);
  forbidCoreDumps();
  const room = makeRoom(given.options['keep'] ?? null, given.options['module'] ?? 'softhsm2');
  const connected = await startConnectedSide(connectProgram(), room.connected);
  try {
    process.stderr.write('REHEARSAL: throw-away tokens, made-up people; nothing here is production\n');
    process.stderr.write(`connected side: ${connected.name}\n`);
    let before: RehearsalResult | null = null;
    for (const plan of chain) {
      const isLast = plan === last;
      const bundle = isLast ? out : `${out}.${plan.document.plan.id}`;
      process.stderr.write(`\n${plan.document.plan.title}\n`);
      before = await rehearsePlan({
        room,
        planText: plan.text,
        plan: plan.document,
        bundle: isLast ? out : newFolder(bundle, 'bundle of the ceremony before'),
        connected,
        parameters: isLast ? parametersFile(given.options['params']) : null,
        before,
      });
      if (!isLast && !given.json) process.stdout.write(`${before.bundle}\n`);
    }
    if (before !== null) printResult(before, room.folder, given);
    return EXIT.good;
  } finally {
    await connected.end();
    room.leave();
  }
}

function printResult(
  result: RehearsalResult,
  room: string,
  given: { readonly json: boolean; readonly options: Readonly<Record<string, string>> },
): void {
  const kept = given.options['keep'] === undefined ? null : room;
  if (kept !== null) say({ kind: 'result', text: `tokens, and the PINs in player.json, are kept in ${kept}` });
  if (given.json) {
    const { bundle, ceremony, uploaded, times } = result;
    process.stdout.write(`${JSON.stringify({ bundle, ceremony, room: kept, uploaded, times })}\n`);
  } else {
    process.stderr.write(`\nThe evidence bundle is complete. To check it: sh ${join(result.bundle, 'verify.sh')}\n`);
    process.stdout.write(`${result.bundle}\n`);
  }
}

/** The plan and those it continues, earliest first. */
function planChain(path: string): PlanFile[] {
  const chain: PlanFile[] = [];
  let next: string | null = path;
  while (next !== null) {
    if (chain.length === 8) throw new UsageError('more than 8 plans continue each other', 'Check `continues` in the plans.');
    const text = readText(next, 'plan');
    const document = readPlan(text);
    chain.unshift({ path: next, text, document });
    const { continues } = document.plan;
    next = continues === undefined ? null : join(dirname(resolve(next)), `${continues}.ceremony.yaml`);
  }
  return chain;
}

function parametersFile(given: string | undefined): string | null {
  if (given === undefined) return null;
  if (!existsSync(given)) throw new UsageError(`${given} does not exist`, 'Name a wrapping-parameters.json.');
  return resolve(given);
}

/** The checkout that the running bundle lies in. */
function checkout(): string {
  return resolve(dirname(process.argv[1] ?? '.'), '..');
}

function firstCeremony(): string {
  return join(checkout(), 'examples', 'first-ceremony.ceremony.yaml');
}

function connectProgram(): string {
  return join(checkout(), 'connected', 'build', 'keyrite-connect.cjs');
}

function freshFolder(plan: string): string {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, '').toLowerCase();
  return join('keyrite-rehearsals', `${plan}-${stamp}`);
}
