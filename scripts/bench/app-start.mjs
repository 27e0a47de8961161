/**
 * From the start of the process to the first usable screen: the app (its packaged copy) against a bare window of the
 * same Electron binary, in turn in the same run. Both are timed by their own clocks, from the creation of the main
 * process to the moment their page has painted its heading, so that Playwright, which reads the clocks afterwards, has
 * no part in it.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron } from 'playwright-core';
import { makeAppHome } from '../app/app-user.mjs';
import { openDisplay } from '../app/display.mjs';
import { stageApp } from '../app/stage-app.mjs';
import { stageForTests } from '../package/package-app.mjs';
import { electronRuntime } from '../setup/electron-runtime.mjs';

/** The first of each is not counted: it fills the disk's cache. */
const RUNS = 7;

/** Name of the mark that a page sets when its heading is painted and can be used. */
const USABLE = 'usable';

/** @typedef {Awaited<ReturnType<typeof stageApp>>} Stage */

/** @param {{ root: string }} here */
export async function bench({ root }) {
  const runtime = await electronRuntime(root, () => undefined);
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-bench-'));
  const display = await openDisplay({ width: 1280, height: 800 });
  try {
    cpSync(join(root, 'scripts/bench/bare-window'), folder, { recursive: true });
    const bare = await stageApp({ root, runtime, app: folder, purpose: 'bench' });
    const app = await stageForTests(root);
    /** @type {number[]} */
    const bareTimes = [];
    /** @type {number[]} */
    const appTimes = [];
    for (let run = 0; run <= RUNS; run += 1) {
      const times = [await start(bare, display.env), await start(app, display.env)];
      if (run === 0) continue;
      bareTimes.push(times[0] ?? 0);
      appTimes.push(times[1] ?? 0);
    }
    const ratio = Math.round((median(appTimes) / median(bareTimes)) * 100) / 100;
    return [
      { name: 'app start: first usable screen', value: median(appTimes), unit: 'ms' },
      { name: 'app start: a bare window of the same binary', value: median(bareTimes), unit: 'ms' },
      { name: 'app start: ratio to the bare window', value: ratio, unit: '×', goal: 1.5 },
    ];
  } finally {
    await display.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {Stage} stage
 * @param {Record<string, string>} environment of the display
 * @returns {Promise<number>} milliseconds from the creation of the process to the usable page
 */
async function start(stage, environment) {
  const home = makeAppHome(stage.user);
  const app = await _electron.launch({
    executablePath: stage.launcher,
    chromiumSandbox: true,
    env: { ...environment, PATH: process.env['PATH'] ?? '', KEYRITE_APP_HOME: home.folder },
  });
  try {
    const page = await app.firstWindow();
    const usable = await page.evaluate(async (mark) => {
      while (performance.getEntriesByName(mark).length === 0) await new Promise((resume) => setTimeout(resume, 5));
      return performance.timeOrigin + (performance.getEntriesByName(mark)[0]?.startTime ?? 0);
    }, USABLE);
    const created = await app.evaluate(() => process.getCreationTime());
    if (created === null) throw new Error('the system does not tell when the process was created');
    return Math.round(usable - created);
  } finally {
    await app.close();
    home.remove();
  }
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
