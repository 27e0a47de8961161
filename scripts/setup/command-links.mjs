/**
 * `npx keyrite` and `npx keyrite-connect` in a checkout. npm links the programs of a package only where others install
 * it, and skips those whose file did not exist yet, so the set-up makes the links itself.
 */
import { mkdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Command to what it runs, relative to the checkout. */
const COMMANDS = { keyrite: 'build/keyrite.cjs', 'keyrite-connect': 'connected/build/keyrite-connect.cjs' };

/**
 * @param {string} root folder of the checkout
 * @returns {string} the outcome in a few words
 */
export function linkCommands(root) {
  const folder = join(root, 'node_modules/.bin');
  mkdirSync(folder, { recursive: true });
  let made = 0;
  for (const [command, program] of Object.entries(COMMANDS)) {
    const link = join(folder, command);
    const target = join('../..', program);
    if (linkTarget(link) === target) continue;
    const temporary = `${link}.${String(process.pid)}.tmp`;
    symlinkSync(target, temporary);
    renameSync(temporary, link);
    made += 1;
  }
  return made === 0 ? 'already linked' : `npx ${Object.keys(COMMANDS).join(', npx ')}`;
}

/** @param {string} link */
function linkTarget(link) {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}
