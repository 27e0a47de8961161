/** Drives the page of the secret windows in the real Electron, with the real sandbox, preload and key events. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import esbuild from 'esbuild';
import type { ElectronApplication, Page } from 'playwright-core';
import type { Dialogue } from '../../../hsm/dialogue';
import type { SecretContext } from '../../../ipc/contract';
import { makeAppHome } from '../../../scripts/app/app-user.mjs';
import { type Display, openDisplay } from '../../../scripts/app/display.mjs';
import { stageApp } from '../../../scripts/app/stage-app.mjs';
import { RENDERER, buildRenderer } from '../../../scripts/renderer.mjs';
import { electronRuntime } from '../../../scripts/setup/electron-runtime.mjs';
import { programFiles } from '../../../src-main/program-files';
import { launchApp } from '../driver/launch';
import { ROOT } from '../../rules/lint-text';
import type { Heard, Opening } from './secret-main';

/** The clipboard of Electron 25, where X11's selection is one of two; the pinned Electron's types know one only. */
interface Clipboards {
  writeText(text: string, which?: 'selection'): void | Promise<void>;
  readText(which?: 'selection'): string | Promise<string>;
}

/** Exchange of every window here, unless a test says otherwise. */
export const EXCHANGE = '00112233445566778899aabbccddeeff';

/** What a secret window of the test ceremony is told. */
export const CONTEXT: SecretContext = {
  exchange: EXCHANGE,
  person: 'Carol Núñez',
  names: { carol: 'Carol Núñez', dave: 'Dave Okafor' },
  units: { 'unit-a': 'Unit A' },
  title: 'First ceremony: a root key for the archive',
  step: 'Step 7 of 22: Shares are handed out',
  doing: 'Share 2 of 3 is shown to Carol Núñez, who copies it by hand',
  mode: 'rehearsal',
  endOfLifeRuntime: true,
  stillSeated: false,
};

const quiet = (): void => undefined;

export class SecretPageApp {
  readonly #app: ElectronApplication;
  readonly #end: () => Promise<void>;
  readonly #console: string[] = [];

  private constructor(app: ElectronApplication, end: () => Promise<void>) {
    this.#app = app;
    this.#end = end;
  }

  static async start(): Promise<SecretPageApp> {
    const folder = mkdtempSync(join(tmpdir(), 'keyrite-secret-page-'));
    let display: Display | null = null;
    try {
      await writeApp(folder);
      const runtime = await electronRuntime(ROOT, quiet);
      const stage = await stageApp({ root: ROOT, runtime, app: folder, purpose: 'secret-page' });
      display = await openDisplay({ width: 1920, height: 1080 });
      const home = makeAppHome(stage.user);
      // As main's theme says; Playwright's own default would be light.
      const app = await launchApp({
        launcher: stage.launcher,
        env: display.env,
        home: home.folder,
        colorScheme: null,
      });
      const shown = display;
      await app.evaluate(async (electron) => {
        electron.app.on('window-all-closed', () => undefined);
        await electron.app.whenReady();
        globalThis.secretMain?.ready();
      });
      return new SecretPageApp(app, async () => {
        await app.close();
        await shown.close();
        home.remove();
      });
    } catch (error) {
      await display?.close();
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Opens a window for a question, and waits until it is asked where it will be; the one before goes. */
  async open(dialogue: Dialogue, more: Partial<Omit<Opening, 'dialogue'>> = {}): Promise<Page> {
    await this.#app.evaluate(() => globalThis.secretMain?.destroy());
    const waiting = this.#app.waitForEvent('window');
    await this.#app.evaluate((electron, opening) => globalThis.secretMain?.open(electron, opening), {
      context: CONTEXT,
      body: '',
      handed: [EXCHANGE],
      silent: false,
      ...more,
      dialogue,
    });
    const page = await waiting;
    page.on('console', (message) => this.#console.push(message.text()));
    page.on('pageerror', (error) => this.#console.push(String(error)));
    // Keys typed while the page still says "One moment" are meant for nobody.
    const isAsked = more.silent !== true && (more.handed ?? [EXCHANGE]).includes(EXCHANGE);
    await (isAsked ? page.getByRole('heading', { level: 1 }) : page.getByRole('main')).waitFor();
    return page;
  }

  /** Posts anything to the page, as the worker would; `body` in hex. */
  async post(message: Record<string, unknown>, body: string | null = null): Promise<void> {
    await this.#app.evaluate((_electron, [what, hex]) => globalThis.secretMain?.post(what, hex), [
      message,
      body,
    ] as const);
  }

