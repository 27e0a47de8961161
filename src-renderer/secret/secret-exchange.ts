/**
 * The one exchange of a secret window: a question comes over the port, one answer goes back, and all is over. What is
 * secret stands in buffers here and in the fields, never in what React holds; every end zeroes it.
 */
import * as v from 'valibot';
import type { Dialogue } from '../../hsm/dialogue';
import { makeExchangeKeys, type ExchangeKeys, type Seal } from '../../hsm/sealed-exchange';
import { MAX_BODY_BYTES, PortQuestion, type PortAnswer, type PortHello } from '../../hsm/secret-port';
import type { SecretContext } from '../../ipc/contract';
import type { PortInbox } from './port-inbox';

/** How an exchange ended: `gone`: whoever asked is; `refused`: what came over the port was no question for this window. */
export type Ending = 'given' | 'declined' | 'gone' | 'refused';

/** What the window shows. Nothing in it is secret. */
type Stage =
  | { readonly is: 'waiting' }
  | { readonly is: 'asked'; readonly context: SecretContext; readonly dialogue: Dialogue }
  | { readonly is: 'over'; readonly context: SecretContext | null; readonly ending: Ending };

/** What the exchange needs of main. */
interface SecretMain {
  context(): Promise<SecretContext>;
  /** The window may be destroyed. */
  finished(): Promise<unknown>;
}

export class SecretExchange {
  readonly #main: SecretMain;
  readonly #listeners = new Set<() => void>();
  #stage: Stage = { is: 'waiting' };
  #context: SecretContext | null = null;
  #port: MessagePort | null = null;
  #keys: ExchangeKeys | null = null;
  #seal: Seal | null = null;
  #shown: Uint8Array = new Uint8Array(0);
  /** A question came, whether it counted or not. */
  #isAsked = false;

  constructor(main: SecretMain) {
    this.#main = main;
  }

  /** Asks main what this window is for, and takes the port of that exchange. */
  async begin(inbox: PortInbox): Promise<void> {
    try {
      this.#context = await this.#main.context();
      this.#keys = await makeExchangeKeys('person', this.#context.exchange);
    } catch {
      this.#end('refused');
      return;
    }
    const { exchange } = this.#context;
    const port = await inbox.accept(exchange);
    if (this.#stage.is === 'over') {
      port.close();
      return;
    }
    this.#port = port;
    port.addEventListener('message', (event) => void this.#receive(event.data));
    port.addEventListener('messageerror', () => this.#end('refused'));
    // Electron's own: the other end is closed, or its process gone.
    port.addEventListener('close', () => this.#end('gone'));
    port.start();
    const hello: PortHello = { kind: 'hello', exchange, key: this.#keys.publicKey };
    port.postMessage(hello);
  }

  /** What the window shows now; the same object until that changes. */
  readonly stage = (): Stage => this.#stage;

  /** Calls back when {@link stage} has changed. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** What is to be shown, UTF-8: zeroed when the exchange ends. */
  get shown(): Uint8Array {
    return this.#shown;
  }

  /**
   * Gives an answer and ends the exchange.
   *
   * @param body UTF-8, with a buffer of its own; it is sealed and zeroed here
   * @throws RangeError for a body that is too long or a view of something larger
   */
  give(body: Uint8Array<ArrayBuffer>): void {
    let sent: Promise<void>;
    try {
      if (body.byteLength > MAX_BODY_BYTES || body.byteLength !== body.buffer.byteLength) {
        throw new RangeError('answer: expected a buffer of its own within the limit');
      }
      sent = this.#answer('given', body);
    } finally {
      body.fill(0);
    }
    this.#end('given', sent);
  }

  /** Declines and ends the exchange. */
  decline(): void {
    this.#end('declined', this.#answer('refused', new Uint8Array(0)));
  }

  /** Ends it because the window goes. */
  leave(): void {
    this.#end('gone');
  }

  async #receive(data: unknown): Promise<void> {
    const question = v.safeParse(PortQuestion, data);
    const isFirst = !this.#isAsked;
    this.#isAsked = true;
    const [context, keys] = [this.#context, this.#keys];
    // SECURITY(K-72): one question, well formed and sealed, of this exchange; anything else ends it with nothing shown.
    if (!question.success || !isFirst || context === null || question.output.exchange !== context.exchange) {
      this.#end('refused');
      return;
    }
    const { key, dialogue, body } = question.output;
    try {
      this.#seal = (await keys?.agree(key)) ?? null;
      const shown = await this.#seal?.open('question', body);
      // Another one came meanwhile, or whoever asked has gone.
      if (shown === undefined || this.#stage.is === 'over') {
        shown?.fill(0);
        return;
      }
      this.#shown = shown;
    } catch {
      this.#end('refused');
      return;
    }
    this.#become({ is: 'asked', context, dialogue });
  }

  /** Seals an answer, which is read before this returns, and posts it. Never rejects. */
  async #answer(answer: PortAnswer['answer'], given: Uint8Array): Promise<void> {
    const [context, seal] = [this.#context, this.#seal];
    if (this.#stage.is !== 'asked' || context === null || seal === null) return;
    try {
      const body = await seal.close(`answer: ${answer}`, given);
      const message: PortAnswer = { kind: 'answer', exchange: context.exchange, answer, body };
      this.#port?.postMessage(message);
    } catch {
      // The port closes without an answer, which whoever asks sees.
    }
  }

  /** @param sent the answer has been posted: the port, and with it the window, goes no sooner */
  #end(ending: Ending, sent = Promise.resolve()): void {
    if (this.#stage.is === 'over') return;
    // SECURITY(K-73): whatever ended it, the page blanks (its fields zero themselves), and main is told to destroy it.
    this.#shown.fill(0);
    this.#become({ is: 'over', context: this.#context, ending });
    void sent.then(() => {
      this.#port?.close();
      this.#main.finished().catch(() => undefined);
    });
  }

  #become(stage: Stage): void {
    this.#stage = stage;
    for (const listener of this.#listeners) listener();
  }
}
