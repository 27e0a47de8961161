/** Where the API key comes from: a file, or standard input. Never the command line or the environment. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { usage } from './failure';

const MOST_BYTES = 1024;

/**
 * The API key in a file; `-` is standard input. One trailing line end is taken off.
 *
 * @returns ASCII bytes; the caller zeroes them
 * @throws ConnectFailure when there is none, or the file is open to other users
 */
export function readApiKey(path: string | undefined): Buffer {
  if (path === undefined) {
    throw usage(
      'No API key is given.',
      'Put it in a file of mode 0600 and name that with --api-key-file, or give - and pipe it in.',
    );
  }
  const buffer = Buffer.alloc(MOST_BYTES + 1);
  try {
    const key = Buffer.from(withoutLineEnd(buffer.subarray(0, readInto(buffer, path))));
    if (key.length >= 8 && key.length <= MOST_BYTES && key.every((byte) => byte > 0x20 && byte < 0x7f)) return key;
    key.fill(0);
    throw usage(
      'The API key file does not hold an API key.',
      'It should hold one line of printable characters and nothing else.',
    );
  } finally {
    buffer.fill(0);
  }
}

function readInto(buffer: Buffer, path: string): number {
  let handle: number;
  try {
    handle = path === '-' ? 0 : openSync(path, 'r');
  } catch {
    throw usage(`The API key file ${path} cannot be read.`, 'Check its name and that it is yours.');
  }
  try {
    const { mode } = fstatSync(handle);
    if (path !== '-' && (mode & 0o077) !== 0) {
      throw usage(
        `The API key file ${path} can be read by other users.`,
        `Run chmod 600 ${path}; better, make a new API key.`,
      );
    }
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(handle, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return length;
  } finally {
    if (path !== '-') closeSync(handle);
  }
}

function withoutLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end -= 1;
  if (bytes[end - 1] === 0x0d) end -= 1;
  return bytes.subarray(0, end);
}
