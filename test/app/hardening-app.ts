/** Builds, stages and starts the program of hardening-main.ts. */
import esbuild from 'esbuild';
import { spawn } from 'node:child_process';
import { chownSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElectronApplication } from 'playwright-core';
import { asUser, makeAppHome } from '../../scripts/app/app-user.mjs';
import { openDisplay } from '../../scripts/app/display.mjs';
import { stageApp } from '../../scripts/app/stage-app.mjs';
import { electronRuntime } from '../../scripts/setup/electron-runtime.mjs';
import { ROOT } from '../rules/lint-text';
import { launchApp } from './driver/launch';

/** How a program ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

/** A started program that no debugger is attached to. */
export interface Bare {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  kill(): void;
}

/** The staged program on a display of its own. */
export interface Trial {
  /** Starts it with Playwright attached. */
  launch(home?: string): Promise<ElectronApplication>;
  /** Starts it by itself. `variables` are added to its environment, past the launcher. */
  start(options?: { args?: readonly string[]; variables?: Readonly<Record<string, string>>; home?: string }): Bare;
  makeHome(): string;
  /** Variables by which the program finds the display when it is started past the launcher. */
  screenFor(home: string): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const PRELUDE = "'use strict';\nglobalThis.crypto ??= require('node:crypto').webcrypto;\n";

/**
 * Builds and stages the program.
 *
 * @param purpose names the stage; a word for each test file
 * @param constants of the build, as scripts/build.mjs puts them in; `failing`: the defence that cannot be installed in it
 */
export async function openTrial(
  purpose: string,
  { testBuild, testRuntime = '', failing = '' }: { testBuild: boolean; testRuntime?: string; failing?: string },
): Promise<Trial> {
  const runtime = await electronRuntime(ROOT, () => undefined);
  const app = mkdtempSync(join(tmpdir(), 'keyrite-trial-'));
  await buildInto(app, { testBuild, testRuntime, failing });
  const stage = await stageApp({ root: ROOT, runtime, app, purpose });
  rmSync(app, { recursive: true, force: true });
  const display = await openDisplay({ width: 1400, height: 900 });
  const homes: { folder: string; remove: () => void }[] = [];
  const started: Bare[] = [];
  const makeHome = (): string => {
    const home = makeAppHome(stage.user);
    homes.push(home);
    return home.folder;
  };

  return {
    makeHome,
    screenFor: (home) => {
      // The cookie is for root's eyes: the program's user gets a copy.
      const cookie = join(home, 'cookie');
      copyFileSync(display.env.XAUTHORITY, cookie);
      if (stage.user !== null) chownSync(cookie, stage.user.uid, stage.user.gid);
      return { DISPLAY: display.env.DISPLAY, XAUTHORITY: cookie };
    },
    launch: (home = makeHome()) => launchApp({ launcher: stage.launcher, env: display.env, home }),
    start: ({ args = [], variables, home = makeHome() } = {}) => {
      const env = { ...display.env, PATH: process.env['PATH'] ?? '', KEYRITE_APP_HOME: home };
      const [command = '', ...rest] =
        variables === undefined
          ? [stage.launcher, ...args]
          : [...asUser(stage.user), 'env', '-i', `HOME=${home}`, ...settings(variables), stage.program, ...args];
      const child = spawn(command, rest, { env, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const ended = new Promise<Ending>((resolve) => {
        child.on('close', (code, signal) => {
          resolve({ code, signal, stderr });
        });
      });
      const bare: Bare = { pid: child.pid!, ended, kill: () => child.kill('SIGKILL') };
      started.push(bare);
      return bare;
    },
    close: async () => {
      for (const bare of started) bare.kill();
      await Promise.all(started.map(({ ended }) => ended));
      await display.close();
      for (const home of homes) home.remove();
    },
  };
}

const settings = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}`);

async function buildInto(
  folder: string,
  { testBuild, testRuntime, failing }: { testBuild: boolean; testRuntime: string; failing: string },
): Promise<void> {
  const options = (entry: string, output: string, platform: 'node' | 'browser'): esbuild.BuildOptions => ({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: join(folder, output),
    platform,
    bundle: true,
    format: 'cjs',
    target: 'node18',
    external: ['electron'],
    loader: { '.sh': 'text' },
    banner: { js: PRELUDE },
    define: {
      KEYRITE_VERSION: '"0.0.0"',
      KEYRITE_TEST_BUILD: JSON.stringify(testBuild),
      KEYRITE_TEST_RUNTIME: JSON.stringify(testRuntime),
      TRIAL_FAILING: JSON.stringify(failing),
    },
  });
  await Promise.all([
    esbuild.build(options('test/app/hardening-main.ts', 'main.cjs', 'node')),
    esbuild.build(options('src-main/preload.ts', 'preload.cjs', 'browser')),
  ]);
  mkdirSync(join(folder, 'renderer'));
  cpSync(join(ROOT, 'test/app/hardening-pages'), join(folder, 'renderer'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'keyrite-trial', main: 'main.cjs' }));
}
