/** What Chromium's sandbox can rest on here: user namespaces, or its set-uid helper. The app never runs without. */
import { chmodSync, chownSync, copyFileSync, existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { runCommand } from '../setup/run-command.mjs';
import { SetupFailure } from '../setup/step.mjs';
import { asUser } from './app-user.mjs';

/** Chromium's set-uid helper, beside Electron's program. */
export const SANDBOX_HELPER = 'chrome-sandbox';

/**
 * Whether the app's user may make the namespaces that Chromium makes. Asking for a network namespace inside the user
 * namespace finds the systems that allow the first and take its rights away.
 *
 * @param {import('./app-user.mjs').AppUser | null} user
 */
export async function namespacesWork(user) {
  const probe = ['unshare', '--user', '--map-root-user', '--net', '--pid', '--fork', 'true'];
  const [command = '', ...args] = [...asUser(user), ...probe];
  return (await runCommand(command, args, { cwd: '/' })).code === 0;
}

/**
 * Makes Chromium's set-uid helper usable where there are no user namespaces.
 *
 * @param {string} helper `chrome-sandbox` beside Electron's program
 * @param {boolean} root whether we are root
 * @throws SetupFailure when we are not, and the helper is not set up
 */
export function makeSetuid(helper, root) {
  if (isSetuid(helper)) return;
  if (!root) {
    throw new SetupFailure(
      'this system gives ordinary users no user namespaces, which the sandbox of the app needs',
      'run this line, and start again:\n' +
        `  sudo sh -c 'chown root:root ${helper} && chmod 4755 ${helper}'\n` +
        'or rehearse in the terminal: npm start -- --rehearse',
    );
  }
  // A copy of its own: the file may be linked to the one in the checkout.
  const own = `${helper}.${String(process.pid)}.tmp`;
  copyFileSync(helper, own);
  chownSync(own, 0, 0);
  chmodSync(own, 0o4755);
  renameSync(own, helper);
}

/**
 * Carries a helper over that an administrator made set-uid, so that they are not asked after each change of the app.
 *
 * @param {string} old
 * @param {string} fresh replaced by the old one where the two are the same program
 */
export function keepSetuid(old, fresh) {
  if (!existsSync(old) || !existsSync(fresh) || !isSetuid(old)) return;
  if (readFileSync(old).equals(readFileSync(fresh))) renameSync(old, fresh);
}

/** @param {string} helper */
function isSetuid(helper) {
  const { uid, mode } = statSync(helper);
  return uid === 0 && (mode & 0o4001) === 0o4001;
}
