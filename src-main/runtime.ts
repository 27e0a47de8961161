/** On which Electrons Keyrite runs, and what each is good for. The table is compiled in: nothing outside changes it. */
import type { RuntimeView } from '../ipc/view';

/** What a runtime is good for. */
export type Standing = RuntimeView['standing'];

const RUNTIMES: ReadonlyMap<string, Standing> = new Map([
  // The pinned one (package-lock.json): the only one that production is done on.
  ['45.4.1', 'supported'],
  // Where the pinned one cannot be had: past its end of life, so for rehearsals only, without exception.
  ['25.1.1', 'development'],
]);

/**
 * What an Electron is good for.
 *
 * @param electron its version, such as `45.4.1`
 * @param testRuntime compile-time constant: the version that a test build admits as `test`; empty in others
 * @returns null when Keyrite does not start on it
 */
export function standingOf(electron: string, testRuntime: string): Standing | null {
  // SECURITY(K-54): an Electron past its end has holes that everybody can read up; production is refused by the standing.
  if (testRuntime !== '' && electron === testRuntime) return 'test';
  return RUNTIMES.get(electron) ?? null;
}

/** The versions that Keyrite runs on, for people. */
export function knownRuntimes(): string {
  return [...RUNTIMES.keys()].join(' or ');
}
