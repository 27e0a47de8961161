/**
 * `npm test`: the set-up, the checks, the tests; exits with 1 when any of them failed. `npm run test:deep`: the long suites
 * at length, of which `npm test` takes smaller samples: files named `*.deep.test.ts`, and those that do more where `KEYRITE_DEEP` is
 * set. What is the same in both is left to `npm test`. Other arguments go to vitest, such as the names of test files.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './check.mjs';
import { isMain } from './is-main.mjs';
import { ROOT, setUpThen } from './setup.mjs';

/**
 * @param {readonly string[]} args of the command line
 * @returns {Promise<number>} exit code
 */
async function test(args) {
  const deep = args.includes('--deep');
  const given = args.filter((arg) => arg !== '--deep');
  const passedOn = deep && given.length === 0 ? longSuites() : given;
  // Tests begin while lint, the longest check, goes on beside them.
  let checked = Promise.resolve(true);
  if (!deep) {
    await /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        checked = check(resolve);
      })
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-test-'));
  try {
    const report = join(folder, 'report.json');
    const code = await vitest(deep, [
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...passedOn,
    ]);
    const counts = readCounts(report);
    // A test that is skipped says nothing; only who names tests on the command line means to leave some out.
    const skipped = given.length === 0 && counts.skipped > 0;
    if (skipped) console.log('Skipped tests count as failed');
    const passed = await checked;
    if (!passed) console.log('npm run check failed: see above');
    console.log(describeCounts(counts));
    return code === 0 && passed && !skipped ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Test files that do more in the deep run, by what they say of it.
 *
 * @returns {string[]} paths from the root
 */
function longSuites() {
  const folder = join(ROOT, 'test');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => name.endsWith('.deep.test.ts') || SAYS_SO.test(readFileSync(join(folder, name), 'utf8')))
    .map((name) => join('test', name))
    .sort();
}

/** The variable itself, or the module that asks for it on behalf of others. */
const SAYS_SO = /KEYRITE_DEEP|\/(for-script|sampled)'/;

/**
 * @param {boolean} deep
 * @param {readonly string[]} args
 * @returns {Promise<number>} vitest's exit code
 */
function vitest(deep, args) {
  return new Promise((resolve) => {
    const program = join(ROOT, 'node_modules/vitest/vitest.mjs');
    const env = { ...process.env, ...(deep ? { KEYRITE_DEEP: '1' } : {}) };
    const child = spawn(process.execPath, [program, 'run', ...args], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('close', (code) => {
      resolve(code ?? 1);
    });
  });
}

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @param {string} report file that vitest's json reporter wrote
 * @returns {Counts}
 */
function readCounts(report) {
  try {
    const json = /** @type {Record<string, number>} */ (JSON.parse(readFileSync(report, 'utf8')));
    return {
      passed: json['numPassedTests'] ?? 0,
      failed: json['numFailedTests'] ?? 0,
      skipped: (json['numPendingTests'] ?? 0) + (json['numTodoTests'] ?? 0),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/**
 * The closing line, in the plain form that CI systems read.
 *
 * @param {Counts} counts
 */
function describeCounts({ passed, failed, skipped }) {
  const more = skipped > 0 ? `, ${String(skipped)} skipped` : '';
  return `tests: ${String(passed)} passed, ${String(failed)} failed${more}`;
}

if (isMain(import.meta.url)) await setUpThen({ forTests: true }, () => test(process.argv.slice(2)));
