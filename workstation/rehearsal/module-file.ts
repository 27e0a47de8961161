/** Files of installed PKCS#11 modules: where distributions put them, and their hashes. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Looks for a library below the folders in which distributions keep them, such as `/usr/lib/x86_64-linux-gnu`.
 *
 * @param names paths below such a folder, the preferred one first
 * @returns the first that is there; null when none is
 */
export function findLibrary(...names: readonly string[]): string | null {
  const folders = [
    '/usr/lib64',
    '/usr/lib',
    ...subfolders('/usr/lib').filter((folder) => folder.endsWith('-linux-gnu')),
  ];
  const places = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return places.find((path) => existsSync(path)) ?? null;
}

function subfolders(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** SHA-256 of a file, lower-case hex. */
export function fileSha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
