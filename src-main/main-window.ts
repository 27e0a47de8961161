/** The main window: shows what the controller holds, comes back when its renderer dies, and closes only when it may. */
import type { BrowserWindow } from 'electron';
import { MAIN_WINDOW, type MainWindow } from '../ipc/contract';
import type { Handlers } from '../ipc/define';
import type { AppView } from '../ipc/view';
import { atMostEvery } from './at-most-every';
import { openHardenedWindow } from './hardened-window';
import { serveContract, type Teller } from './serve-contract';
import { toFront } from './to-front';
import { zoomByKeys } from './zoom';

/** What the window shows, and asks for. */
export interface Controller {
  readonly handlers: Handlers<MainWindow>;
  view(): AppView;
  onChange(listener: () => void): void;
}

/** What stands around the main window. */
export interface MainWindowOptions {
  /** Opened in this turn of the event loop. */
  readonly window: BrowserWindow;
  readonly controller: Controller;
  /** It cannot show the truth any more: the app must end. */
  readonly onFailure: (error: unknown) => void;
  /** It was closed, as it may be: the app ends, whatever other window is open. */
  readonly onClosed: () => void;
  /** Brings the secret window to the front that somebody is at; false: there is none. */
  readonly showSecretWindow: () => boolean;
}

/** Least time between two views sent, in milliseconds. */
const VIEW_MS = 50;
/** A renderer that dies so often within so many milliseconds does not come back. */
const MANY_DEATHS = { count: 4, withinMs: 60_000 } as const;

/**
 * Opens the main window. It must be served in the same turn of the event loop: its page asks as soon as it is there.
 *
 * @param onReady shows it; to the front and with the keyboard, unless told
 */
export function openMainWindow(onReady = toFront): BrowserWindow {
  return openHardenedWindow({
    page: 'index.html',
    preload: 'preload.cjs',
    partition: 'main',
    width: 1280,
    height: 800,
    minWidth: 1024,
    minHeight: 700,
    title: 'Keyrite',
    onReady,
  });
}

/** The one main window of the app. */
export class MainWindowKeeper {
  readonly #options: MainWindowOptions;
  readonly #deaths: number[] = [];
  #window: BrowserWindow;
  #teller: Teller<MainWindow>;
  /** Somebody closed the window while a ceremony ran: it closes once that has stopped. */
  #closing = false;

  constructor(options: MainWindowOptions) {
    this.#options = options;
    this.#window = options.window;
    this.#teller = this.#serve(options.window);
    options.controller.onChange(
      atMostEvery(VIEW_MS, () => {
        this.#show();
      }),
    );
  }

  /** The window that is there now. */
  get window(): BrowserWindow {
    return this.#window;
  }

  /** Brings the window to the front; while somebody is at a secret window, that one. */
  show(): void {
    // SECURITY(K-131): else what somebody goes on typing there, without looking up, would come to the main window.
    if (this.#options.showSecretWindow()) return;
    // Closed already: the app is about to end.
    toFront(this.#window);
  }

  #serve(window: BrowserWindow): Teller<MainWindow> {
    const teller = serveContract(window, MAIN_WINDOW, this.#options.controller.handlers);
    zoomByKeys(window);
    window.on('close', (event) => {
      if (mayClose(this.#options.controller.view())) return;
      event.preventDefault();
      this.#closing = true;
      void Promise.resolve(this.#options.controller.handlers['run.stop']({})).catch(this.#options.onFailure);
    });
    let failed = false;
    window.webContents.on('render-process-gone', () => {
      failed = true;
      this.#replace(window);
    });
    window.on('closed', () => {
      if (failed) return;
      if (mayClose(this.#options.controller.view())) this.#options.onClosed();
      // Closed, though nobody may have: its page did not load, or its process would leave a core dump.
      else this.#options.onFailure(new Error('the main window closed by itself'));
    });
    return teller;
  }

  /** Puts another window in place of one whose renderer died. Main holds all that is shown, so it shows the truth. */
  #replace(dead: BrowserWindow): void {
    const now = performance.now();
    this.#deaths.push(now);
    const lately = this.#deaths.filter((at) => now - at < MANY_DEATHS.withinMs);
    if (lately.length >= MANY_DEATHS.count) {
      this.#options.onFailure(new Error('the process of the main window dies again and again'));
      return;
    }
    try {
      // The new one first: without any window the app would end.
      this.#window = openMainWindow((window) => {
        // SECURITY(K-131): whoever is at a secret window goes on typing there, and into nothing else.
        window.showInactive();
        this.show();
      });
      this.#teller = this.#serve(this.#window);
      dead.destroy();
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  #show(): void {
    try {
      const view = this.#options.controller.view();
      this.#teller.tell('view.changed', view);
      if (this.#closing && mayClose(view) && !this.#window.isDestroyed()) this.#window.close();
    } catch (error) {
      // A window that shows yesterday's truth is worse than none.
      this.#options.onFailure(error);
    }
  }
}

/** Whether the app may end now: a ceremony that runs ends at a safe point first. */
export function mayClose({ screen }: AppView): boolean {
  return screen.kind !== 'run' || screen.run.task.kind === 'ended';
}
