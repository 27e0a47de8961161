/** The memory of another process, by /proc, and whether a text is in it. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const CHUNK = 8 * 1024 * 1024;
const PAGE = 4096;
/** Regions larger than this are address space that V8 reserves, and nobody has ever written to it all. */
const MAX_REGION = 4 * 1024 ** 3;

interface Region {
  readonly start: number;
  readonly end: number;
}

/**
 * Everything in the private memory of a process that is not just the content of a file, in pieces that overlap by
 * `overlap` bytes; each piece is good until the next is asked for. Stop the process first, or what moves meanwhile can be missed.
 *
 * @throws Error when nothing can be read, or a readable region is too large to look through
 */
export function* privateMemory(pid: number, overlap: number): Generator<Buffer, void, undefined> {
  const memory = openSync(`/proc/${String(pid)}/mem`, 'r');
  const chunk = Buffer.alloc(CHUNK);
  let total = 0;
  try {
    for (const { start, end } of regionsOf(pid)) {
      if (end - start > MAX_REGION)
        throw new Error(`memory of ${String(pid)}: a region of ${String(end - start)} bytes`);
      for (let at = start; at < end;) {
        const got = readOrNothing(memory, chunk, Math.min(CHUNK, end - at), at);
        total += got;
        if (got > 0) yield chunk.subarray(0, got);
        if (at + got >= end) break;
        // Behind a page that cannot be read, others can.
        at += got === 0 ? PAGE : Math.max(got - overlap, PAGE);
      }
    }
  } finally {
    closeSync(memory);
  }
  if (total === 0) throw new Error(`memory of ${String(pid)}: nothing could be read`);
}

/** Whether `text` (ASCII) is in the memory of a process, one or two bytes to a character. */
export function isInMemory(pid: number, text: string): boolean {
  const forms = [Buffer.from(text, 'latin1'), Buffer.from(text, 'utf16le')];
  for (const piece of privateMemory(pid, 2 * text.length)) if (forms.some((form) => piece.includes(form))) return true;
  return false;
}

/** Readable private regions that can be written to, or belong to no file (code that V8 compiled). */
function regionsOf(pid: number): Region[] {
  return readFileSync(`/proc/${String(pid)}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start, end, write, inode] = /^([0-9a-f]+)-([0-9a-f]+) r([w-])[x-]p [0-9a-f]+ \S+ (\d+)/.exec(line) ?? [];
      if (start === undefined || end === undefined || (write === '-' && inode !== '0')) return [];
      return line.endsWith('[vvar]') || line.endsWith('[vdso]')
        ? []
        : [{ start: parseInt(start, 16), end: parseInt(end, 16) }];
    });
}

function readOrNothing(memory: number, into: Buffer, length: number, at: number): number {
  try {
    return readSync(memory, into, 0, length, at);
  } catch {
    return 0;
  }
}
