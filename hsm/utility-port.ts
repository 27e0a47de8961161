/**
 * An Electron utility process's connections: to main by its parent port, to people by a MessagePort of its own for each
 * exchange, which main makes and hands to both ends.
 */
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { Leave, LinkControl, type Dialogue, type AskingLink } from './contract';
import { PersonLost, PersonRefused } from './person-errors';
import { MAX_BODY_BYTES, PortAnswer, PortHello, type PortQuestion } from './secret-port';
import { makeExchangeKeys, type Seal } from './sealed-exchange';
import { EXIT_CODES, type ExchangeEvents, type ServerPort } from './serve';

/** One end of a MessagePort as Electron gives it to a utility process: this layer may not import Electron. */
export interface UtilityPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

/** The port to main that a utility process is born with. */
export interface ParentPort {
  postMessage(message: unknown): void;
  on(
    event: 'message',
    listener: (event: { readonly data: unknown; readonly ports: readonly UtilityPort[] }) => void,
  ): unknown;
}

/**
 * How long main has to say that it has `bye`, in milliseconds. On a busy machine 20 were too few: `bye` was lost with the
 * process, and its end was taken for a crash. Main kills what does not end within 5 s.
 */
const LEAVE_MS = 4000;

/** The parent port; null in a process that is no utility process. */
export function parentPort(): ParentPort | null {
  return (process as { readonly parentPort?: ParentPort }).parentPort ?? null;
}

/** Ends the process on an exception that nobody caught, without `bye` and without a word. */
export function endOnFault(): void {
  // SECURITY(K-59): Electron would print the text, or on later versions go on; it could hold a secret.
  for (const event of ['uncaughtException', 'unhandledRejection'])
    process.on(event, () => process.exit(EXIT_CODES.fault));
}

/**
 * The parent port as the server loop wants it. What main says about exchanges is left to {@link utilityPersonLink}. That
 * main is gone need not be looked for: Electron ends the process at once, even in the middle of a native call.
 */
export function utilityServerPort(parent: ParentPort): ServerPort {
  endOnFault();
  return {
    post: (message) => {
      parent.postMessage(message);
      return Promise.resolve();
    },
    onMessage: (listener) =>
      void parent.on('message', ({ data }) => {
        if (v.is(Leave, data)) process.exit(0);
        else if (!v.is(LinkControl, data)) listener(data);
      }),
    onClosed: () => undefined,
    exit: (code) => {
      if (code === 0) setTimeout(() => process.exit(0), LEAVE_MS);
      else process.exit(code);
    },
  };
}

/** The person link over ports: main delivers one for each exchange after it was told `asking`. */
export function utilityPersonLink(parent: ParentPort, events: ExchangeEvents): AskingLink {
  const open = new Map<string, Exchange>();
  parent.on('message', ({ data, ports }) => {
    const control = v.safeParse(LinkControl, data);
    const said = control.success ? control.output : null;
    if (said !== null && 'gone' in said) open.get(said.gone)?.lose();
    const wanted = said !== null && 'link' in said ? open.get(said.link) : undefined;
    for (const port of ports) {
      // SECURITY(K-61): a port of an exchange that is over leads nowhere that anybody knows.
      if (wanted === undefined) port.close();
      else wanted.connect(port);
    }
  });
  return {
    async ask(dialogue, body = new Uint8Array()) {
      const id = randomBytes(16).toString('hex');
      const exchange = new Exchange(id, dialogue, body);
      open.set(id, exchange);
      events.asking(dialogue, id);
      try {
        return await exchange.answer;
      } finally {
        open.delete(id);
        exchange.close();
        events.answered();
      }
    },
  };
}

/** One question and its answer. */
class Exchange {
  readonly #id: string;
  readonly #dialogue: Dialogue;
  readonly #body: Uint8Array;
  readonly answer: Promise<Uint8Array>;
  #give: (body: Uint8Array) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  #port: UtilityPort | null = null;
  #seal: Seal | null = null;
  #state: 'waiting' | 'greeted' | 'asked' | 'over' = 'waiting';

  /** @param body stays the caller's, and is sealed and sent once the far end is there */
  constructor(id: string, dialogue: Dialogue, body: Uint8Array) {
    if (body.byteLength > MAX_BODY_BYTES) {
      throw new RangeError(`body: expected at most ${String(MAX_BODY_BYTES)} bytes, got ${String(body.byteLength)}`);
    }
    this.#id = id;
    this.#dialogue = dialogue;
    this.#body = body;
    this.answer = new Promise((resolve, reject) => {
      this.#give = resolve;
      this.#fail = reject;
    });
  }

  /** Takes the port; a second one is closed. */
  connect(port: UtilityPort): void {
    if (this.#port !== null || this.#state === 'over') {
      port.close();
      return;
    }
    this.#port = port;
    port.on('message', ({ data }) => {
      this.#receive(data);
    });
    port.on('close', () => {
      this.lose();
    });
    port.start();
  }

  /** Nobody will answer any more. */
  lose(): void {
    if (this.#state === 'over') return;
    this.close();
    this.#fail(new PersonLost(this.#dialogue));
  }

  /** Closes the port, once; it emits `close` before this returns. */
  close(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#port?.close();
  }

  #receive(data: unknown): void {
    if (this.#state === 'waiting' && v.is(PortHello, data) && data.exchange === this.#id) {
      this.#state = 'greeted';
      this.#put(data.key).catch(() => {
        this.lose();
      });
      return;
    }
    // SECURITY(K-61): who is at the far end may have been taken over.
    const answer = v.safeParse(PortAnswer, data);
    if (!answer.success || answer.output.exchange !== this.#id || this.#state !== 'asked' || this.#seal === null) {
      this.lose();
      return;
    }
    this.close();
    const { answer: how, body } = answer.output;
    this.#seal.open(`answer: ${how}`, body).then(
      (opened) => {
        if (how === 'given') this.#give(opened);
        else this.#fail(new PersonRefused(this.#dialogue));
      },
      () => {
        this.#fail(new PersonLost(this.#dialogue));
      },
    );
  }

  /** Puts the question, sealed for whoever has the private half of a key. */
  async #put(theirs: Uint8Array): Promise<void> {
    const keys = await makeExchangeKeys('asker', this.#id);
    const seal = await keys.agree(theirs);
    // SECURITY(K-56): in clear, it would be found in main's memory whenever main still holds an end of the port.
    const body = await seal.close('question', this.#body);
    if (this.#state !== 'greeted' || this.#port === null) return;
    this.#state = 'asked';
    this.#seal = seal;
    const question: PortQuestion = {
      kind: 'question',
      exchange: this.#id,
      key: keys.publicKey,
      dialogue: this.#dialogue,
      body,
    };
    this.#port.postMessage(question);
  }
}
