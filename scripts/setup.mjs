/**
 * The set-up that `npm start`, `npm test`, `npm run check` and `npm run bench` share: from nothing but Node, npm and git
 * to a program that runs. Everything is looked at each time and done only where it is missing. Until npm has run, nothing
 * but Node's own modules can be imported: that is why the build is imported late.
 */
import { performance } from 'node:perf_hooks';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMain } from './is-main.mjs';
import { linkCommands } from './setup/command-links.mjs';
import { describeRuntime, electronRuntime } from './setup/electron-runtime.mjs';
import { buildCompanion, buildPkcs11js } from './setup/native-module.mjs';
import { checkNodeVersion } from './setup/node-version.mjs';
import { installNpmPackages } from './setup/npm-packages.mjs';
import { SetupFailure, seconds, step } from './setup/step.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';

/** Folder of the checkout. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @typedef {object} Purpose
 * @property {boolean} [forApp] the app is to be started: its windows are built, and there is an Electron
 * @property {boolean} [forTests] the same, and the packaged app, and a few system packages more
 * @property {boolean} [fetchElectron] tries to fetch the pinned Electron though that failed lately
 */

/** @typedef {import('./setup/electron-runtime.mjs').Runtime} Runtime */

/**
 * Sets the checkout up, saying what it does.
 *
 * @param {Purpose} [purpose]
 * @returns {Promise<Runtime | null>} what the app runs on; null when it is not asked for
 * @throws SetupFailure when a step failed; what happened and what to do has been printed
 */
export async function setUp({ forApp = false, forTests = false, fetchElectron = false } = {}) {
  const begun = performance.now();
  console.log('Set-up');
  await step('Node', () => checkNodeVersion(process.versions.node));
  await step('system packages', (say) => installSystemPackages(say, { forApp, forTests }));
  await step('npm packages', (say) => installNpmPackages(ROOT, say));
  await step('pkcs11js', (say) => buildPkcs11js(ROOT, say));
  await step('keyrite-native', (say) => buildCompanion(ROOT, say));
  await step('Keyrite', async (say) => (await import('./build.mjs')).build(ROOT, say));
  await step('commands', () => linkCommands(ROOT));
  const runtime = forApp || forTests ? await setUpApp({ forTests, fetchElectron }) : null;
  console.log(`Set-up done (${seconds(begun)})\n`);
  return runtime;
}

/**
 * @param {{ forTests: boolean, fetchElectron: boolean }} purpose
 * @returns {Promise<Runtime>}
 */
async function setUpApp({ forTests, fetchElectron }) {
  await step('app', async (say) => (await import('./build.mjs')).buildApp(ROOT, say));
  /** @type {Runtime | undefined} */
  let runtime;
  await step('Electron', async (say) => {
    runtime = await electronRuntime(ROOT, say, { retry: fetchElectron });
    return describeRuntime(runtime);
  });
  const found = /** @type {Runtime} */ (/** @type {unknown} */ (runtime));
  if (forTests) {
    await step('package', async (say) => {
      const { packageApp, packageForTests } = await import('./package/package-app.mjs');
      const { stagePackage } = await import('./app/stage-app.mjs');
      await packageApp(ROOT, found, say);
      const { program } = await stagePackage({
        root: ROOT,
        program: await packageForTests(ROOT, found, say),
        purpose: 'tests',
        say,
      });
      return program;
    });
  }
  return found;
}

/**
 * Sets up, then does something; ends the process with the code that it returns, or with 1 when the set-up failed.
 *
 * @param {Purpose} purpose
 * @param {(runtime: Runtime | null) => Promise<number>} work
 */
export async function setUpThen(purpose, work) {
  /** @type {Runtime | null} */
  let runtime;
  try {
    runtime = await setUp(purpose);
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    process.exitCode = 1;
    return;
  }
  process.exitCode = await work(runtime);
}

if (isMain(import.meta.url)) await setUpThen({}, () => Promise.resolve(0));
