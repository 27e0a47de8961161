/** Builds, stages and drives the app of `trial-main.ts`: the app's own processes and windows on a real Electron. */
import { build } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { makeAppHome } from '../../../scripts/app/app-user.mjs';
import { openDisplay } from '../../../scripts/app/display.mjs';
import { stageApp } from '../../../scripts/app/stage-app.mjs';
import { COMPANION } from '../../../scripts/setup/native-module.mjs';
import { electronRuntime } from '../../../scripts/setup/electron-runtime.mjs';

const ROOT = new URL('../../../', import.meta.url).pathname.replace(/\/$/, '');
const PAGE = '<!doctype html><meta charset="utf-8"><title>Trial</title><script src="secret.js"></script>';
const PRELUDE = "globalThis.crypto ??= require('node:crypto').webcrypto;";

/** What went wrong in the app. */
export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly changed: string;
  readonly next: string;
  readonly uncertain: boolean;
}

/** Windows as main has them. */
export interface Windows {
  readonly open: readonly { readonly pid: number; readonly hasQuestion: boolean; readonly isShown: boolean }[];
  readonly partitions: readonly string[];
  /** Processes of all pages that were loaded so far, in order. */
  readonly renderers: readonly number[];
  readonly people: readonly (string | null)[];
  readonly most: number;
}

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: Trouble;
}

/** The staged app, and the display it is shown on. */
export class TrialStage {
  readonly #stage: Awaited<ReturnType<typeof stageApp>>;
  readonly #display: Awaited<ReturnType<typeof openDisplay>>;
  readonly #sources: string;

  private constructor(
    stage: Awaited<ReturnType<typeof stageApp>>,
    display: Awaited<ReturnType<typeof openDisplay>>,
    sources: string,
  ) {
    this.#stage = stage;
    this.#display = display;
    this.#sources = sources;
  }

  get stage(): Awaited<ReturnType<typeof stageApp>> {
    return this.#stage;
  }

  /** @param purpose names the stage: those of test files that run at one time do not get in each other's way */
  static async make(purpose = 'test-processes'): Promise<TrialStage> {
    const sources = mkdtempSync(join(tmpdir(), 'keyrite-trial-app-'));
    await bundle(sources);
    const quiet = () => undefined;
    const runtime = await electronRuntime(ROOT, quiet);
    const stage = await stageApp({ root: ROOT, runtime, app: sources, purpose });
    return new TrialStage(stage, await openDisplay({ width: 800, height: 600 }), sources);
  }

  /** @param through a command line that ends by becoming the app */
  start(through: readonly string[] = []): Promise<TrialApp> {
    return TrialApp.start(this.#stage, this.#display.env, through);
  }

  async close(): Promise<void> {
    await this.#display.close();
    rmSync(this.#sources, { recursive: true, force: true });
  }
}

async function bundle(folder: string): Promise<void> {
  const common = { absWorkingDir: ROOT, bundle: true, logLevel: 'silent', loader: { '.sh': 'text' } } as const;
  const outExtension = { '.js': '.cjs' };
  await Promise.all([
    build({
      ...common,
      entryPoints: {
        main: 'test/app/processes/trial-main.ts',
        'trial-worker': 'test/app/processes/trial-worker.ts',
        worker: 'hsm/worker.ts',
        'share-process': 'hsm/shares/process.ts',
        'key-file': 'hsm/key-file/process.ts',
        player: 'workstation/rehearsal/player-process.ts',
        'secret-preload': 'src-main/secret-preload.ts',
      },
      outdir: folder,
      outExtension,
      banner: { js: PRELUDE },
      external: ['electron', 'pkcs11js'],
      platform: 'node',
      format: 'cjs',
      target: 'node18',
      define: { KEYRITE_VERSION: '"0"', KEYRITE_TEST_BUILD: 'true', KEYRITE_TEST_RUNTIME: '""' },
    }),
    build({
      ...common,
      entryPoints: { secret: 'test/app/processes/page-main.ts' },
      outdir: join(folder, 'renderer'),
      platform: 'browser',
      format: 'iife',
      target: 'chrome114',
    }),
  ]);
  writeFileSync(join(folder, 'renderer/secret.html'), PAGE);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'keyrite-trial', main: 'main.cjs' }));
  cpSync(join(ROOT, COMPANION), join(folder, basename(COMPANION)));
  cpSync(join(ROOT, 'node_modules/pkcs11js'), join(folder, 'node_modules/pkcs11js'), { recursive: true });
}

