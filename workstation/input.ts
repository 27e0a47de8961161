/** Reading what people name on the command line. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from './explain';

/** Largest plan or binding that is read, in bytes. */
const LIMIT = 1024 * 1024;

/** A text file in UTF-8. Throws UsageError when it is missing, too long or not text. */
export function readText(path: string, what: string): string {
  const bytes = readBytes(path, what, LIMIT);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${path} is not UTF-8 text`, `Name a ${what}.`);
  }
}

/** A file's bytes, at most `limit`. Throws UsageError when it is missing or too long. */
export function readBytes(path: string, what: string, limit: number): Uint8Array {
  const full = resolve(path);
  if (!existsSync(full)) throw new UsageError(`${path} does not exist`, `Name a ${what}.`);
  const found = statSync(full);
  if (!found.isFile()) throw new UsageError(`${path} is not a file`, `Name a ${what}.`);
  if (found.size > limit) throw new UsageError(`${path} is larger than ${String(limit)} bytes`, `Name a ${what}.`);
  return readFileSync(full);
}

/** A folder that does not exist yet or is empty. Throws UsageError otherwise: nothing is ever overwritten. */
export function emptyFolder(path: string, what: string): string {
  const full = resolve(path);
  if (!existsSync(full)) return full;
  if (!statSync(full).isDirectory())
    throw new UsageError(`${path} is not a folder`, `Name a new folder for the ${what}.`);
  if (readdirSync(full).length > 0) {
    throw new UsageError(`${path} is not empty`, `Name a new or empty folder for the ${what}; nothing is overwritten.`);
  }
  return full;
}

/** Makes a folder for a bundle, empty so far. Throws UsageError when it cannot be made or has something in it. */
export function newFolder(path: string, what: string): string {
  const full = emptyFolder(path, what);
  const isThere = existsSync(full);
  try {
    makeFolders(full);
    accessSync(full, constants.W_OK | constants.X_OK);
  } catch {
    const trouble = isThere ? 'cannot be written to' : 'cannot be made';
    throw new UsageError(`${path} ${trouble}`, `Name a folder for the ${what} that you may write to.`);
  }
  return full;
}

/** As mkdir -p, by single steps: Node's own recursion never ends on file systems that refuse every name, such as /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  mkdirSync(path);
}

/** A folder that is there. Throws UsageError otherwise. */
export function existingFolder(path: string, what: string): string {
  const full = resolve(path);
  if (!existsSync(full)) throw new UsageError(`${path} does not exist`, `Name the folder of a ${what}.`);
  if (!statSync(full).isDirectory()) throw new UsageError(`${path} is not a folder`, `Name the folder of a ${what}.`);
  return full;
}
