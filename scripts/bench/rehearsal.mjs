/**
 * The machine time of a rehearsal and its parts, against what stock tools need for the same heavy work in the same run:
 * initialising as many SoftHSM2 tokens and making as many RSA keys.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RUNS = 5;
/** Nine people's tokens and two units. */
const TOKENS = 11;
/** Two import keys, one one-time key, one import token's key. */
const RSA_BITS = [3072, 3072, 3072, 4096];

/** @param {{ root: string }} here */
export function bench({ root }) {
  const runs = Array.from({ length: RUNS }, () => once(root));
  const whole = median(runs.map((run) => run.whole));
  const baseline = median(runs.map((run) => run.baseline));
  const parts = Object.keys(runs[0]?.times ?? {});
  return [
    { name: 'rehearsal: whole program', value: whole, unit: 'ms', goal: 5000 },
    { name: 'rehearsal: stock tools for the same tokens and RSA keys', value: baseline, unit: 'ms' },
    { name: 'rehearsal: ratio to stock tools', value: round(whole / baseline), unit: '×' },
    { name: 'rehearsal: verify the bundle', value: median(runs.map((run) => run.verify)), unit: 'ms' },
    { name: 'rehearsal: verify.sh on the bundle', value: median(runs.map((run) => run.verifyScript)), unit: 'ms' },
    ...parts.map((part) => ({
      name: `rehearsal part: ${part}`,
      value: median(runs.map((run) => run.times[part] ?? 0)),
      unit: 'ms',
    })),
  ];
}

/** @param {string} root */
function once(root) {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-bench-'));
  try {
    const program = join(root, 'build', 'keyrite.cjs');
    const bundle = join(folder, 'bundle');
    let printed = '';
    const whole = timed(() => {
      printed = run(process.execPath, [program, 'rehearse', '--out', bundle, '--json']);
    });
    const verify = timed(() => run(process.execPath, [program, 'verify', bundle]));
    const verifyScript = timed(() => run('sh', [join(bundle, 'verify.sh')]));
    const baseline = timed(() => stockTools(folder));
    /** @type {{ times: Record<string, number> }} */
    const { times } = JSON.parse(printed);
    return { whole, verify, verifyScript, baseline, times };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function stockTools(folder) {
  const conf = join(folder, 'softhsm2.conf');
  mkdirSync(join(folder, 'tokens'));
  writeFileSync(
    conf,
    `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  for (let number = 0; number < TOKENS; number += 1) {
    const args = [
      '--init-token',
      '--free',
      '--label',
      `bench-${String(number)}`,
      '--so-pin',
      '12345678',
      '--pin',
      '12345678',
    ];
    run('softhsm2-util', args, { SOFTHSM2_CONF: conf });
  }
  for (const bits of RSA_BITS) run('openssl', ['genrsa', '-out', join(folder, 'key.pem'), String(bits)]);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} more
 */
function run(command, args, more = {}) {
  return execFileSync(command, args, {
    env: { ...process.env, ...more },
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
}

/** @param {() => unknown} work */
function timed(work) {
  const begun = performance.now();
  work();
  return Math.round(performance.now() - begun);
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}
