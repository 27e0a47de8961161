/**
 * `npm run check`: types, lint, format, unused code. All of them run, also when one fails, and what one prints is shown
 * when it has something to say.
 */
import { performance } from 'node:perf_hooks';
import { join } from 'node:path';
import { isMain } from './is-main.mjs';
import { runCommand } from './setup/run-command.mjs';
import { ROOT, setUpThen } from './setup.mjs';
import { seconds } from './setup/step.mjs';

/** Name, program in node_modules, arguments. */
const CHECKS = /** @type {const} */ ([
  ['types', 'typescript-native/bin/tsc', ['-b', '--pretty']],
  ['lint', 'eslint/bin/eslint.js', ['--max-warnings', '0', '--color', '.']],
  ['format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
  ['unused code', 'knip/bin/knip.js', []],
]);

/**
 * Runs all checks, two at a time, and prints each with its time.
 *
 * @param {() => void} [onlyLintIsLeft] called when the other three have ended: lint keeps one core busy as long again
 * @returns {Promise<boolean>} whether all passed
 */
export async function check(onlyLintIsLeft = () => undefined) {
  console.log('Check');
  const [types, lint, format, unused] = CHECKS;
  // The longest begins first.
  const others = inTurn([types, format, unused]).finally(onlyLintIsLeft);
  const results = await Promise.all([run(lint), others]);
  const failed = results.flat().filter((result) => !result.passed);
  console.log(failed.length === 0 ? 'Check passed\n' : `Check failed: ${failed.map((one) => one.name).join(', ')}\n`);
  return failed.length === 0;
}

/** @param {readonly (typeof CHECKS)[number][]} checks */
async function inTurn(checks) {
  const results = [];
  for (const one of checks) results.push(await run(one));
  return results;
}

/** @param {(typeof CHECKS)[number]} check */
async function run([name, program, args]) {
  const begun = performance.now();
  const command = [join(ROOT, 'node_modules', program), ...args];
  const { code, output } = await runCommand(process.execPath, command, { cwd: ROOT });
  const passed = code === 0;
  console.log(`  ${passed ? 'ok    ' : 'FAILED'} ${name} (${seconds(begun)})`);
  if (!passed) console.log(output);
  return { name, passed };
}

if (isMain(import.meta.url)) await setUpThen({}, async () => ((await check()) ? 0 : 1));
