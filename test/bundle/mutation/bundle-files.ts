/** A bundle in memory: its files by name, read, written, and put right where no key is needed for it. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatSums } from '../../../ceremony/bundle/sums';
import { SUMS, TRANSCRIPT, type BundleReader } from '../../../ceremony/bundle/layout';

/** The files of a bundle by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Reads a bundle into memory. */
export async function readFiles(directory: string): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(directory.length + 1), await readFile(path));
  }
  return new Map([...files].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Writes a bundle into an empty directory. A name with `/` at its end is an empty folder. */
export async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [name, content] of files) {
    const path = join(directory, name);
    await mkdir(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) await writeFile(path, content);
  }
}

/** Reads a bundle that is in memory. */
export function readerOf(files: Files): BundleReader {
  return {
    list: () => Promise.resolve([...files.keys()].sort()),
    read: (name) => {
      const content = files.get(name);
      return content === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(content);
    },
  };
}

/** The sums of `files` made right again, where there are any. */
export function withSums(files: Files): Files {
  if (!files.has(SUMS)) return files;
  const named = [...files].filter(([name]) => !name.endsWith('/'));
  return new Map([...files, [SUMS, Buffer.from(formatSums(new Map(named.map(([name, one]) => [name, sha256(one)]))))]]);
}

/** One file put in place of another, or added. */
export function replaced(files: Files, name: string, content: Uint8Array): Files {
  return new Map([...files, [name, content]]);
}

/** The bundle without some of its files. */
export function without(files: Files, drop: (name: string) => boolean): Files {
  return new Map([...files].filter(([name]) => !drop(name)));
}

/** The transcript's whole lines, without their LF. */
export function linesOf(files: Files): string[] {
  return text(files.get(TRANSCRIPT) ?? EMPTY)
    .split('\n')
    .slice(0, -1);
}

/** The bundle with these lines. */
export function withLines(files: Files, lines: readonly string[]): Files {
  return replaced(files, TRANSCRIPT, Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

/** Whether two bundles have the same files with the same content. */
export function sameFiles(left: Files, right: Files): boolean {
  return left.size === right.size && [...left].every(([name, content]) => sameContent(content, right.get(name)));
}

function sameContent(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return right !== undefined && (left === right || Buffer.from(left).equals(right));
}

/** Bytes as UTF-8 text. */
export function text(content: Uint8Array): string {
  return Buffer.from(content).toString('utf8');
}

/** SHA-256 in lower-case hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** No bytes. */
export const EMPTY = new Uint8Array();

/** Gives a number from 0 to below a bound. */
export type Random = (below: number) => number;

/** Numbers below a bound, the same for a seed each time. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  return (below) => {
    counter += 1;
    return (
      createHash('sha256')
        .update(`${seed} ${String(counter)}`)
        .digest()
        .readUInt32BE(0) % below
    );
  };
}

/** `count` of the items, spread evenly by a seed, in their order; all of them when there are no more. */
export function pick<T>(items: readonly T[], count: number, random: Random): readonly T[] {
  if (items.length <= count) return items;
  const stride = items.length / count;
  return Array.from({ length: count }, (_, place) => {
    const first = Math.floor(place * stride);
    const span = Math.max(1, Math.floor((place + 1) * stride) - first);
    return items[first + random(span)];
  }).filter((one) => one !== undefined);
}
