/**
 * The verification of a bundle whose transcript has a million lines, against `sha256sum` over the same file: time, memory
 * of the whole process, and what checkpoints cost while a transcript is written.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../build.mjs';

const FACTS = 1_000_000;
const RUNS = 3;
/** 150,000 lines a second. */
const GOAL_MICROSECONDS = 6.67;
const GOAL_MEGABYTES = 200;

/** Makes the bundle, and measures checkpoints. */
const PROGRAM = {
  entry: 'test/bundle/long-bundle-main.ts',
  output: 'build/bench/long-bundle.cjs',
  runsIn: /** @type {const} */ ('node'),
  command: false,
  external: [],
  constants: {},
};

/** Loaded before `keyrite`: says at its end what the process took, on stderr. */
const TELLING = `process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  require('node:fs').writeSync(2, JSON.stringify({ maxRSS, cpu: (userCPUTime + systemCPUTime) / 1000 }) + '\\n');
});
`;

/** @param {{ root: string }} here */
export async function bench({ root }) {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-bench-'));
  try {
    await build(root, () => undefined, [PROGRAM]);
    const program = join(root, PROGRAM.output);
    const bundle = join(folder, 'bundle');
    const made = timed(() => execFileSync(process.execPath, [program, 'make', bundle, String(FACTS)]));
    writeFileSync(join(folder, 'telling.cjs'), TELLING);
    const runs = Array.from({ length: RUNS }, () => verifyOnce(root, folder, bundle));
    const transcript = join(bundle, 'transcript.jsonl');
    const sums = Array.from({ length: RUNS }, () => timed(() => execFileSync('sha256sum', [transcript])));
    const best = runs.reduce((one, other) => (one.wall <= other.wall ? one : other));
    const { lines } = best;
    return [
      { name: 'lines', value: lines, unit: 'lines' },
      { name: 'length of the transcript', value: statSync(transcript).size / 1e6, unit: 'MB' },
      { name: 'making the bundle', value: made, unit: 'ms' },
      {
        name: 'verify, each line, best of three',
        value: (best.wall * 1000) / lines,
        unit: 'µs',
        goal: GOAL_MICROSECONDS,
      },
      { name: 'verify, each line, time of processors', value: (best.cpu * 1000) / lines, unit: 'µs' },
      { name: 'verify, lines a second', value: lines / (best.wall / 1000), unit: 'lines/s' },
      {
        name: 'verify, memory of the whole process',
        value: Math.max(...runs.map(({ megabytes }) => megabytes)),
        unit: 'MB',
        goal: GOAL_MEGABYTES,
      },
      { name: 'sha256sum over the transcript', value: Math.min(...sums), unit: 'ms' },
      { name: 'ratio to sha256sum', value: best.wall / Math.min(...sums), unit: '×' },
      ...checkpointing(program),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {string} bundle
 */
function verifyOnce(root, folder, bundle) {
  const keyrite = join(root, 'build', 'keyrite.cjs');
  let output = '';
  let said = '';
  const wall = timed(() => {
    const args = ['--require', join(folder, 'telling.cjs'), keyrite, 'verify', bundle, '--json'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    output = stdout;
    said = stderr;
  });
  /** @type {{ verdict: string, summary: { lines: number } | null }} */
  const { verdict, summary } = JSON.parse(output);
  if (verdict !== 'consistent' || summary === null) throw new Error(`the bundle is ${verdict}`);
  /** @type {{ maxRSS: number, cpu: number }} */
  const { maxRSS, cpu } = JSON.parse(said.trim().split('\n').at(-1) ?? '');
  return { wall, cpu, megabytes: maxRSS / 1024, lines: summary.lines };
}

/** @param {string} program */
function checkpointing(program) {
  /** @type {Record<string, number>} */
  const cost = JSON.parse(execFileSync(process.execPath, [program, 'checkpointing'], { encoding: 'utf8' }));
  return Object.entries(cost).map(([size, value]) => ({
    name: `a line and a root over ${size} lines`,
    value,
    unit: 'µs',
  }));
}

/** @param {() => unknown} work */
function timed(work) {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}
