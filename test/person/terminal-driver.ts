/** Runs a program under a pseudo-terminal (`script` of util-linux), types, and records everything it prints. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program at a terminal. */
export class TerminalDriver {
  readonly #script: ChildProcessWithoutNullStreams;
  /** Everything printed so far. */
  output = '';
  #seen = 0;
  readonly ended: Promise<number | null>;

  constructor(command: string) {
    this.#script = spawn('script', ['-qfec', command, '/dev/null']);
    this.#script.stdout.on('data', (data: Buffer) => {
      this.output += data.toString('utf8');
    });
    this.ended = new Promise((resolve) => this.#script.on('exit', resolve));
  }

  /** Waits until `text` is printed after what was waited for before. */
  async expect(text: string): Promise<void> {
    const until = performance.now() + 10_000;
    for (;;) {
      const at = this.output.indexOf(text, this.#seen);
      if (at >= 0) {
        this.#seen = at + text.length;
        return;
      }
      if (performance.now() > until) throw new Error(`not printed: ${text}\nprinted: ${JSON.stringify(this.output)}`);
      await sleep(5);
    }
  }

  type(text: string): void {
    this.#script.stdin.write(text);
  }

  kill(): void {
    this.#script.kill('SIGKILL');
  }
}

/** What a terminal shows after it was sent `output`: lines of the main screen, of the other one, and what can be scrolled back to. */
export function shownAfter(output: string): { main: string; other: string } {
  const screens = { main: '', other: '' };
  let screen: 'main' | 'other' = 'main';
  // eslint-disable-next-line no-control-regex -- that is what terminals are told with
  for (const part of output.split(/(\x1b\[[?0-9;]*[A-Za-z])/)) {
    if (part === '\x1b[?1049h') screen = 'other';
    else if (part === '\x1b[?1049l') screen = 'main';
    else if (part === '\x1b[2J') screens[screen] = '';
    // xterm keeps no lines of the other screen; terminals that do drop them with the rest at 3J.
    else if (!part.startsWith('\x1b[')) screens[screen] += part;
  }
  return screens;
}