/** The app as it runs. */
export class TrialApp {
  readonly #child: ChildProcess;
  readonly #home: { readonly folder: string; remove(): void };
  readonly #user: { readonly uid: number; readonly gid: number } | null;
  readonly #waiting = new Map<number, { finish: (result: unknown) => void; fail: (error: unknown) => void }>();
  readonly #gone: Promise<void>;
  #last = 0;
  #ended: string | null = null;

  private constructor(child: ChildProcess, home: TrialApp['home'], user: { uid: number; gid: number } | null) {
    this.#child = child;
    this.#home = home;
    this.#user = user;
    this.#gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended = `the app has ended (${String(signal ?? code)})`;
        for (const { fail } of this.#waiting.values()) fail(new Error(this.#ended));
        resolve();
      });
    });
  }

  static async start(
    stage: TrialStage['stage'],
    display: Readonly<Record<string, string>>,
    through: readonly string[] = [],
  ): Promise<TrialApp> {
    const home = makeAppHome(stage.user);
    const env = { ...display, PATH: process.env['PATH'] ?? '', KEYRITE_APP_HOME: home.folder };
    const [program, ...args] = [...through, stage.launcher];
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
    const started = new TrialApp(child, home, stage.user);
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const reply = JSON.parse(line) as Reply & { ready?: true; failed?: string };
        if (reply.ready === true) resolve();
        else if (reply.failed !== undefined) reject(new Error(reply.failed));
        else started.#receive(reply);
      });
      child.once('exit', (code) => {
        reject(new Error(`the app ended with ${String(code)}`));
      });
    });
    return started;
  }

  get home(): { readonly folder: string; remove(): void } {
    return this.#home;
  }

  /** Process id of Electron's main process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Path of a file that the app's user may read and write. */
  file(name: string): string {
    return join(this.#home.folder, name);
  }

  /** Gives the app's user everything below a folder of its home. */
  giveAway(folder: string): void {
    if (this.#user === null) return;
    const { uid, gid } = this.#user;
    for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
      chownSync(join(folder, name), uid, gid);
  }

  makeFolder(name: string): string {
    mkdirSync(this.file(name));
    this.giveAway(this.file(name));
    return this.file(name);
  }

  do(what: string, more: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#ended !== null) return Promise.reject(new Error(this.#ended));
    this.#last += 1;
    const id = this.#last;
    return new Promise((finish, fail) => {
      this.#waiting.set(id, { finish, fail });
      this.#child.stdin?.write(`${JSON.stringify({ id, do: what, ...more })}\n`);
    });
  }

  /** Calls an operation of a process; rejects with {@link Trouble}. */
  call<R = unknown>(name: string, operation: string, args: unknown = {}): Promise<R> {
    return this.do('call', { name, operation, args }) as Promise<R>;
  }

  windows(): Promise<Windows> {
    return this.do('windows') as Promise<Windows>;
  }

  async pidOf(name: string): Promise<number> {
    return (await this.call<{ pid: number }>(name, 'process')).pid;
  }

  /** Kills main alone. Resolves when it is gone. */
  async killMain(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    await this.#gone;
    clearTimeout(timer);
    this.#home.remove();
  }

  #receive({ id, result, error }: Reply): void {
    const waiting = this.#waiting.get(id ?? 0);
    this.#waiting.delete(id ?? 0);
    if (error === undefined) waiting?.finish(result);
    else waiting?.fail(error);
  }
}

/** Neither gone nor only waiting to be collected. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
