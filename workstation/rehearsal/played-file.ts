/** The file that people bring who are played, where a plan asks for one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes a small text file that says what it is; the same again when it is made again.
 *
 * @param room the rehearsal's folder
 * @param step the step that asks for it, by its id
 * @returns its whole path
 */
export function playedFile(room: string, step: string): string {
  const folder = join(room, 'played-files');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `made-for-the-rehearsal-${step}.txt`);
  writeFileSync(
    path,
    `Made by Keyrite for step ${step} of a rehearsal, in the place of a file that somebody brings.\n`,
  );
  return path;
}
