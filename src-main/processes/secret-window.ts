/** One secret window: one person, one question, one process that ends with it. */
import type { BrowserWindow, MessagePortMain } from 'electron';
import { PORT_CHANNEL } from '../../hsm/secret-port';
import { SECRET_WINDOW, type SecretContext } from '../../ipc/contract';
import { serveContract } from '../serve-contract';
import { toFront } from '../to-front';
import { endOfRenderer, noteRenderer, type Renderer } from './end-of-renderer';

/**
 * How long the asker may take to hear the answer after the page said that it gave one, in milliseconds. It says so, or
 * ends, and then the window goes; this is for a page that said so and gave none, and longer than any busy machine takes.
 */
const FINISH_MS = 60_000;

/** What a secret window is made of. */
export interface SecretWindowOptions {
  /** Hardened, loading its page; whoever opened it sees to it that it is shown. */
  readonly window: BrowserWindow;
  readonly context: SecretContext;
  /** The person's end of the exchange: handed to the page once, when it has loaded. */
  readonly port: MessagePortMain;
  /** Called once when the window ends otherwise than by {@link SecretWindow.destroy}: closed, crashed, not loaded. */
  readonly onLost: () => void;
  /** In place of {@link FINISH_MS}. */
  readonly finishMs?: number | undefined;
}

/** A secret window that is open. */
export class SecretWindow {
  readonly #options: SecretWindowOptions;
  /** Processes that the page was in: Electron can begin a window in another one than it shows the page in. */
  readonly #renderers = new Map<number, Renderer>();
  #isHanded = false;
  /** Runs once the page has said that it is done. */
  #finishing: ReturnType<typeof setTimeout> | null = null;
  #isOver = false;

  constructor(options: SecretWindowOptions) {
    this.#options = options;
    const { window, context } = options;
    serveContract(window, SECRET_WINDOW, {
      'secret.context': () => context,
      'secret.finished': () => {
        this.#finish();
        return null;
      },
    });
    const lose = () => {
      this.#lose();
    };
    window.webContents.on('did-navigate', () => {
      this.#note();
      // Loaded again: the question went with the page before, whose port stays open until its memory is tidied up.
      if (this.#isHanded) lose();
    });
    window.webContents.on('did-finish-load', () => {
      this.#hand();
    });
    window.webContents.on('render-process-gone', lose);
    window.webContents.on('preload-error', lose);
    window.on('closed', lose);
  }

  /** Brings the window to the front. */
  show(): void {
    const { window } = this.#options;
    // Hidden once its answer is given: there is nothing to come to any more.
    if (this.#finishing === null) toFront(window);
  }

  /** Destroys the window. Resolves when its process is gone, with all that was typed and shown in it; never rejects. */
  async destroy(): Promise<void> {
    this.#isOver = true;
    if (this.#finishing !== null) clearTimeout(this.#finishing);
    if (!this.#isHanded) this.#options.port.close();
    this.#isHanded = true;
    const { window } = this.#options;
    this.#note();
    if (!window.isDestroyed()) window.destroy();
    // SECURITY(K-57): only the end of the process clears what its memory holds.
    await Promise.all([...this.#renderers.values()].map(endOfRenderer));
  }

  #note(): void {
    const { window } = this.#options;
    if (window.isDestroyed()) return;
    const renderer = noteRenderer(window.webContents.getOSProcessId());
    if (renderer !== null) this.#renderers.set(renderer.pid, renderer);
  }

  /** Hands the page its port, once. */
  #hand(): void {
    if (this.#isHanded || this.#options.window.isDestroyed()) return;
    this.#isHanded = true;
    const { window, port, context } = this.#options;
    window.webContents.postMessage(PORT_CHANNEL, { exchange: context.exchange }, [port]);
  }

  /** The answer is on its way to whoever asked, who says so; until then the port must live, and with it the page. */
  #finish(): void {
    const { window, finishMs = FINISH_MS } = this.#options;
    if (this.#finishing !== null || this.#isOver) return;
    if (!window.isDestroyed()) window.hide();
    this.#finishing = setTimeout(() => {
      this.#lose();
    }, finishMs);
  }

  #lose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onLost();
  }
}
