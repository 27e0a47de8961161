/**
 * Drives the main window alone, in the real Electron with the real sandbox: any view can be shown, what the window asks
 * for is noted. Needs Xvfb; the renderer is built when it has changed.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import esbuild from 'esbuild';
import type { ElectronApplication, Page } from 'playwright-core';
import type { MainWindow } from '../../../ipc/contract';
import type { ArgsOf, InvokeName } from '../../../ipc/define';
import type { AppView } from '../../../ipc/view';
import { makeAppHome } from '../../../scripts/app/app-user.mjs';
import { type Display, openDisplay } from '../../../scripts/app/display.mjs';
import { stageApp } from '../../../scripts/app/stage-app.mjs';
import { RENDERER, buildRenderer } from '../../../scripts/renderer.mjs';
import { electronRuntime } from '../../../scripts/setup/electron-runtime.mjs';
import { programFiles } from '../../../src-main/program-files';
import { settled } from '../driver/axe';
import { launchApp } from '../driver/launch';
import { ROOT } from '../../rules/lint-text';
import type { Call, DoubleAnswer } from './contract-double';

/** What axe finds wrong on a page, in short. */
export interface AxeViolation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly string[];
}

/** Size of the window's content in CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const quiet = (): void => undefined;

/** The main window over a double of main. */
export class MockedApp {
  readonly page: Page;
  readonly #app: ElectronApplication;
  readonly #end: () => Promise<void>;
  readonly #console: string[] = [];

  private constructor(app: ElectronApplication, page: Page, end: () => Promise<void>) {
    this.#app = app;
    this.page = page;
    this.#end = end;
    page.setDefaultTimeout(5_000);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#console.push(message.text());
    });
    page.on('pageerror', (error) => this.#console.push(String(error)));
  }

  /** Starts it with a first view. `purpose` names the copy of the app: test files that run at once have their own. */
  static async open(first: AppView, purpose: string): Promise<MockedApp> {
    const folder = mkdtempSync(join(tmpdir(), 'keyrite-mocked-'));
    let display: Display | null = null;
    try {
      await writeApp(folder);
      const runtime = await electronRuntime(ROOT, quiet);
      const stage = await stageApp({ root: ROOT, runtime, app: folder, purpose: `mocked-${purpose}` });
      // Larger than any window: Chromium takes a pixel off one that fills the screen.
      display = await openDisplay({ width: 2560, height: 1440 });
      const home = makeAppHome(stage.user);
      const app = await launchApp({ launcher: stage.launcher, env: display.env, home: home.folder });
      const shown = display;
      const end = async () => {
        await app.close();
        await shown.close();
        home.remove();
      };
      const waiting = app.waitForEvent('window');
      await app.evaluate(async (electron, view) => {
        await electron.app.whenReady();
        globalThis.mocked?.open(view);
      }, first);
      const page = await waiting;
      const mocked = new MockedApp(app, page, end);
      await page.getByRole('heading', { level: 1 }).waitFor();
      return mocked;
    } catch (error) {
      await display?.close();
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Shows a view, and waits until it is drawn. */
  async show(view: AppView): Promise<void> {
    await this.#app.evaluate((_electron, next) => globalThis.mocked?.show(next), view);
    await this.page.evaluate(
      'document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50))))',
    );
  }

  /** Says how a request is answered from now on. */
  async answer(name: InvokeName<MainWindow>, answer: DoubleAnswer): Promise<void> {
    await this.#app.evaluate((_electron, [to, how]) => globalThis.mocked?.answer(to, how), [name, answer] as const);
  }

  /** What the window asked since the last time, without its first question. */
  async takeCalls(): Promise<Call[]> {
    const calls = await this.#app.evaluate(() => globalThis.mocked?.takeCalls() ?? []);
    return calls.filter(({ name }) => name !== 'app.view');
  }

  /** Waits until the window has asked for something, and gives it back. */
  async nextCall<K extends InvokeName<MainWindow>>(name: K): Promise<ArgsOf<MainWindow, K>> {
    for (let tries = 0; tries < 750; tries += 1) {
      const call = (await this.takeCalls()).find((one) => one.name === name);
      // Main's end has validated it by the schema of this name.
      if (call !== undefined) return call.args as ArgsOf<MainWindow, K>;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`the window did not ask for ${name}`);
  }

  /** Sets the size of the window's content. */
  async resize({ width, height }: Size): Promise<void> {
    await this.#app.evaluate(
      (electron, size) => electron.BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height),
      { width, height },
    );
    // Not waitForFunction, which evaluates in the page what the content policy refuses.
    for (let tries = 0; tries < 750; tries += 1) {
      const size = await this.page.evaluate<string>('`${innerWidth} ${innerHeight}`');
      if (size === `${String(width)} ${String(height)}`) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the window did not take the size ${String(width)} × ${String(height)}`);
  }

  /** Everything that axe finds wrong on the page as it is. */
  async axe(): Promise<AxeViolation[]> {
    await settled(this.page);
    const loaded = await this.page.evaluate<boolean>('typeof axe === "object"');
    if (!loaded) await this.page.evaluate(readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8'));
    return this.page.evaluate<AxeViolation[]>(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(
        ({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary) })))`,
    );
  }

  /** Warnings and errors on the page's console since the last time, violations of the content policy among them. */
  takeConsole(): string[] {
    return this.#console.splice(0);
  }

  /** Text and role of what has the focus, such as `H1: Keyrite`. */
  focused(): Promise<string> {
    return this.page.evaluate<string>(
      `(document.activeElement?.tagName ?? 'none') + ': ' + (document.activeElement?.getAttribute('role') ?? document.activeElement?.textContent ?? '').trim()`,
    );
  }

  async close(): Promise<void> {
    await this.#end();
  }
}

/** Builds the pages as they ship: Vite makes React's development build wherever NODE_ENV says test. */
async function buildWindows(): Promise<void> {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await buildRenderer(ROOT, quiet);
  } finally {
    process.env['NODE_ENV'] = before;
  }
}

/** Writes an app folder: the mocked main, the app's own preload, its built pages. */
async function writeApp(folder: string): Promise<void> {
  const bundle = (entry: string, output: string) =>
    esbuild.build({
      absWorkingDir: ROOT,
      entryPoints: [entry],
      outfile: join(folder, output),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node18',
      external: ['electron'],
      loader: { '.sh': 'text' },
      // As every program of the app: Node 18 has WebCrypto, but not as a global.
      ...(output === 'main.cjs' ? { banner: { js: "globalThis.crypto ??= require('node:crypto').webcrypto;" } } : {}),
      define: { KEYRITE_VERSION: '"0.0.0"', KEYRITE_TEST_BUILD: 'true', KEYRITE_TEST_RUNTIME: '""' },
      logLevel: 'silent',
    });
  await bundle('test/app/mocked/mocked-main.ts', 'main.cjs');
  await bundle('src-main/preload.ts', 'preload.cjs');
  await buildWindows();
  const { pages } = programFiles(folder);
  mkdirSync(pages, { recursive: true });
  cpSync(join(ROOT, RENDERER), pages, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'keyrite-mocked', version: '0.0.0', main: 'main.cjs' }),
  );
}
