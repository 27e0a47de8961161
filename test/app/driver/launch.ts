/**
 * Starts a staged app with Playwright attached. On a busy machine Playwright sometimes never gets attached to an Electron
 * that is up (it then waits three minutes by itself); such a start is given up after a while, said so, and made anew. How
 * the app starts when nobody attaches is what npm-start.test.ts and hardening-start.test.ts look at; they try once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ElectronApplication, _electron } from 'playwright-core';
import { isAlive, processesWith } from './processes-of';

/** What is started, and where it shows. */
export interface Launch {
  /** Of the stage; see scripts/app/stage-app.mjs. */
  readonly launcher: string;
  /** Of the display. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of a home that is this run's own. */
  readonly home: string;
  /** Null: as the app says. Left out: light, Playwright's default. */
  readonly colorScheme?: null;
}

const TRIES = 3;
/** Milliseconds; a start takes 1 to 3 seconds, and several times that while both cores are busy. */
const PATIENCE = 40_000;

/** @throws Error of Playwright when the app ends instead of starting, or was not attached to in three tries */
export async function launchApp({ launcher, env, home, ...options }: Launch): Promise<ElectronApplication> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await _electron.launch({
        executablePath: launcher,
        chromiumSandbox: true,
        timeout: PATIENCE,
        env: { ...env, PATH: process.env['PATH'] ?? '', KEYRITE_APP_HOME: home },
        ...options,
      });
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError';
      if (!late || tried === TRIES) throw error;
      await endAllOf(home);
      console.warn(
        `Playwright did not get attached to the app (try ${String(tried)} of ${String(TRIES)}): ${error.message}`,
      );
    }
  }
}

/** Ends every process of a run. The next one in its home would else be sent away, as a second start of the same app. */
async function endAllOf(home: string): Promise<void> {
  const living = processesWith('HOME', home);
  for (const pid of living) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
  while (living.some(isAlive)) await sleep(20);
}
