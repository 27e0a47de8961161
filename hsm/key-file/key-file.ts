/** Key files on the disk: read bounded, written once. */
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { KeyFileRefused, unusable } from './refused';

/** Longest key file that is read, in bytes: a PKCS#12 file with a chain of certificates fits. */
const MAX_FILE_BYTES = 64 * 1024;

/**
 * The bytes of a key file.
 *
 * @param path absolute
 * @throws KeyFileRefused when it is not there, no plain file, too long, or cannot be read
 */
export function readKeyFile(path: string): Buffer {
  const file = open(path);
  try {
    const stat = fstatSync(file);
    // SECURITY(K-99): a pipe or a device in its place would be read for ever.
    if (!stat.isFile()) throw unusable('is not a plain file');
    if (stat.size > MAX_FILE_BYTES) throw unusable(`has more than ${String(MAX_FILE_BYTES)} bytes, too many for a key`);
    const bytes = Buffer.alloc(stat.size);
    let have = 0;
    while (have < bytes.length) {
      const got = readSync(file, bytes, have, bytes.length - have, have);
      if (got === 0) throw unusable('became shorter while it was read');
      have += got;
    }
    return bytes;
  } catch (error) {
    throw error instanceof KeyFileRefused ? error : unreadable(error);
  } finally {
    closeSync(file);
  }
}

/**
 * Writes a new key file, for its owner alone.
 *
 * @throws KeyFileRefused when there is a file already, or it cannot be written
 */
export function writeKeyFile(path: string, content: Uint8Array): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unreadable(error);
    throw new KeyFileRefused('KEY_FILE_EXISTS', 'is there already', 'Name another place: nothing is overwritten.');
  }
  try {
    for (let sent = 0; sent < content.length;) sent += writeSync(file, content, sent);
    fsyncSync(file);
  } catch (error) {
    throw unreadable(error);
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw unreadable(error);
    throw new KeyFileRefused(
      'KEY_FILE_MISSING',
      `is not there: ${path}`,
      'Insert and mount the medium that it is on, or correct `keyFile` in the binding.',
    );
  }
}

function unreadable(error: unknown): KeyFileRefused {
  return new KeyFileRefused(
    'KEY_FILE_UNREADABLE',
    `cannot be read or written (${codeOf(error)})`,
    'Check the medium, and the rights of the file and its folders.',
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'reason unknown';
}
