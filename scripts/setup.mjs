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
import { buildNativeModule } from './setup/native-module.mjs';
import { checkNodeVersion } from './setup/node-version.mjs';
import { installNpmPackages } from './setup/npm-packages.mjs';
import { SetupFailure, seconds, step } from './setup/step.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';

/** Folder of the checkout. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Sets the checkout up, saying what it does.
 *
 * @param {{ forTests?: boolean }} [purpose] tests need a few system packages more
 * @throws SetupFailure when a step failed; what happened and what to do has been printed
 */
export async function setUp({ forTests = false } = {}) {
  const begun = performance.now();
  console.log('Set-up');
  await step('Node', () => checkNodeVersion(process.versions.node));
  await step('system packages', (say) => installSystemPackages(say, { forTests }));
  await step('npm packages', (say) => installNpmPackages(ROOT, say));
  await step('pkcs11js', (say) => buildNativeModule(ROOT, say));
  await step('Keyrite', async (say) => (await import('./build.mjs')).build(ROOT, say));
  await step('commands', () => linkCommands(ROOT));
  console.log(`Set-up done (${seconds(begun)})\n`);
}

/**
 * Sets up, then does something; ends the process with the code that it returns, or with 1 when the set-up failed.
 *
 * @param {{ forTests?: boolean }} purpose
 * @param {() => Promise<number>} work
 */
export async function setUpThen(purpose, work) {
  try {
    await setUp(purpose);
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    process.exitCode = 1;
    return;
  }
  process.exitCode = await work();
}

if (isMain(import.meta.url)) await setUpThen({}, () => Promise.resolve(0));
