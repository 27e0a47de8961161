/**
 * The controlling terminal, read byte by byte so that what is typed never becomes a string. Opened non-blocking, so that
 * the process notices the end of main while somebody is at the keyboard.
 */
import { spawnSync } from 'node:child_process';
import { constants, openSync, readSync, writeSync } from 'node:fs';
import { secretBytes } from '../../hsm/secret-bytes';

/** How often the keyboard is looked at, in milliseconds. */
const POLL_MS = 10;

const CTRL_C = 0x03;
const CTRL_U = 0x15;
const BACKSPACES = [0x08, 0x7f];
const ENTERS = [0x0a, 0x0d];
const ESCAPE = 0x1b;
const BELL = '\x07';

/** The person at the keyboard pressed Ctrl-C. */
export class Declined extends Error {
  override readonly name = 'Declined';
}

/** A terminal whose keys arrive one by one while {@link Tty.hold} runs. */
export class Tty {
  readonly #descriptor: number;
  /** Opened once more for stty: Node makes what a child gets as its input blocking, and with it every copy of it. */
  readonly #forStty: number;
  /** Settings to return to, in the form of `stty -g`; null when nothing was changed. */
  #before: string | null = null;

  /** @throws Error when there is no such terminal */
  constructor(path = '/dev/tty') {
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
    this.#forStty = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    process.on('exit', () => {
      this.#restore();
    });
  }

  /** Runs `work` with echo, line editing and signal keys off and on a screen of its own, which is wiped afterwards. */
  async hold<R>(work: () => Promise<R>): Promise<R> {
    this.#before = this.#stty(['-g']).trim();
    // SECURITY(K-08): nothing that is typed shows, and the screen is wiped afterwards.
    this.#stty(['-echo', '-icanon', '-isig', '-ixon', 'opost', 'onlcr', 'min', '1', 'time', '0']);
    this.write(`\x1b[?1049h${WIPE}`);
    this.#discardTypedAhead();
    try {
      return await work();
    } finally {
      this.#restore();
    }
  }

  /** Wipes the screen and what can be scrolled back to. */
  wipe(): void {
    this.write(WIPE);
  }

  write(output: string | Uint8Array): void {
    const bytes = typeof output === 'string' ? Buffer.from(output) : output;
    for (let sent = 0; sent < bytes.length;) sent += unlessBusy(() => writeSync(this.#descriptor, bytes, sent)) ?? 0;
  }

  /**
   * Reads one line. Backspace, Ctrl-U and nothing else edit it; other control keys and arrow keys are left out. A line
   * that is longer than `limit` bytes comes back with `limit + 1` bytes.
   *
   * @returns the bytes typed, without the line end; the caller zeroes them
   * @throws Declined on Ctrl-C, Error when `signal` is aborted or the terminal is gone
   */
  async readLine({ show, limit, signal }: { show: boolean; limit: number; signal: AbortSignal }): Promise<Buffer> {
    const line = new LineBuffer(limit + 1);
    let escape: 'none' | 'begun' | 'sequence' = 'none';
    try {
      for (;;) {
        const key = await this.#readKey(signal);
        if (escape === 'sequence') {
          if (key >= 0x40 && key <= 0x7e) escape = 'none';
        } else if (escape === 'begun' && (key === 0x5b || key === 0x4f)) {
          escape = 'sequence';
        } else {
          escape = key === ESCAPE ? 'begun' : 'none';
          if (key === CTRL_C) throw new Declined();
          if (ENTERS.includes(key)) break;
          this.#edit(line, key, show);
        }
      }
      this.write('\n');
      return line.copy();
    } finally {
      line.wipe();
    }
  }

  #edit(line: LineBuffer, key: number, show: boolean): void {
    if (BACKSPACES.includes(key)) {
      if (line.dropLast() && show) this.write('\b \b');
    } else if (key === CTRL_U) {
      while (line.dropLast()) if (show) this.write('\b \b');
    } else if (key < 0x20) {
      if (key !== ESCAPE) this.write(BELL);
    } else {
      const kept = line.add(key);
      if (show && kept) this.write(Uint8Array.of(key));
      if (!kept) this.write(BELL);
    }
  }

  async #readKey(signal: AbortSignal): Promise<number> {
    const key = Buffer.alloc(1);
    try {
      for (;;) {
        signal.throwIfAborted();
        const got = unlessBusy(() => readSync(this.#descriptor, key, 0, 1, null));
        if (got === 0) throw new Error('terminal: closed');
        if (got === 1) return key[0] ?? 0;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    } finally {
      key.fill(0);
    }
  }

  #discardTypedAhead(): void {
    const keys = Buffer.alloc(256);
    while ((unlessBusy(() => readSync(this.#descriptor, keys, 0, keys.length, null)) ?? 0) > 0) continue;
    keys.fill(0);
  }

  #restore(): void {
    if (this.#before === null) return;
    const before = this.#before;
    this.#before = null;
    try {
      this.write(`${WIPE}\x1b[?1049l\x1b[3J`);
    } finally {
      this.#stty([before]);
    }
  }

  #stty(settings: readonly string[]): string {
    const { status, stdout } = spawnSync('stty', settings, {
      stdio: [this.#forStty, 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`terminal: stty ${settings.join(' ')} failed`);
    return stdout;
  }
}

/** Clears the screen, then what can be scrolled back to, and goes to the upper left corner. */
const WIPE = '\x1b[2J\x1b[3J\x1b[H';

/** Bytes of one line in a buffer that never grows, so that no copy is left behind. */
class LineBuffer {
  readonly #bytes: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#bytes = secretBytes(size);
  }

  /** Adds a byte; false when there is no room. */
  add(byte: number): boolean {
    if (this.#length === this.#bytes.length) return false;
    this.#bytes[this.#length] = byte;
    this.#length += 1;
    return true;
  }

  /** Takes the last character away, which in UTF-8 may be several bytes; false when there is none. */
  dropLast(): boolean {
    if (this.#length === 0) return false;
    let dropped: number;
    do {
      this.#length -= 1;
      dropped = this.#bytes[this.#length] ?? 0;
      this.#bytes[this.#length] = 0;
    } while (this.#length > 0 && dropped >= 0x80 && dropped < 0xc0);
    return true;
  }

  copy(): Buffer {
    const copy = secretBytes(this.#length);
    this.#bytes.copy(copy, 0, 0, this.#length);
    return copy;
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#length = 0;
  }
}

/** The system call's count, or null when the terminal is not ready. */
function unlessBusy(call: () => number): number | null {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return null;
    throw error;
  }
}
