/**
 * Rotation of a key store with 10,000 keys in a rehearsal on SoftHSM2, from the intent to the outcome of the act: every key
 * wrapped anew and proven, every file written, fsynced and read back. Against the same PKCS#11 calls in a plain loop on the
 * same token, with no files, no record and nothing between processes.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';

const KEYS = 10_000;
/** At least 0.8 of the token's own speed. */
const GOAL = 1.25;

/** @param {{ root: string }} here */
export async function bench({ root }) {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-bench-'));
  try {
    const values = valuesProgram(root, folder);
    const [bundle, room] = [join(folder, 'bundle'), join(folder, 'room')];
    const env = { ...process.env, SOFTHSM2_CONF: join(room, 'units', 'softhsm2.conf') };
    /** @param {string[]} args */
    const helper = (...args) => execFileSync(process.execPath, [values, ...args], { env, encoding: 'utf8' });
    const plan = helper('plans', folder);
    const keyrite = join(root, 'build', 'keyrite.cjs');
    await killedAt(spawnQuietly(keyrite, ['rehearse', plan, '--out', bundle, '--keep', room]), bundle, 'generate');
    helper('fill', room, String(KEYS), join(folder, 'values.json'));
    await killedAt(spawnQuietly(keyrite, ['resume', bundle]), bundle, 'rotate');
    const own = /** @type {{ keys: number, milliseconds: number }} */ (JSON.parse(helper('loop', room)));
    execFileSync(process.execPath, [keyrite, 'resume', bundle], { stdio: 'ignore' });
    const whole = rotationIn(bundle);
    const [each, eachOwn] = [whole.milliseconds / whole.keys, own.milliseconds / own.keys];
    return [
      { name: 'keys in the store', value: whole.keys, unit: 'keys' },
      { name: 'the token alone, each key', value: eachOwn * 1000, unit: 'µs' },
      { name: 'rotation, each key', value: each * 1000, unit: 'µs' },
      { name: 'rotation against the token alone', value: each / eachOwn, unit: 'times', goal: GOAL },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the record says of the act that was done: the last intent, and its outcome. @param {string} bundle */
function rotationIn(bundle) {
  const lines = readFileSync(join(bundle, 'transcript.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"act":"unit-a/rotate"'))
    .map((line) => /** @type {{ type: string, at: string, body: { result: { keys: number } } }} */ (JSON.parse(line)));
  const intent = lines.findLast(({ type }) => type === 'step.intent');
  const outcome = lines.findLast(({ type }) => type === 'step.outcome');
  if (intent === undefined || outcome === undefined) throw new Error('the rotation is not on record');
  return { keys: outcome.body.result.keys, milliseconds: Date.parse(outcome.at) - Date.parse(intent.at) };
}

/** @param {string} program @param {string[]} args */
function spawnQuietly(program, args) {
  return spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
}

/** Kills a ceremony once a step is begun. @param {import('node:child_process').ChildProcess} child @param {string} bundle @param {string} step */
async function killedAt(child, bundle, step) {
  const transcript = join(bundle, 'transcript.jsonl');
  while (!(existsSync(transcript) && readFileSync(transcript, 'utf8').includes(`"step":"${step}"`))) {
    if (child.exitCode !== null) throw new Error(`the ceremony ended before ${step}`);
    await sleep(2);
  }
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** The program that fills stores and makes the calls in a plain loop. @param {string} root @param {string} folder */
function valuesProgram(root, folder) {
  const outfile = join(folder, 'stored-values.cjs');
  const pkcs11js = join(root, 'node_modules/pkcs11js/index.js');
  buildSync({
    entryPoints: [join(root, 'test/ceremony/stored-values-main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // The addon is named by its path, and the companion found where the build puts it.
    define: {
      __dirname: JSON.stringify(join(root, 'hsm/native')),
      'import.meta.dirname': JSON.stringify(join(root, 'test/ceremony')),
    },
    alias: { pkcs11js },
    external: ['*.node', pkcs11js],
    logLevel: 'silent',
  });
  return outfile;
}
