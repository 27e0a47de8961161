/**
 * Main's side of one process of ours (module worker or share process), the same for Node children and Electron utility
 * processes: typed calls, a watchdog that rests while people are asked, and one answer for every way a process can end.
 */
import * as v from 'valibot';
import { DeviceError, type DeviceTrouble } from '../ceremony/command/device-error';
import { Message, type ArgsOf, type Dialogue, type OperationTable, type PadEntry, type ResultOf } from './contract';
import { changedByHalf, changedByNone } from './operation-words';
import { EXIT_CODES } from './serve';

/** How a process ended, as far as the runtime tells. */
export interface ExitInfo {
  /** Exit code; null when a signal ended it. Electron says 0 for a segmentation fault: only `bye` tells a wanted exit. */
  readonly code: number | null;
  /** Name of the signal, where the runtime tells. */
  readonly signal: string | null;
  /** Electron's `child-process-gone`, which comes after `exit`: the transport waits for it before it reports. */
  readonly gone: { readonly reason: string; readonly exitCode: number } | null;
}

/** A started process as the client needs it. */
export interface Transport {
  /** Sends a message; must not throw when the process is gone. */
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the process is gone and every message it sent has been delivered. */
  onExit(listener: (info: ExitInfo) => void): void;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
}

/** A question that stands on a person link and wants a person. */
export interface Asking {
  readonly dialogue: Dialogue;
  /** Random id of the exchange, 16 bytes hex. */
  readonly exchange: string;
}

/** What a client is made of. */
export interface ClientOptions<T extends OperationTable> {
  /** The process in words, such as `the worker of module units`. */
  readonly name: string;
  readonly table: T;
  readonly transport: Transport;
  /** A person must be asked: the person process is told to serve the exchange. */
  readonly onAsking?: (asking: Asking) => void;
  /** The person answered, or the question is void because the process ended. Must not throw, nor may `onAsking`. */
  readonly onAnswered?: (asking: Asking) => void;
  /**
   * The process makes a call that waits for people at the token's own pad: everybody in the room is told; null: the call
   * returned, or the process ended. Must not throw.
   */
  readonly onPad?: (entry: PadEntry | null) => void;
  /** How long the process may take to say that it is ready, in milliseconds; 30 s unless told. */
  readonly startMs?: number;
}

/** Time a process has to start, in milliseconds, before it is killed. Deadlines of requests begin when it is ready. */
const START_MS = 30_000;

/** How long a process may take to say `bye` after it was told to stop, in milliseconds; then it is killed. */
const STOP_MS = 5_000;
/** How long to wait for a killed process to be gone, in milliseconds, before saying so although it is not. */
const KILL_MS = 5_000;
/** Most values and characters that one message from a process may hold. */
const MAX_MESSAGE_SIZE = 8 * 1024 * 1024;

interface Call {
  readonly operation: string;
  readonly args: unknown;
  readonly deadlineMs: number;
  readonly finish: (result: unknown) => void;
  readonly fail: (error: DeviceError) => void;
}

interface Running extends Call {
  readonly id: number;
  /** Milliseconds of machine time left when the clock was last set. */
  left: number;
  since: number;
  timer: ReturnType<typeof setTimeout> | null;
}

/** Typed requests to one process, one at a time and in order. Every failure is a {@link DeviceError}. */
export class ProcessClient<T extends OperationTable> {
  readonly name: string;
  readonly #table: T;
  readonly #transport: Transport;
  readonly #onAsking: (asking: Asking) => void;
  readonly #onAnswered: (asking: Asking) => void;
  readonly #onPad: (entry: PadEntry | null) => void;
  readonly #waiting: Call[] = [];
  readonly #exited: Promise<ExitInfo>;
  #running: Running | null = null;
  #lastId = 0;
  #isReady = false;
  #asking: Asking | null = null;
  #isAtPad = false;
  #tookPin = false;
  #saidBye = false;
  #stopping = false;
  #exit: ExitInfo | null = null;
  /** Why we ended the process ourselves, when we did. */
  #verdict: Verdict | null = null;

