/** `keyrite rehearse`: whole ceremonies on throw-away tokens, unattended. */
import { dirname, join, resolve } from 'node:path';
import { PlanRefused } from '../../ceremony/engine/open';
import { checkPlan } from '../../ceremony/plan/check';
import type { Module } from '../../ceremony/plan/binding-schema';
import { readPlan, type PlanDocument } from '../../ceremony/plan/read';
import type { Plan } from '../../ceremony/plan/schema';
import { checkParameters } from '../../workstation/bound-inputs';
import { BundleNotCopied } from '../../ceremony/engine/copy-to-media';
import { howToCopy, howToGoOn } from '../ceremony-folder';
import { EXIT, type ExitCode } from '../exit';
import { CeremonyEnded, UsageError } from '../../workstation/explain';
import { lockBundle } from '../../workstation/bundle-lock';
import { emptyFolder, newFolder, readText } from '../../workstation/input';
import { forbidCoreDumps } from '../../workstation/core-dumps';
import { builtScripts, NodeChildren } from '../node-children';
import { RehearsedPeople } from '../people-rehearsal';
import type { ConnectedSide } from '../../workstation/rehearsal/connected-side';
import { startConnectedSide } from '../connected-service';
import { rehearsePlan, type RehearsalParts, type RehearsalResult } from '../rehearse-plan';
import { REHEARSAL_KEYS, type RehearsalKeys } from '../../workstation/rehearsal/keys';
import { foreignModule, makeRoom, type Room } from '../../workstation/rehearsal/room';
import { refuseUsedTokens } from '../../workstation/rehearsal/used-tokens';
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
  const given = readArguments(args, 'PLAN?', ['module', 'params', 'out', 'keep', 'keys']);
  const chain = planChain(given.operand === '' ? firstCeremony() : given.operand);
  const last = chain[chain.length - 1];
  if (last === undefined) throw new UsageError('there is no plan', 'Name a plan.');
  const places = {
    out: resolve(given.options['out'] ?? freshFolder(last.document.plan.id)),
    keep: given.options['keep'] ?? null,
    module: given.options['module'] ?? 'softhsm2',
  };
  const keys = keysNamed(given.options['keys'] ?? 'p256');
  await refuseBeforehand(chain, places, given.options['params']);
  const out = newFolder(places.out, 'bundle');
  lockBundle(out);
  forbidCoreDumps();
  const room = makeRoom(places.keep, places.module, unitLabels(chain));
  let connected: ConnectedSide | null = null;
  const interrupted = endOnInterrupt(room, places.keep === null ? ROOM_GONE : howToGoOn(out));
  try {
    connected = await startConnectedSide(connectProgram(), room.connected);
    process.stderr.write('REHEARSAL: throw-away tokens, made-up people; nothing here is production\n');
    process.stderr.write(`connected side: ${connected.name}\n`);
    let before: RehearsalResult | null = null;
    for (const plan of chain) {
      const isLast = plan === last;
      const bundle = bundleOf(plan, isLast, out);
      process.stderr.write(`\n${plan.document.plan.title}\n`);
      const parts: RehearsalParts = {
        room,
        planText: plan.text,
        plan: plan.document,
        bundle: isLast ? out : newFolder(bundle, BEFORE),
        connected,
        parameters: isLast ? parametersFile(given.options['params']) : null,
        before,
        keys,
        people: new RehearsedPeople(say),
        scripts: builtScripts(),
      };
      before = await rehearsePlan(parts).catch((error: unknown) => {
        const isKept = places.keep !== null;
        if (error instanceof BundleNotCopied) throw new CeremonyEnded(error, isKept ? howToCopy(bundle) : COPY_BY_HAND);
        throw new CeremonyEnded(error, isKept ? howToGoOn(bundle) : ROOM_GONE);
      });
      if (!isLast && !given.json) process.stdout.write(`${before.bundle}\n`);
    }
    if (before !== null) printResult(before, room.folder, given);
    return EXIT.good;
  } finally {
    process.off('SIGINT', interrupted);
    await connected?.end();
    room.leave();
  }
}