  /** What came over the ports without the preload's greeting, and what main was told. */
  async heard(): Promise<Heard[]> {
    const all = await this.#app.evaluate(() => globalThis.secretMain?.heard() ?? []);
    return all.filter(({ message }) => (message as { kind?: unknown }).kind !== 'hello');
  }

  /** The one answer, once the page has said that it has finished. */
  async answer(): Promise<Heard> {
    await this.finished();
    const all = await this.heard();
    if (all.length !== 1) throw new Error(`expected one answer, got ${String(all.length)}`);
    return all[0]!;
  }

  /** Waits until the page has said that it has finished. */
  async finished(): Promise<void> {
    for (let tries = 0; tries < 750; tries += 1) {
      if ((await this.state()).finished > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the page did not say that it has finished');
  }

  async state(): Promise<{ finished: number; closed: readonly number[] }> {
    return this.#app.evaluate(() => globalThis.secretMain?.state() ?? { finished: 0, closed: [] });
  }

  async closePort(): Promise<void> {
    await this.#app.evaluate(() => globalThis.secretMain?.closePort());
  }

  async setTheme(theme: 'light' | 'dark'): Promise<void> {
    await this.#app.evaluate(({ nativeTheme }, to) => {
      nativeTheme.themeSource = to;
    }, theme);
  }

  /** Size of the content in pixels of the screen, and zoom (2 is 200 %). */
  async resize(page: Page, width: number, height: number, zoom = 1): Promise<void> {
    await this.#app.evaluate((_electron, [w, h, z]) => globalThis.secretMain?.resize(w, h, z), [
      width,
      height,
      zoom,
    ] as const);
    await page.waitForFunction(`Math.abs(innerWidth - ${String(width / zoom)}) < 2`);
  }

  /** Puts a text into the clipboard and into X11's selection, which every program can read. */
  async fillClipboards(text: string): Promise<void> {
    await this.#app.evaluate(async ({ clipboard }, words) => {
      const both = clipboard as unknown as Clipboards;
      await both.writeText(words);
      await both.writeText(words, 'selection');
    }, text);
  }

  /** What stands in both. */
  async clipboards(): Promise<string[]> {
    return this.#app.evaluate(async ({ clipboard }) => {
      const both = clipboard as unknown as Clipboards;
      return [await both.readText(), await both.readText('selection')];
    });
  }

  /** Opens another window over it, which takes the focus, as the main window does when somebody clicks it. */
  async openOther(): Promise<void> {
    await this.#app.evaluate(({ BrowserWindow }) => {
      const other = new BrowserWindow({ width: 300, height: 200, title: 'other' });
      other.focus();
    });
  }

  async closeOther(): Promise<void> {
    await this.#app.evaluate(({ BrowserWindow }) => {
      const [other] = BrowserWindow.getAllWindows().filter((window) => window.getTitle() === 'other');
      other?.destroy();
      BrowserWindow.getAllWindows()[0]?.focus();
    });
  }

  /** Process id of main. */
  get mainPid(): number {
    return this.#app.process().pid ?? 0;
  }

  /** Process ids of the windows. */
  async rendererPids(): Promise<number[]> {
    return this.#app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => window.webContents.getOSProcessId()),
    );
  }

  /** Everything on the pages' consoles since the last time: a secret window says nothing there. */
  takeConsole(): string[] {
    return this.#console.splice(0);
  }

  async close(): Promise<void> {
    await this.#end();
  }
}

/** Everything that axe finds wrong on the page as it is. */
export async function axe(page: Page): Promise<string[]> {
  const loaded = await page.evaluate<boolean>('typeof axe === "object"');
  if (!loaded) await page.evaluate(readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8'));
  return page.evaluate<string[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(
      ({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join(' | ')))`,
  );
}

/** Writes an app folder: the fake main, the app's own preload, its built pages. */
async function writeApp(folder: string): Promise<void> {
  const bundle = (entry: string, output: string, prelude = '') =>
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
      banner: { js: prelude },
      define: { KEYRITE_VERSION: '"0.0.0"', KEYRITE_TEST_BUILD: 'true', KEYRITE_TEST_RUNTIME: '""' },
      logLevel: 'silent',
    });
  const prelude = "globalThis.crypto ??= require('node:crypto').webcrypto;";
  await bundle('test/app/secret-page/secret-main.ts', 'main.cjs', prelude);
  await bundle('src-main/secret-preload.ts', 'secret-preload.cjs');
  await buildRenderer(ROOT, quiet);
  const { pages } = programFiles(folder);
  mkdirSync(pages, { recursive: true });
  cpSync(join(ROOT, RENDERER), pages, { recursive: true });
  const manifest = { name: 'keyrite-secret-page', version: '0.0.0', main: 'main.cjs' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
}
