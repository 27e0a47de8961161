/**
 * What one unit takes from the blank token to its active master key, in ceremonies of 1, 8 and 64 units: it must not grow.
 * The RSA key to which the master key is wrapped takes a third of a second or four, by chance: it is told apart.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import esbuild from 'esbuild';

/** How many units, and how often such a ceremony is measured. */
const CEREMONIES = /** @type {const} */ ([
  [1, 5],
  [8, 3],
  [64, 1],
]);
/** Steps that are done for each unit. */
const STEPS = ['initialise', 'imprint', 'load', 'verify-new', 'commit', 'activate', 'verify-current'];
/** Most that a unit may take among more, in times of what it takes among fewer. */
const GOAL = 1.2;

/** @param {{ root: string }} here */
export function bench({ root }) {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-bench-'));
  try {
    const each = CEREMONIES.map(([units, runs]) => ({ units, ...best(root, folder, units, runs) }));
    const growth = each.flatMap(({ units, ms }) =>
      each.filter((fewer) => fewer.units < units).map((fewer) => ms / fewer.ms),
    );
    return [
      ...each.flatMap(({ units, ms, rsa }) => [
        { name: `a unit among ${String(units)}`, value: ms, unit: 'ms' },
        { name: `its RSA key, among ${String(units)}`, value: rsa, unit: 'ms' },
      ]),
      { name: 'a unit among more, to one among fewer, at most', value: Math.max(...growth), unit: '×', goal: GOAL },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {number} units
 * @param {number} runs
 */
function best(root, folder, units, runs) {
  const program = join(root, 'build/bench/many-units-plan.mjs');
  // Two folders below the checkout, by which the program finds it.
  esbuild.buildSync({
    absWorkingDir: root,
    entryPoints: ['test/ceremony/many-units-plan-main.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  const plan = join(folder, `${String(units)}.ceremony.yaml`);
  execFileSync(process.execPath, [program, plan, String(units)]);
  const times = Array.from({ length: runs }, (_, run) => {
    const out = join(folder, `${String(units)}-${String(run)}`);
    const args = [join(root, 'build/keyrite.cjs'), 'rehearse', plan, '--out', out, '--json'];
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    /** @type {{ times: Record<string, number> }} */
    const { times: of } = JSON.parse(printed);
    const rsa = makingKeys(join(out, 'transcript.jsonl')) / units;
    return { ms: STEPS.reduce((sum, step) => sum + (of[step] ?? 0), 0) / units - rsa, rsa };
  });
  return times.reduce((one, other) => (one.ms <= other.ms ? one : other));
}

/**
 * Milliseconds between the intent of each load that brings a key in and the fact that tells of the RSA key made for it.
 *
 * @param {string} transcript
 */
function makingKeys(transcript) {
  let sum = 0;
  let intent = 0;
  for (const text of readFileSync(transcript, 'utf8').trim().split('\n')) {
    /** @type {{ type: string, at: string, body: { fact?: string } }} */
    const { type, at, body } = JSON.parse(text);
    if (type === 'step.intent') intent = Date.parse(at);
    if (body.fact === 'import-key') sum += Date.parse(at) - intent;
  }
  return sum;
}
