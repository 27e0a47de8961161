/** Where people are asked for PINs and shares: one secret window at a time, for one person, each with a process of its own. */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { BrowserWindow, MessagePortMain } from 'electron';
import { whoIsAsked, type Dialogue } from '../../hsm/contract';
import type { SecretContext } from '../../ipc/contract';
import { Seat } from './seat';
import { SecretWindow } from './secret-window';

/** What secret windows show besides the question. */
export type DeskContext = Omit<SecretContext, 'exchange' | 'person' | 'stillSeated'>;

/** A question for a person who is not played. */
export interface Visit {
  readonly dialogue: Dialogue;
  /** Random id of the exchange, 16 bytes hex. */
  readonly exchange: string;
  /** The person's end of the exchange; the desk's from now on. */
  readonly port: MessagePortMain;
  /** The window opens now. */
  readonly onOpen: () => void;
  /** The window that was opened is not there any more. */
  readonly onClose: () => void;
  /** Nobody will answer: the window ended before the asker said that it has its answer, or could not be opened. */
  readonly onLost: () => void;
}

/** What a desk is made of. */
export interface SecretDeskOptions {
  /** Opens a hardened secret window in a session of this name, which lives in memory. */
  readonly openWindow: (partition: string) => BrowserWindow;
  /** The last window is gone, and nobody waits for the next: the keyboard goes back to the main window. */
  readonly onEmpty: () => void;
  /** How long a page that said that it is done is given, in milliseconds, unless it is long enough for any machine. */
  readonly finishMs?: number;
}

/** Opens a secret window for each visit, in order; the next only when the process of the one before is gone. */
export class SecretDesk {
  readonly #options: SecretDeskOptions;
  readonly #waiting: Visit[] = [];
  #context: DeskContext | null = null;
  #present: { readonly visit: Visit; readonly window: SecretWindow } | null = null;
  #clearing: Promise<void> = Promise.resolve();
  #isClearing = false;
  /** Somebody was at the main window while the present window was open. */
  #isDisturbed = false;
  readonly #seat = new Seat();

  constructor(options: SecretDeskOptions) {
    this.#options = options;
  }

  /** Says what the windows opened from now on show. In another ceremony, or another step of it, nobody sits there still. */
  describe(context: DeskContext): void {
    if (this.#context === null || !isSameStep(this.#context, context)) this.#seat.empty();
    this.#context = context;
  }

  /** Somebody was at the main window: whoever comes next is called to the keyboard, also after the window open now. */
  emptySeat(): void {
    this.#seat.empty();
    this.#isDisturbed = true;
  }

  /** Whether somebody is at a secret window, or about to be. */
  get isTaken(): boolean {
    return this.#present !== null;
  }

  /** Brings the open window to the front, if there is one. */
  show(): void {
    this.#present?.window.show();
  }

  /** Lets a person come to the desk. A visit before the first {@link describe} is lost. Never throws. */
  receive(visit: Visit): void {
    this.#waiting.push(visit);
    this.#next();
  }

  /** The asker has its answer, or is gone: the window is destroyed. Resolves when its process is gone; never rejects. */
  async dismiss(exchange: string): Promise<void> {
    const waiting = this.#waiting.findIndex((visit) => visit.exchange === exchange);
    for (const visit of waiting < 0 ? [] : this.#waiting.splice(waiting, 1)) visit.port.close();
    if (this.#present?.visit.exchange === exchange) this.#clear();
    await this.#clearing;
  }

  #next(): void {
    if (this.#present !== null || this.#isClearing) return;
    const visit = this.#waiting.shift();
    if (visit === undefined) return;
    const person = whoIsAsked(visit.dialogue);
    // SECURITY(K-71): whoever has had time to change seats is called to the keyboard anew.
    const stillSeated = this.#seat.isStillTakenBy(person, Date.now());
    this.#seat.empty();
    this.#isDisturbed = false;
    let opened: BrowserWindow | null = null;
    try {
      if (this.#context === null) throw new Error('the desk was never described');
      // SECURITY(K-57): a session of its own gives the window a process of its own.
      opened = this.#options.openWindow(`secret-${randomBytes(16).toString('hex')}`);
      const window = new SecretWindow({
        window: opened,
        context: {
          ...this.#context,
          exchange: visit.exchange,
          person: this.#context.names[person] ?? person,
          stillSeated,
        },
        port: visit.port,
        finishMs: this.#options.finishMs,
        onLost: () => {
          visit.onLost();
          void this.dismiss(visit.exchange);
          // A window that was closed or crashed was answered by nobody.
          this.#seat.empty();
        },
      });
      this.#present = { visit, window };
      visit.onOpen();
    } catch {
      opened?.destroy();
      visit.port.close();
      visit.onLost();
      this.#next();
    }
  }

  #clear(): void {
    if (this.#present === null) return;
    const { visit, window } = this.#present;
    this.#present = null;
    this.#isClearing = true;
    if (!this.#isDisturbed) this.#seat.leave(whoIsAsked(visit.dialogue), Date.now());
    visit.onClose();
    this.#clearing = window.destroy().then(() => {
      this.#isClearing = false;
      this.#next();
      if (this.#present === null) this.#options.onEmpty();
    });
  }
}

/** Whether two contexts are of one step of one ceremony; what goes on in it may differ. */
function isSameStep(one: DeskContext, other: DeskContext): boolean {
  return isDeepStrictEqual({ ...one, doing: '' }, { ...other, doing: '' });
}
