/** Stamps: a step is skipped when the hash of everything that it depends on is the one it left behind last time. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * SHA-256, in hex, over named contents; lengths are part of it, so that no two lists collide.
 *
 * @param {readonly (readonly [name: string, content: string | Uint8Array])[]} parts
 */
export function contentHash(parts) {
  const hash = createHash('sha256');
  for (const [name, content] of parts) {
    const bytes = Buffer.from(content);
    hash.update(`${name}\0${String(bytes.length)}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/**
 * Name and content of every file below a folder, sorted by name.
 *
 * @param {string} folder
 * @returns {[string, Buffer][]}
 */
export function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [file.slice(folder.length + 1), readFileSync(file)]);
}

/**
 * Content of a file, or null when it can't be read.
 *
 * @param {string} file
 */
export function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

/**
 * Writes a file so that nobody ever sees half of it: to a name of its own, then renamed. Folders are made.
 *
 * @param {string} file
 * @param {string | Uint8Array} content
 * @param {number} [mode]
 */
export function writeWhole(file, content, mode = 0o644) {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${String(process.pid)}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, file);
}
