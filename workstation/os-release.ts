/** What the operating system calls itself: `PRETTY_NAME` of os-release(5). */
import { closeSync, openSync, readSync } from 'node:fs';

/** Places of the file, in the order in which os-release(5) has them read. */
const PLACES = ['/etc/os-release', '/usr/lib/os-release'];
/** Most that is read of it. */
const MOST_BYTES = 16 * 1024;

/** The system's own name for itself; null where it has none that can be read. */
export function operatingSystemName(places: readonly string[] = PLACES): string | null {
  for (const path of places) {
    const text = beginningOf(path);
    if (text !== null) return prettyName(text);
  }
  return null;
}

/** `PRETTY_NAME` in the text of an os-release file, on one line and at most 200 characters long; null where it is not there. */
export function prettyName(text: string): string | null {
  const found = /^PRETTY_NAME=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"'\\]+))[ \t]*$/m.exec(text);
  const name = found?.[1]?.replace(/\\(["$`\\])/g, '$1') ?? found?.[2] ?? found?.[3] ?? '';
  // It goes on record, which holds no control characters.
  const bare = Array.from(name.replace(/\p{C}/gu, ' ').trim()).slice(0, 200).join('');
  return bare === '' ? null : bare;
}

function beginningOf(path: string): string | null {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    const bytes = Buffer.alloc(MOST_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString('utf8');
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}
