/** Copies of a sealed bundle in folders of media: whole, or not there. */
import { lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { LIMITS, SUMS } from '../ceremony/bundle/layout';
import { sealOf } from '../ceremony/bundle/sums';
import type { BundleFolder } from '../ceremony/engine/ports';
import { FileBundleFolder, syncFolder } from './bundle-folder';

/** Behind the name of a copy's folder while files are still missing in it; a ceremony's id has no dot. */
const UNFINISHED = '.part';

/**
 * Copies a bundle into a folder, which is not there yet and whose parent is. Every file is fsynced and read back, and the
 * folder gets its name last; what an interrupted copy left is made anew.
 *
 * @throws DeviceError or the system's own errors; the folder is not there then
 */
export async function copyBundle(bundle: BundleFolder, target: string): Promise<void> {
  const unfinished = `${target}${UNFINISHED}`;
  removeFolder(unfinished);
  try {
    mkdirSync(unfinished);
    const copy = new FileBundleFolder(unfinished);
    // The sums go last: whoever looks at an interrupted copy sees that it is none.
    const names = (await bundle.list()).filter((name) => name !== SUMS);
    for (const name of [...names, SUMS]) await copy.create(name, await bundle.read(name));
    renameSync(unfinished, target);
    syncFolder(dirname(target));
  } catch (error) {
    try {
      removeFolder(unfinished);
    } catch {
      // A medium that is broken or gone is not cleaned up; why it broke is what people must see.
    }
    throw error;
  }
}

/** Whether a folder holds the whole copy of a sealed bundle. Never rejects: what cannot be read is no copy. */
export async function isCopyOf(bundle: BundleFolder, folder: string): Promise<boolean> {
  const copy = new FileBundleFolder(folder);
  try {
    if ((await copy.size(SUMS)) > LIMITS.fileBytes) return false;
    const same = Buffer.from(await copy.read(SUMS)).equals(await bundle.read(SUMS));
    return same && (await sealOf(copy)) === 'whole';
  } catch {
    return false;
  }
}

/** Removes a folder of ours, and nothing else of that name. */
function removeFolder(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  rmSync(path, { recursive: true, force: true });
}
