/** Copies of big folders that cost neither time nor disk where links will do. */
import { chmodSync, copyFileSync, cpSync, linkSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SANDBOX_HELPER } from './sandbox.mjs';

/**
 * Copies a folder so that everybody can read it. Files are linked where they are on the same disk. Nothing is ever changed
 * in place, neither here nor there: files are replaced, so that a link can't carry a change over.
 *
 * @param {string} from
 * @param {string} to
 */
export function linkOrCopy(from, to) {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkOrCopy(source, target);
    else if (entry.isFile()) linkOrCopyFile(source, target);
    else cpSync(source, target, { verbatimSymlinks: true });
  }
}

/**
 * @param {string} source
 * @param {string} target
 */
function linkOrCopyFile(source, target) {
  const mode = statSync(source).mode & 0o100 ? 0o755 : 0o644;
  try {
    // A link has the mode of its source, and the set-uid helper must not change with its copies.
    const linkable = (statSync(source).mode & 0o7777) === mode && basename(source) !== SANDBOX_HELPER;
    if (!linkable) throw new Error('to be copied');
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
    chmodSync(target, mode);
  }
}
