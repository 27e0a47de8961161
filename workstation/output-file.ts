/** Writing a file that a person asked for: exclusive, fsynced, read back. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { UsageError } from './explain';

/** Nothing is overwritten: asked early, before people do what it is for. Throws UsageError when there is such a file. */
export function refuseExisting(path: string): void {
  if (existsSync(path)) throw new UsageError(`${path} exists already`, 'Name another file; nothing is overwritten.');
}

/**
 * Writes a new file.
 *
 * @throws UsageError when the file exists or cannot be written
 */
export function writeNewFile(path: string, content: string | Uint8Array): void {
  refuseExisting(path);
  let file: number;
  try {
    file = openSync(path, 'wx', 0o644);
  } catch {
    throw new UsageError(`${path} cannot be written`, 'Name a file in a folder that you may write to.');
  }
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } catch {
    unlinkSync(path);
    throw new UsageError(`${path} could not be written whole`, 'Free some space, or name a file on another medium.');
  } finally {
    closeSync(file);
  }
  if (!readFileSync(path).equals(Buffer.from(content)))
    throw new UsageError(`${path}, read back, differs`, 'Check the medium.');
}
