/**
 * Who the app runs as. Chromium refuses its sandbox as root, and an app that reads plans and media has no business being
 * root: a root set-up makes a system user for it. An ordinary user runs it as themselves.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCommand, runCommand } from '../setup/run-command.mjs';
import { SetupFailure } from '../setup/step.mjs';

/**
 * @typedef {object} AppUser
 * @property {string} name
 * @property {number} uid
 * @property {number} gid
 * @property {string} home theirs alone, mode 0700
 */

const NAME = 'keyrite';

/** Root's folder for everything about the app that its user may read, but not change. */
export const STATE = '/var/lib/keyrite';

/** Groups whose members may use PKCS#11 modules of the system: opencryptoki refuses others, SoftHSM2's folder does too. */
const MODULE_GROUPS = ['pkcs11', 'softhsm'];

/**
 * Makes the app's user, unless we are not root or it is there.
 *
 * @param {(text: string) => void} say
 * @returns {Promise<AppUser | null>} null: the app runs as whoever we are
 * @throws SetupFailure when the user can't be made
 */
export async function appUser(say) {
  if (process.getuid?.() !== 0) return null;
  const home = join(STATE, 'home');
  if ((await idOf('-u')) === null) {
    say(`makes the system user ${NAME}, who runs the app`);
    const named = ['--system', '--user-group', '--home-dir', home, '--no-create-home', '--shell', '/usr/sbin/nologin'];
    await change('useradd', [...named, '--comment', 'Keyrite app', NAME]);
  }
  const uid = Number(await idOf('-u'));
  const gid = Number(await idOf('-g'));
  const groups = (await idOf('-Gn'))?.split(' ') ?? [];
  for (const group of MODULE_GROUPS) {
    if (groups.includes(group) || (await runCommand('getent', ['group', group])).code !== 0) continue;
    await change('usermod', ['--append', '--groups', group, NAME]);
  }
  openFolder(STATE);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chownSync(home, uid, gid);
  return { name: NAME, uid, gid, home };
}

/**
 * The start of a command line that runs the rest as the app's user.
 *
 * @param {AppUser | null} user
 * @returns {readonly string[]}
 */
export function asUser(user) {
  return user === null ? [] : ['setpriv', `--reuid=${user.name}`, `--regid=${user.name}`, '--init-groups', '--'];
}

/**
 * A fresh home for one run of the app: its profile, its single-instance lock and its rehearsals are then its own.
 *
 * @param {AppUser | null} user
 * @returns {{ folder: string, remove: () => void }} `folder` goes into the environment as KEYRITE_APP_HOME
 */
export function makeAppHome(user) {
  const parent = user === null ? tmpdir() : join(STATE, 'homes');
  if (user !== null) openFolder(parent);
  const folder = mkdtempSync(join(parent, 'keyrite-'));
  chmodSync(folder, 0o700);
  if (user !== null) chownSync(folder, user.uid, user.gid);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * Makes a folder that everybody can enter, whatever root's umask is.
 *
 * @param {string} folder
 */
export function openFolder(folder) {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

/** @param {string} option of `id` */
async function idOf(option) {
  const { code, output } = await runCommand('id', [option, NAME]);
  return code === 0 ? output.trim() : null;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
async function change(command, args) {
  const { code, output } = await runCommand(findCommand(command) ?? command, args);
  if (code === 0) return;
  throw new SetupFailure(
    `${command} can't set up the user ${NAME} (code ${String(code)}): ${output.trim()}`,
    'start Keyrite as an ordinary user, not as root; or put right what is said above, and start again',
  );
}
