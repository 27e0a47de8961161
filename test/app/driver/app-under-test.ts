/** The packaged app as people start it: unprivileged, in the real sandbox, with a home of its own, on a display of its own. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ElectronApplication, Page } from 'playwright-core';
import { makeAppHome } from '../../../scripts/app/app-user.mjs';
import { openDisplay } from '../../../scripts/app/display.mjs';
import { stageForTests } from '../../../scripts/package/package-app.mjs';
import { ROOT } from '../../rules/lint-text';
import { launchApp } from './launch';
import { MainWindow } from './main-window';
import { isAlive, processesOf } from './processes-of';
import type { People } from './secret-window';

type Stage = Awaited<ReturnType<typeof stageForTests>>;

/** How a place is opened. */
export interface PlaceOptions {
  readonly size?: { readonly width: number; readonly height: number };
  /** A command line that ends by starting the launcher, such as strace's. */
  readonly through?: (launcher: string, folder: string) => string;
}

/** A workstation on which the app is started, more than once if need be. */
export class Place {
  readonly stage: Stage;
  readonly display: Awaited<ReturnType<typeof openDisplay>>;
  readonly home: ReturnType<typeof makeAppHome>;
  readonly #through: PlaceOptions['through'];

  private constructor(stage: Stage, display: Place['display'], options: PlaceOptions) {
    this.stage = stage;
    this.display = display;
    this.home = makeAppHome(stage.user);
    this.#through = options.through;
  }

  static async open(options: PlaceOptions = {}): Promise<Place> {
    const stage = await stageForTests(ROOT);
    return new Place(stage, await openDisplay(options.size ?? { width: 1280, height: 800 }), options);
  }

  async start(): Promise<RunningApp> {
    const launcher =
      this.#through === undefined ? this.stage.launcher : this.#through(this.stage.launcher, this.home.folder);
    const app = await launchApp({ launcher, env: this.display.env, home: this.home.folder });
    const page = await app.firstWindow();
    return new RunningApp(app, page);
  }

  /** Folders of the ceremonies that this workstation keeps. */
  ceremonies(): string[] {
    return readdirSync(this.home.folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('/transcript.jsonl'))
      .map((name) => join(this.home.folder, name, '..'));
  }

  async close(): Promise<void> {
    await this.display.close();
    this.home.remove();
  }
}

/** The app, running. */
export class RunningApp {
  readonly app: ElectronApplication;
  /** Every window there was, in the order they opened; a window's address is known a little later. */
  readonly #windows: Page[];
  readonly #answered = new Set<Page>();

  constructor(app: ElectronApplication, page: Page) {
    this.app = app;
    this.#windows = [page];
    app.on('window', (opened) => this.#windows.push(opened));
  }

  get main(): MainWindow {
    return new MainWindow(this.page);
  }

  /** The main window's page: the last one, should it have been made anew. */
  get page(): Page {
    const page = this.#windows.findLast((one) => one.url().endsWith('/index.html'));
    if (page === undefined) throw new Error('there is no main window');
    return page;
  }

  /** Process id of Electron's main process. */
  get pid(): number {
    const { pid } = this.app.process();
    if (pid === undefined) throw new Error('the app was not started');
    return pid;
  }

  /** Process id of the renderer of the one window that shows a page. Chromium keeps a spare renderer besides. */
  async rendererOf(page: 'index.html' | 'secret.html'): Promise<number> {
    const windows = await this.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map(({ webContents }) => ({
        url: webContents.getURL(),
        pid: webContents.getOSProcessId(),
      })),
    );
    const [found, ...others] = windows.filter(({ url }) => url.endsWith(`/${page}`));
    if (found === undefined || others.length > 0) throw new Error(`expected one window of ${page}`);
    return found.pid;
  }

  /** The next secret window, if one is open that nobody has answered. */
  takeSecretWindow(): Page | null {
    const page = this.#windows.find((one) => one.url().endsWith('/secret.html') && !this.#answered.has(one));
    if (page !== undefined) this.#answered.add(page);
    return page ?? null;
  }

  /** Waits for a secret window. */
  async secretWindow(): Promise<Page> {
    const until = performance.now() + 30_000;
    for (;;) {
      const page = this.takeSecretWindow();
      if (page !== null) return page;
      if (performance.now() > until) throw new Error(`no secret window opens: ${await this.main.heading()}`);
      await sleep(15);
    }
  }

  /** For {@link MainWindow.nextTask}: people answer every secret window that opens. */
  served(people: People): () => Promise<void> {
    return async () => {
      const page = this.takeSecretWindow();
      if (page !== null) await people.answer(page);
    };
  }

  async close(): Promise<void> {
    await this.app.close();
  }

  /** Ends the app as a power cut does. */
  async kill(): Promise<void> {
    const { pid } = this;
    const all = processesOf(pid);
    process.kill(pid, 'SIGKILL');
    // Those below end by themselves, and write to its home until then; a worker may hang in its module.
    const ending = all.filter(({ kind }) => kind !== 'module worker' && kind !== 'other utility');
    while (ending.some((one) => isAlive(one.pid))) await sleep(10);
  }
}
