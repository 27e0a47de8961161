/** Where a line of 1 GiB is put into the transcript of the released bundle. */
import { linesOf, type Files } from './bundle-files';

/** 1 GiB in bytes. */
export const GIB = 1024 ** 3;

/** How many of its 139 lines stand before the long one, and what follows it. */
export const HUGE_LINES = [
  { name: 'in front', before: 0, after: '\n' },
  { name: 'in the middle', before: 70, after: '\n' },
  { name: 'at the end', before: 139, after: '\n' },
  { name: 'at the end, torn', before: 139, after: '' },
] as const;

/** The first lines of a transcript. */
export function startOf(files: Files, count: number): string {
  return linesOf(files)
    .slice(0, count)
    .map((line) => `${line}\n`)
    .join('');
}
