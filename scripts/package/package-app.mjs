/** Packages the app. What has not changed is not packaged again; fuses are read back from what was made. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { APP, TEST_APP } from '../app-folder.mjs';
import { withLock } from '../setup/lock.mjs';
import { stagePackage } from '../app/stage-app.mjs';
import { contentHash, filesBelow, readIfThere, writeWhole } from '../setup/content-hash.mjs';
import { electronRuntime } from '../setup/electron-runtime.mjs';
import { listing } from '../setup/file-facts.mjs';
import { runCommand } from '../setup/run-command.mjs';
import { SetupFailure } from '../setup/step.mjs';
import { PROGRAM, UNPACKED } from './electron-builder.mjs';
import { FUSES, fuseDifferences, readFuses } from './fuses.mjs';

/** @typedef {import('../setup/electron-runtime.mjs').Runtime} Runtime */

/** Where packages are put, relative to the checkout. */
const OUTPUT = { real: 'build/package', forTests: 'build/package-for-tests' };

/**
 * Packages the app.
 *
 * @param {string} root folder of the checkout; its `build/app` is complete
 * @param {Runtime} runtime
 * @param {(text: string) => void} say
 * @returns {Promise<string>} the packaged program; everything that belongs to it is in its folder
 * @throws SetupFailure when electron-builder fails, or a fuse is not as it should be
 */
export function packageApp(root, runtime, say) {
  return makePackage(root, runtime, say, false);
}

/**
 * Packages the app for tests: its main is compiled to let a debugger in, and the fuse that would keep it out is on.
 * All else is as in the real package.
 *
 * @param {string} root folder of the checkout; its `build/app-for-tests` is complete
 * @param {Runtime} runtime
 * @param {(text: string) => void} say
 * @returns {Promise<string>} the packaged program
 * @throws SetupFailure when electron-builder fails, or a fuse is not as it should be
 */
export function packageForTests(root, runtime, say) {
  return makePackage(root, runtime, say, true);
}

/**
 * Packages for tests, and stages that: give the stage's launcher to Playwright.
 *
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} [say]
 * @returns {Promise<import('../app/stage-app.mjs').Stage>}
 * @throws SetupFailure when it can't be made, or can't be started safely here
 */
export async function stageForTests(root, say = () => undefined) {
  const program = await packageForTests(root, await electronRuntime(root, say), say);
  return stagePackage({ root, program, purpose: 'tests', say });
}

/**
 * @param {string} root
 * @param {Runtime} runtime
 * @param {(text: string) => void} say
 * @param {boolean} forTests
 */
async function makePackage(root, runtime, say, forTests) {
  const app = join(root, forTests ? TEST_APP : APP);
  const output = join(root, forTests ? OUTPUT.forTests : OUTPUT.real);
  const folder = join(output, UNPACKED);
  const program = join(folder, PROGRAM);
  await onlyWhenChanged(folder, inputsOf(app, runtime), async () => {
    say(`electron-builder packages the app${forTests ? ' for tests' : ''} with Electron ${runtime.version}`);
    const builder = fileURLToPath(new URL('electron-builder.mjs', import.meta.url));
    const args = [builder, app, output, runtime.folder, runtime.version, ...(forTests ? ['inspectable'] : [])];
    const { code, output: words } = await runCommand(process.execPath, args, { cwd: root });
    if (code !== 0) {
      throw new SetupFailure(
        `electron-builder ended with code ${String(code)}:\n${words.trim()}`,
        'often: the disk is full. Put right what is said above, and start again',
      );
    }
    await checkFuses(program, runtime, forTests);
  });
  return program;
}

/**
 * Reads the fuses back.
 *
 * @param {string} program
 * @param {Runtime} runtime
 * @param {boolean} inspectable whether tests may attach to it
 * @throws SetupFailure
 */
async function checkFuses(program, runtime, inspectable) {
  const differences = fuseDifferences(await readFuses(program), Number(runtime.version.split('.')[0]), { inspectable });
  if (differences.length === 0) return;
  throw new SetupFailure(
    `fuses of ${program} are not as they should be:\n${differences.join('\n')}`,
    'bring src-main/fuses.json up to this version of Electron, and start again',
  );
}

/**
 * Runs some work unless it was done before with the same inputs and its folder is as it was left. One process at a time.
 *
 * @param {string} folder that the work makes
 * @param {string} inputs hash of what it is made from
 * @param {() => Promise<void>} work
 */
async function onlyWhenChanged(folder, inputs, work) {
  const stampFile = `${folder}.stamp`;
  const stamp = () =>
    contentHash([
      ['inputs', inputs],
      ['result', listing(folder)],
    ]);
  mkdirSync(dirname(folder), { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    const kept = readIfThere(stampFile)?.toString('utf8');
    if (kept !== undefined && isThere(folder) && kept === stamp()) return;
    rmSync(stampFile, { force: true });
    await work();
    writeWhole(stampFile, stamp());
  });
}

/** @param {string} folder */
function isThere(folder) {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}

/**
 * @param {string} app
 * @param {Runtime} runtime
 */
function inputsOf(app, runtime) {
  return contentHash([
    ['app', listing(app)],
    ['runtime', listing(runtime.folder)],
    ['version', runtime.version],
    ['fuses', JSON.stringify(FUSES)],
    ...filesBelow(dirname(fileURLToPath(import.meta.url))),
  ]);
}
