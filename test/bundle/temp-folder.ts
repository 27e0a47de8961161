/** A bundle folder in a temporary directory, for tests. Not durable: nothing is fsynced. */
import { appendFile, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BundleFolder } from '../../ceremony/engine/ports';

/** A `BundleFolder` over `directory`. */
export function folderAt(directory: string): BundleFolder {
  const path = (name: string): string => join(directory, name);
  return {
    async list() {
      const entries = await readdir(directory, { withFileTypes: true, recursive: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
        .sort();
    },
    async read(name) {
      return readFile(path(name));
    },
    async exists(name) {
      return stat(path(name)).then(
        () => true,
        () => false,
      );
    },
    async create(name, content) {
      await mkdir(dirname(path(name)), { recursive: true });
      await writeFile(path(name), content, { flag: 'wx' });
    },
    async append(name, content) {
      await appendFile(path(name), content);
    },
    async truncate(name, length) {
      await truncate(path(name), length);
    },
    async remove(name) {
      await rm(path(name));
    },
    async rename(name, to) {
      await rename(path(name), path(to));
    },
    freeBytes: () => Promise.resolve(1024 ** 3),
  };
}

/** A fresh temporary directory; remove it with {@link removeDirectory}. */
export function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'keyrite-bundle-'));
}

/** Removes a directory and what is in it. */
export function removeDirectory(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true });
}
