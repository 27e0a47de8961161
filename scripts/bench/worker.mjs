/**
 * A worker of ours against a program in C that makes the same calls on the same SoftHSM2 token, in turns in one run: many in
 * one request, one in each request, and what the worker's memory does over a hundred thousand.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../build.mjs';

const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const PIN = '12345678';
const LABEL = 'bench';
/** Of C's throughput, at least. */
const BATCH_GOAL = 0.85;
const ASKED_GOAL = 0.6;
const GOAL_MEGABYTES = 5;
const NAMES = { sign: 'ECDSA P-256 sign', wrap: 'AES-KW wrap', unwrap: 'RSA-2048 OAEP unwrap' };

/**
 * @typedef {{ batchInC: number, batch: number, askedInC: number, asked: number }} Times
 * @typedef {Record<'sign' | 'wrap' | 'unwrap' | 'nothing', Times> & {
 *   bare: number, memory: { before: number, after: number }, operations: number }} Result
 */

/** @param {'main' | 'worker'} name @param {readonly string[]} external */
const program = (name, external) => ({
  entry: `test/processes/bench-${name}.ts`,
  output: `build/bench/bench-${name}.cjs`,
  runsIn: /** @type {const} */ ('node'),
  command: false,
  external,
  constants: {},
});

/** @param {{ root: string }} here */
export async function bench({ root }) {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-bench-'));
  try {
    await build(root, () => undefined, [program('main', []), program('worker', ['pkcs11js'])]);
    return tell(measure(root, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {Result}
 */
function measure(root, folder) {
  const conf = join(folder, 'softhsm2.conf');
  mkdirSync(join(folder, 'tokens'));
  const lines = [`directories.tokendir = ${join(folder, 'tokens')}`, 'objectstore.backend = file', 'log.level = ERROR'];
  writeFileSync(conf, `${lines.join('\n')}\n`);
  const token = ['--init-token', '--free', '--label', LABEL, '--so-pin', PIN, '--pin', PIN];
  execFileSync('softhsm2-util', token, { env: { ...process.env, SOFTHSM2_CONF: conf }, stdio: 'ignore' });
  const calls = join(folder, 'calls');
  execFileSync('cc', ['-std=c11', '-O2', '-o', calls, join(root, 'scripts/bench/calls.c'), '-ldl']);
  const echo = join(folder, 'echo.cjs');
  writeFileSync(echo, "process.on('message', (message) => process.send(message));\n");
  const worker = join(root, 'build/bench/bench-worker.cjs');
  const setting = { worker, echo, calls, module: MODULE, label: LABEL, pin: PIN, conf };
  const main = join(root, 'build/bench/bench-main.cjs');
  return /** @type {Result} */ (
    JSON.parse(execFileSync(process.execPath, [main, JSON.stringify(setting)], { encoding: 'utf8' }))
  );
}

/** @param {Result} result */
function tell(result) {
  const { nothing, bare, memory } = result;
  const kinds = /** @type {const} */ (['sign', 'wrap', 'unwrap']);
  return [
    ...kinds.flatMap((kind) => {
      const { batch, batchInC, asked, askedInC } = result[kind];
      const name = NAMES[kind];
      return [
        { name: `${name}: in C`, value: 1e6 / batchInC, unit: 'a second' },
        { name: `${name}: worker, many in a request`, value: 1e6 / batch, unit: 'a second' },
        { name: `${name}: worker, of C`, value: batchInC / batch, unit: '×', atLeast: BATCH_GOAL },
        { name: `${name}: worker, one in a request`, value: 1e6 / asked, unit: 'a second' },
        { name: `${name}: in C, one in a request`, value: 1e6 / askedInC, unit: 'a second' },
      ];
    }),
    { name: 'a request and its answer: in C', value: nothing.askedInC, unit: 'µs' },
    { name: 'a request and its answer: bare processes of Node', value: bare, unit: 'µs' },
    { name: 'a request and its answer: worker', value: nothing.asked, unit: 'µs' },
    {
      name: 'one in a request, without the token, of bare Node',
      value: bare / nothing.asked,
      unit: '×',
      atLeast: ASKED_GOAL,
    },
    {
      name: 'one in a request, without the token, of C',
      value: nothing.askedInC / nothing.asked,
      unit: '×',
      atLeast: ASKED_GOAL,
    },
    {
      name: `memory over ${result.operations.toLocaleString('en')} operations`,
      value: (memory.after - memory.before) / 1e6,
      unit: 'MB',
      goal: GOAL_MEGABYTES,
    },
  ];
}
