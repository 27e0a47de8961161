/**
 * A rotation that is killed with SIGKILL again and again, at random points: of a store with many keys whose values the test
 * knows, in a real rehearsal on SoftHSM2.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { readWrappedKey } from '../../ceremony/keypackage/wrapped-key';
import { childrenOf, keyrite, scratch, start, tool, transcript } from './program';
import { writeRotationPlans } from './small-plans';

/** What came of it. */
export interface KilledRotation {
  readonly bundle: string;
  /** How many keys were in the new generation at each kill. */
  readonly killedAt: readonly number[];
  /** Values of the keys before, by name. */
  readonly before: Readonly<Record<string, string>>;
  /** Values of the keys of the generation that the unit's current master key opens. */
  readonly after: Readonly<Record<string, string>>;
  /** Patterns by which generations of the store are named. */
  readonly generations: readonly string[];
  /** Pattern of the current master key. */
  readonly current: string;
  leave(): void;
}

/** A seeded sequence of numbers from 0 to 1 (mulberry32), so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Rotates a store of so many keys beside those of the plan, with so many kills of the whole program or of the module
 * worker, and goes on after each.
 */
export async function killedRotation(keys: number, kills: number, seed: number): Promise<KilledRotation> {
  const place = scratch();
  const [bundle, room] = [join(place.folder, 'bundle'), join(place.folder, 'room')];
  const store = join(room, 'key-stores', 'backup');
  const values = valuesProgram(place.folder);
  const environment = { SOFTHSM2_CONF: join(room, 'units', 'softhsm2.conf') };
  const plan = writeRotationPlans(place.folder);
  const first = start(['rehearse', plan, '--out', bundle, '--keep', room]);
  // The second plan is under way, and its rotation is not.
  await untilStep(bundle, 'generate', first.ended);
  first.child.kill('SIGKILL');
  await first.ended;
  const known = join(place.folder, 'values.json');
  tool(process.execPath, [values, 'fill', room, String(keys), known], undefined, environment);
  const before = JSON.parse(readFileSync(known, 'utf8')) as Record<string, string>;
  const [old = ''] = readdirSync(store);

  const random = seeded(seed);
  const points = Array.from({ length: kills }, () => 1 + Math.floor(random() * (keys - 1))).sort((a, b) => a - b);
  const killedAt: number[] = [];
  for (const point of points) {
    const again = start(['resume', bundle]);
    const over = new AbortController();
    void again.ended.then(() => {
      over.abort();
    });
    while (!over.signal.aborted && countIn(store, old) < point) await sleep(1);
    const workers = random() < 0.3 ? childrenOf(bundle, 'worker') : [];
    // The worker alone, or everything at once.
    for (const pid of workers) kill(pid);
    again.child.kill('SIGKILL');
    const { signal, stderr } = await again.ended;
    if (signal !== 'SIGKILL') throw new Error(`it ended before it was killed: ${stderr}`);
    killedAt.push(countIn(store, old));
    for (const generation of readdirSync(store)) requireWhole(join(store, generation));
  }
  const last = await keyrite(['resume', bundle]);
  if (last.code !== 0) throw new Error(last.stderr);
  const told = JSON.parse(tool(process.execPath, [values, 'read', room], undefined, environment).toString()) as {
    readonly pattern: string;
    readonly found: Record<string, string>;
  };
  return {
    bundle,
    killedAt,
    before,
    after: told.found,
    generations: readdirSync(store),
    current: told.pattern,
    leave: place.leave,
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

async function untilStep(bundle: string, step: string, ended: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  void ended.then(() => {
    over.abort();
  });
  const isThere = (): boolean =>
    existsSync(join(bundle, 'transcript.jsonl')) &&
    readFileSync(join(bundle, 'transcript.jsonl'), 'utf8').includes(`"step":"${step}"`);
  while (!over.signal.aborted && !isThere()) await sleep(5);
  if (!isThere()) throw new Error(`the rehearsal ended before ${step}`);
}

/** Keys in the generation that is new; files that are being written do not count. */
function countIn(store: string, old: string): number {
  const anew = readdirSync(store).find((one) => one !== old);
  if (anew === undefined) return 0;
  return readdirSync(join(store, anew)).filter((name) => name.endsWith('.wrappedkey.json') && !name.startsWith('.'))
    .length;
}

/** Whatever has the name of a key's file is one, whole. */
function requireWhole(generation: string): void {
  for (const name of readdirSync(generation)) {
    if (!name.startsWith('.')) readWrappedKey(readFileSync(join(generation, name)));
  }
}

/** The program that knows values, outside the checkout. */
function valuesProgram(folder: string): string {
  const outfile = join(folder, 'stored-values.cjs');
  buildSync({
    entryPoints: [resolve('test/ceremony/stored-values-main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // The addon is named by its path, and the companion found where the build puts it.
    define: {
      __dirname: JSON.stringify(resolve('hsm/native')),
      'import.meta.dirname': JSON.stringify(resolve('test/ceremony')),
    },
    alias: { pkcs11js: resolve('node_modules/pkcs11js/index.js') },
    external: ['*.node', resolve('node_modules/pkcs11js/index.js')],
    logLevel: 'silent',
  });
  return outfile;
}

/** Acts that were announced, and are answered by nothing. */
export function unanswered(bundle: string): readonly string[] {
  const open = new Set<string>();
  for (const { type, step, body } of transcript(bundle)) {
    const act = `${step ?? ''} ${String(body['act'])}`;
    if (type === 'step.intent') open.add(act);
    if ((type === 'step.outcome' && body['act'] !== null) || type === 'step.reconciled') open.delete(act);
  }
  return [...open];
}
