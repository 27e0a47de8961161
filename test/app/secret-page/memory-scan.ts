/** Looks for bytes in the memory of a process of ours. Needs root, or the process's own user. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Reservations without pages, such as V8's cage, are larger than this: nothing can be read there. */
const MAX_MAPPING = 4 * 1024 ** 3;
const CHUNK = 16 * 1024 * 1024;

/**
 * Counts copies of a text (as UTF-8 and as UTF-16) in what a process has written to its memory; files that are mapped
 * are passed over.
 *
 * @throws Error when the process is gone or its memory may not be read
 */
export function findInMemory(pid: number, text: Buffer): number {
  const wide = Buffer.from(text.toString('latin1'), 'utf16le');
  const memory = openSync(`/proc/${String(pid)}/mem`, 'r');
  const chunk = Buffer.alloc(CHUNK + wide.length);
  let found = 0;
  try {
    for (const { start, end } of mappings(pid)) {
      for (let at = start; at < end; at += CHUNK) {
        const length = Math.min(chunk.length, end - at);
        const read = readSome(memory, chunk, length, at);
        const held = chunk.subarray(0, read);
        found += count(held, text) + count(held, wide);
      }
    }
  } finally {
    closeSync(memory);
    chunk.fill(0);
  }
  return found;
}

function mappings(pid: number): { start: number; end: number }[] {
  return readFileSync(`/proc/${String(pid)}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, from, to, mode, file] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)$/.exec(line) ?? [];
      if (from === undefined || to === undefined || mode?.startsWith('rw') !== true) return [];
      if (file?.startsWith('/') === true && !file.startsWith('/dev/shm') && !file.startsWith('/memfd')) return [];
      const [start, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
      return end - start > MAX_MAPPING ? [] : [{ start, end }];
    });
}

/** Pages that are reserved but not there cannot be read: what is before them is. */
function readSome(memory: number, into: Buffer, length: number, at: number): number {
  try {
    return readSync(memory, into, 0, length, at);
  } catch {
    return 0;
  }
}

function count(held: Buffer, wanted: Buffer): number {
  let found = 0;
  for (let at = held.indexOf(wanted); at >= 0; at = held.indexOf(wanted, at + 1)) found += 1;
  return found;
}
