/** Output files: never over something that exists, written through to the medium, read back. */
import { closeSync, fsyncSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { usage } from './failure';

/** The place of an output file, taken before anything irreversible is done. */
export interface ReservedFile {
  /** Writes the content, once. */
  fill(content: Uint8Array): void;
  /** Gives the place up: the file is removed unless it was filled. */
  release(): void;
}

/**
 * Creates an empty file that must not exist yet.
 *
 * @throws ConnectFailure when it exists or cannot be created
 */
export function reserveFile(path: string, mode = 0o644): ReservedFile {
  let handle: number;
  try {
    handle = openSync(path, 'wx', mode);
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw usage(
      exists ? `${path} exists already and is not overwritten.` : `${path} cannot be created.`,
      'Name another output file with -o.',
    );
  }
  let filled = false;
  return {
    fill: (content) => {
      writeSync(handle, content);
      fsyncSync(handle);
      filled = true;
      if (!readFileSync(path).equals(content)) throw new Error(`${path}: what was read back is not what was written`);
    },
    release: () => {
      closeSync(handle);
      if (!filled) unlinkSync(path);
    },
  };
}

/**
 * Writes a file that must not exist yet.
 *
 * @throws ConnectFailure when it exists or cannot be created
 */
export function writeNewFile(path: string, content: Uint8Array, mode = 0o644): void {
  const file = reserveFile(path, mode);
  try {
    file.fill(content);
  } finally {
    file.release();
  }
}