  constructor(options: ClientOptions<T>) {
    this.name = options.name;
    this.#table = options.table;
    this.#transport = options.transport;
    this.#onAsking = options.onAsking ?? (() => undefined);
    this.#onAnswered = options.onAnswered ?? (() => undefined);
    this.#onPad = options.onPad ?? (() => undefined);
    const startMs = options.startMs ?? START_MS;
    const starting = setTimeout(() => {
      if (!this.#isReady) this.#end(hung('its start', startMs));
    }, startMs);
    starting.unref();
    this.#transport.onMessage((message) => {
      this.#receive(message);
    });
    this.#exited = new Promise((resolve) => {
      this.#transport.onExit((info) => {
        clearTimeout(starting);
        this.#exit = info;
        resolve(info);
        this.#settleAll(info);
      });
    });
  }

  /** Whether the process can take requests: not gone, not being ended. */
  get alive(): boolean {
    return this.#exit === null && !this.#stopping && this.#verdict === null;
  }

  /** Whether the process has said that it is ready. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /**
   * Number of the request under way that does not wait for a person who was asked, never used again; null: none. One that
   * waits for people at a pad counts: only killing the process ends that wait, where nobody comes.
   */
  get workingOn(): number | null {
    return this.#running === null || this.#asking !== null ? null : this.#running.id;
  }

  /** Whether the process has asked for a PIN or a passphrase, and so may hold one, or a login, until it ends. */
  get tookPin(): boolean {
    return this.#tookPin;
  }

  /** Resolves when the process is gone, whatever the reason. Never rejects. */
  get exited(): Promise<ExitInfo> {
    return this.#exited;
  }

  /**
   * Carries out one operation.
   *
   * @throws DeviceError what the process answered; or `WORKER_HUNG`, `WORKER_CRASHED`, `WORKER_FAULT`, `WORKER_GONE`
   */
  call<K extends keyof T & string>(operation: K, args: ArgsOf<T, K>): Promise<ResultOf<T, K>> {
    return new Promise((resolve, reject) => {
      const described = this.#table[operation];
      if (described === undefined) throw new RangeError(`operation: expected one of the table, got ${operation}`);
      const checked = v.safeParse(described.args, args, { abortEarly: true });
      if (!checked.success) {
        const where = v.getDotPath(checked.issues[0]) ?? 'its top';
        throw new RangeError(`argument of ${operation}: wrong at ${where}`);
      }
      if (!this.alive) {
        reject(this.#gone(operation));
        return;
      }
      const finish = (result: unknown) => {
        resolve(result as ResultOf<T, K>);
      };
      this.#waiting.push({ operation, args: checked.output, deadlineMs: described.deadlineMs, finish, fail: reject });
      this.#next();
    });
  }

  /** Asks the process to end after what is under way; kills it when it does not. Resolves when it is gone; never rejects. */
  async stop(): Promise<void> {
    if (this.#exit !== null) return;
    this.#stopping = true;
    this.#transport.post({ stop: true });
    const timer = setTimeout(() => {
      this.#end(KILLED_BY_US);
    }, STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Kills the process, the last resort where people do not come. What was under way rejects. Never rejects itself. */
  async kill(): Promise<void> {
    this.#end(KILLED_BY_US);
    await this.#exited;
  }

  #next(): void {
    if (this.#running !== null) return;
    const call = this.#waiting.shift();
    if (call === undefined) return;
    this.#lastId += 1;
    this.#running = { ...call, id: this.#lastId, left: call.deadlineMs, since: 0, timer: null };
    if (this.#isReady) this.#startClock(this.#running);
    this.#transport.post({ id: this.#lastId, operation: call.operation, args: call.args });
  }

  #receive(message: unknown): void {
    if (this.#verdict !== null) return;
    // SECURITY(K-35): a module may have taken the worker over.
    const parsed = sizeWithin(message, MAX_MESSAGE_SIZE) ? v.safeParse(Message, message) : null;
    if (parsed?.success !== true) {
      this.#end(NOT_IN_CONTRACT);
      return;
    }
    const said = parsed.output;
    if (said.kind === 'ready') this.#ready();
    else if (said.kind === 'bye') this.#saidBye = true;
    else this.#receiveAbout(said);
  }

  #ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    if (this.#running !== null) this.#startClock(this.#running);
  }

  #receiveAbout(said: Exclude<Message, { kind: 'ready' | 'bye' }>): void {
    const running = this.#running;
    if (running === null || running.id !== said.id) {
      this.#end(NOT_IN_CONTRACT);
      return;
    }
    switch (said.kind) {
      case 'asking':
        this.#stopClock(running);
        this.#answered();
        this.#asking = { dialogue: said.dialogue, exchange: said.exchange };
        if (said.dialogue.kind === 'pin' || said.dialogue.kind === 'passphrase') this.#tookPin = true;
        this.#onAsking(this.#asking);
        return;
      case 'at-pad':
        this.#stopClock(running);
        this.#answered();
        this.#isAtPad = true;
        // No PIN comes here, but the login that it opens must not outlive the step either.
        this.#tookPin = true;
        this.#onPad(said.entry);
        return;
      case 'answered':
        this.#answered();
        this.#startClock(running);
        return;
      case 'error':
        this.#settle(running);
        running.fail(new DeviceError(said.error));
        break;
      case 'result': {
        const result = v.safeParse((this.#table[running.operation] as T[string]).result, said.result);
        if (!result.success) {
          this.#end(NOT_IN_CONTRACT);
          return;
        }
        this.#settle(running);
        running.finish(result.output);
        break;
      }
    }
    this.#next();
  }

  #answered(): void {
    if (this.#isAtPad) {
      this.#isAtPad = false;
      this.#onPad(null);
    }
    const asking = this.#asking;
    if (asking === null) return;
    this.#asking = null;
    this.#onAnswered(asking);
  }

  #settle(running: Running): void {
    this.#stopClock(running);
    this.#answered();
    this.#running = null;
  }

  #startClock(running: Running): void {
    this.#stopClock(running);
    running.since = performance.now();
    running.timer = setTimeout(
      () => {
        this.#end(hung(running.operation, running.deadlineMs));
      },
      Math.max(0, running.left),
    );
  }

  #stopClock(running: Running): void {
    if (running.timer === null) return;
    clearTimeout(running.timer);
    running.timer = null;
    running.left -= performance.now() - running.since;
  }

  /** Ends the process ourselves; calls reject once it is gone, so that the device is free when it is read again. */
  #end(verdict: Verdict): void {
    if (this.#exit !== null) return;
    this.#verdict ??= verdict;
    if (this.#running !== null) this.#stopClock(this.#running);
    this.#transport.kill('SIGKILL');
    const timer = setTimeout(() => {
      this.#settleAll(null);
    }, KILL_MS);
    void this.#exited.then(() => {
      clearTimeout(timer);
    });
  }

  #settleAll(exit: ExitInfo | null): void {
    const running = this.#running;
    const waiting = this.#waiting.splice(0);
    const verdict = this.#verdict ?? crash(exit);
    if (running !== null) {
      this.#settle(running);
      running.fail(this.#failure(verdict, exit, running.operation, true));
    }
    for (const call of waiting) call.fail(this.#failure(verdict, exit, call.operation, false));
  }

  #failure(verdict: Verdict, exit: ExitInfo | null, operation: string, underWay: boolean): DeviceError {
    const still = exit === null ? ', and the system has not ended it yet' : '';
    const trouble: DeviceTrouble = {
      code: verdict.code,
      message: `${capital(this.name)} ${verdict.what}${still}`,
      changed: underWay ? changedByHalf(operation) : changedByNone(operation),
      next: verdict.next,
      uncertain: underWay,
    };
    return new DeviceError(trouble);
  }

  #gone(operation: string): DeviceError {
    const how = this.#saidBye || this.#exit === null ? 'has been ended' : crash(this.#exit).what;
    return new DeviceError({
      code: 'WORKER_GONE',
      message: `${capital(this.name)} ${how}`,
      changed: changedByNone(operation),
      next: 'Try again: a new process is started',
      uncertain: false,
    });
  }
}

