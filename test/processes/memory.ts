/** Looks for a text in the memory of another process. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const CHUNK = 4 * 1024 * 1024;

/** Whether `text` (ASCII) is in the writable memory of a process, one or two bytes to a character. */
export function isInMemory(pid: number, text: string): boolean {
  const forms = [Buffer.from(text, 'latin1'), Buffer.from(text, 'utf16le')];
  const memory = openSync(`/proc/${String(pid)}/mem`, 'r');
  try {
    return writableRanges(pid).some(([start, end]) => rangeHolds(memory, start, end, forms));
  } finally {
    closeSync(memory);
  }
}

function writableRanges(pid: number): [number, number][] {
  return readFileSync(`/proc/${String(pid)}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      return start === undefined || end === undefined ? [] : [[parseInt(start, 16), parseInt(end, 16)]];
    });
}

function rangeHolds(memory: number, start: number, end: number, forms: readonly Buffer[]): boolean {
  const chunk = Buffer.alloc(CHUNK);
  const overlap = Math.max(...forms.map((form) => form.length));
  for (let at = start; at < end; at += CHUNK - overlap) {
    let got: number;
    try {
      got = readSync(memory, chunk, 0, Math.min(CHUNK, end - at), at);
    } catch {
      return false;
    }
    if (forms.some((form) => chunk.subarray(0, got).includes(form))) return true;
  }
  return false;
}