/** Ctrl-C ends an unattended rehearsal at once, says what that means, and leaves no throw-away tokens behind. */
function endOnInterrupt(room: Room, whatNow: string): () => void {
  const interrupted = (): void => {
    process.stderr.write(`\nkeyrite: interrupted; the rehearsal ended before its close\n${whatNow}\n`);
    room.leave();
    process.off('SIGINT', interrupted);
    process.kill(process.pid, 'SIGINT');
  };
  process.on('SIGINT', interrupted);
  return interrupted;
}

const BEFORE = 'bundle of the ceremony before';

const COPY_BY_HAND =
  'The folder that stood for the medium goes with the rehearsal. The bundle stays where it is; copy the whole folder by hand.';

const ROOM_GONE =
  'The throw-away tokens are gone with it, so that it cannot be gone on with. Put right what is named above, and rehearse again; --keep DIR keeps the tokens.';

/** Where a plan's bundle goes: those of plans that are continued lie beside the last one's. */
function bundleOf({ document }: PlanFile, isLast: boolean, out: string): string {
  return isLast ? out : `${out}.${document.plan.id}`;
}

/** Refuses what can be known to be no use before anything is made. */
async function refuseBeforehand(
  chain: readonly PlanFile[],
  { out, keep, module }: { readonly out: string; readonly keep: string | null; readonly module: string },
  parameters: string | undefined,
): Promise<void> {
  const plans = chain.map(({ document }) => document.plan);
  for (const plan of plans) {
    const errors = checkPlan(plan).filter((one) => one.severity === 'error');
    if (errors.length > 0) throw new PlanRefused(errors);
  }
  const last = plans.at(-1);
  if (parameters !== undefined && last !== undefined) checkParameters(last, null, parameters);
  for (const [index, plan] of chain.entries()) emptyFolder(bundleOf(plan, index === chain.length - 1, out), 'bundle');
  if (keep !== null) emptyFolder(keep, 'rehearsal room');
  if (keep !== null && isWithin(resolve(keep), out)) {
    throw new UsageError(`${keep} and ${out} are the same, or one holds the other`, 'Name two folders side by side.');
  }
  const given = foreignModule(module);
  if (given !== null) await lookAtTokens(given, plans, `${out}.nobody`);
}

/** @param spare a path where nothing is: the player that answers nothing here is never written */
async function lookAtTokens(module: Module, plans: readonly Plan[], spare: string): Promise<void> {
  const scripts = builtScripts();
  const children = new NodeChildren({ ceremony: 'look', scripts, modules: [module], player: spare, names: {} });
  try {
    await refuseUsedTokens(module, plans, children);
  } finally {
    await children.endAll();
  }
}

/** Whether one of two absolute paths is the other, or holds it. */
function isWithin(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
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
    if (chain.length === 8)
      throw new UsageError('more than 8 plans continue each other', 'Check `continues` in the plans.');
    const text = readText(next, 'plan');
    const document = readPlan(text);
    chain.unshift({ path: next, text, document });
    const { continues } = document.plan;
    next = continues === undefined ? null : join(dirname(resolve(next)), `${continues}.ceremony.yaml`);
  }
  return chain;
}

/** Planned token labels of all units of these plans, each once. */
function unitLabels(chain: readonly PlanFile[]): string[] {
  return [...new Set(chain.flatMap(({ document }) => document.plan.units.map(({ label }) => label)))];
}

function keysNamed(name: string): RehearsalKeys {
  const keys = REHEARSAL_KEYS.find((one) => one === name);
  if (keys !== undefined) return keys;
  throw new UsageError(
    `--keys knows ${REHEARSAL_KEYS.join(' and ')}, not “${name}”`,
    'Name one of them, or leave it out.',
  );
}

function parametersFile(given: string | undefined): string | null {
  if (given === undefined) return null;
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