/** Why calls of a process fail: the code, what the process did, what to do. */
interface Verdict {
  readonly code: string;
  readonly what: string;
  readonly next: string;
}

const READ_AGAIN = 'The device is read again by a new process before anything else is done';

const KILLED_BY_US: Verdict = {
  code: 'WORKER_CRASHED',
  what: 'was ended on request before it had answered',
  next: READ_AGAIN,
};

const NOT_IN_CONTRACT: Verdict = {
  code: 'WORKER_FAULT',
  what: 'sent a message that it may not send, and was ended',
  next: `${READ_AGAIN}. If it happens again, stop and have the module examined`,
};

function hung(operation: string, deadlineMs: number): Verdict {
  return {
    code: 'WORKER_HUNG',
    what: `did not answer ${operation} within ${String(deadlineMs / 1000)} s, and was ended`,
    next: `${READ_AGAIN}. Check the cable and the state of the device`,
  };
}

function crash(exit: ExitInfo | null): Verdict {
  return {
    code: 'WORKER_CRASHED',
    what: `ended without a word (${exit === null ? 'reason unknown' : describeExit(exit)})`,
    next: `${READ_AGAIN}. If it happens again, stop and have the module examined`,
  };
}

/** The end of a process in words, such as `signal SIGSEGV` or `exit code 3`. */
export function describeExit(exit: ExitInfo): string {
  if (exit.gone !== null) return `${exit.gone.reason}, ${String(exit.gone.exitCode)}`;
  if (exit.signal !== null) return `signal ${exit.signal}`;
  if (exit.code === null) return 'reason unknown';
  const meaning = Object.entries(EXIT_CODES).find(([, code]) => code === exit.code)?.[0];
  return `exit code ${String(exit.code)}${meaning === undefined ? '' : `, ${meaning}`}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether a received value holds at most `limit` values and characters in all. */
function sizeWithin(value: unknown, limit: number): boolean {
  const open: unknown[] = [value];
  let size = 0;
  while (open.length > 0) {
    const one = open.pop();
    size += 1;
    if (typeof one === 'string') size += one.length;
    else if (ArrayBuffer.isView(one)) size += one.byteLength;
    else if (typeof one === 'object' && one !== null) {
      for (const [key, member] of Object.entries(one)) {
        size += key.length;
        open.push(member);
        if (size > limit) return false;
      }
    }
    if (size > limit) return false;
  }
  return true;
}
