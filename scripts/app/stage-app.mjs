/**
 * Stages the app: a complete program in a place where the app's user can read it and not change it, and the launcher
 * that starts it. `npm start`, the tests and the measurements all start the app from here.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { contentHash, readIfThere, writeWhole } from '../setup/content-hash.mjs';
import { listing } from '../setup/file-facts.mjs';
import { STATE, appUser, openFolder } from './app-user.mjs';
import { launcher } from './launcher.mjs';
import { linkOrCopy } from './link-or-copy.mjs';
import { withLock } from '../setup/lock.mjs';
import { SANDBOX_HELPER, keepSetuid, makeSetuid, namespacesWork } from './sandbox.mjs';

/**
 * @typedef {object} Stage
 * @property {string} launcher start this, with a display in the environment; give it to Playwright as `executablePath`
 * @property {string} folder the complete program
 * @property {string} program Electron's, in `folder`
 * @property {import('./app-user.mjs').AppUser | null} user who it will run as; null: whoever starts it
 */

/**
 * Stages an app folder on a runtime. Nothing is copied when nothing has changed.
 *
 * @param {object} what
 * @param {string} what.root folder of the checkout
 * @param {import('../setup/electron-runtime.mjs').Runtime} what.runtime
 * @param {string} what.app folder with the app's package.json
 * @param {string} what.purpose names the stage: stages for different purposes do not get in each other's way
 * @param {(text: string) => void} [what.say]
 * @returns {Promise<Stage>}
 * @throws SetupFailure when the user can't be made or the sandbox can't work
 */
export function stageApp({ root, runtime, app, purpose, say = quiet }) {
  const parts = [
    { from: runtime.folder, to: '' },
    { from: app, to: 'resources/app' },
  ];
  return stage({ root, parts, program: 'electron', purpose, say });
}

/**
 * Stages a program that is complete in itself, as `npm run package` makes it.
 *
 * @param {object} what
 * @param {string} what.root folder of the checkout
 * @param {string} what.program the packaged app's program, in the folder with everything that belongs to it
 * @param {string} what.purpose names the stage
 * @param {(text: string) => void} [what.say]
 * @returns {Promise<Stage>}
 * @throws SetupFailure when the user can't be made or the sandbox can't work
 */
export function stagePackage({ root, program, purpose, say = quiet }) {
  const parts = [{ from: join(program, '..'), to: '' }];
  return stage({ root, parts, program: basename(program), purpose, say });
}

/**
 * @param {object} what
 * @param {string} what.root
 * @param {readonly { from: string, to: string }[]} what.parts
 * @param {string} what.program
 * @param {string} what.purpose
 * @param {(text: string) => void} what.say
 * @returns {Promise<Stage>}
 */
async function stage({ root, parts, program, purpose, say }) {
  const user = await appUser(say);
  // Checkouts on one machine do not share stages.
  const here = contentHash([['checkout', root]]).slice(0, 12);
  const place = user === null ? join(root, 'build/stage', purpose) : join(STATE, 'stage', here, purpose);
  const folder = join(place, 'app');
  const staged = { launcher: join(place, 'launch'), folder, program: join(folder, program), user };

  // Root's own folders, so that the app's user gets through them whatever root's umask is.
  if (user !== null) for (const one of [dirname(dirname(place)), dirname(place), place]) openFolder(one);
  await withLock(`${place}.lock`, async () => {
    const stampFile = join(place, 'stamp');
    const wanted = contentHash(parts.map(({ from, to }) => [to, `${from}\n${listing(from)}`]));
    if (readIfThere(stampFile)?.toString('utf8') !== `${wanted} ${staging(folder)}`) {
      say(`copies the app to where ${user === null ? 'it is started from' : `${user.name} can read it`}`);
      rmSync(stampFile, { force: true });
      replaceFolder(folder, parts);
      writeWhole(stampFile, `${wanted} ${staging(folder)}`);
    }
    const sandbox = (await namespacesWork(user)) ? 'namespaces' : 'setuid';
    if (sandbox === 'setuid') makeSetuid(join(folder, SANDBOX_HELPER), process.getuid?.() === 0);
    const text = launcher({ program: staged.program, user, sandbox });
    if (readIfThere(staged.launcher)?.toString('utf8') !== text) writeWhole(staged.launcher, text, 0o755);
  });
  return staged;
}

/** @param {string} folder */
function staging(folder) {
  try {
    // The set-uid helper may be made so after the rest was copied.
    const lines = listing(folder).split('\n');
    return contentHash([['staged', lines.filter((line) => !line.startsWith(`${SANDBOX_HELPER} `)).join('\n')]]);
  } catch {
    return 'missing';
  }
}

/**
 * Puts a folder together aside, then in place of the old one; an app that runs from the old one keeps the files it has open.
 *
 * @param {string} folder
 * @param {readonly { from: string, to: string }[]} parts
 */
function replaceFolder(folder, parts) {
  const fresh = `${folder}.new`;
  const old = `${folder}.old`;
  for (const one of [fresh, old]) rmSync(one, { recursive: true, force: true });
  for (const { from, to } of parts) linkOrCopy(from, join(fresh, to));
  mkdirSync(folder, { recursive: true });
  keepSetuid(join(folder, SANDBOX_HELPER), join(fresh, SANDBOX_HELPER));
  renameSync(folder, old);
  renameSync(fresh, folder);
  rmSync(old, { recursive: true, force: true });
}

function quiet() {
  // Staging is quick, and says nothing unless asked to.
}
