/** The app does not start, or must not go on: what it tells people, and the exit code it ends with. */
import { writeSync } from 'node:fs';

/** The app must not start. The message says why; nothing was changed. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  /** What to do instead. */
  readonly next: string;
  /** One of `exit-codes.ts`. */
  readonly exitCode: number;

  constructor(message: string, next: string, exitCode: number) {
    super(message);
    this.next = next;
    this.exitCode = exitCode;
  }
}

/** What to tell when the app does not start: of an error that is not ours its message is the only clue there is. */
export function startFailureWords(error: unknown): string {
  const reason = error instanceof Error ? error.message : 'an error without a name';
  const next =
    error instanceof StartRefused ? error.next : 'Report this; until it is mended, rehearse in the terminal.';
  return `Keyrite does not start: ${reason}. Nothing was changed. ${next}`;
}

/** What to tell when the app ends itself after it has started: the reason, what is kept, what to do. */
export function faultWords(error: unknown): string {
  const reason = error instanceof Error ? error.message : 'an error without a name';
  return (
    `Keyrite has ended itself: ${reason}. What is on record stays as it is. ` +
    'Start Keyrite again: a ceremony that was under way can be gone on with, and its devices are read first. Report this.'
  );
}

/** An error that nobody foresaw, as it may be told: its text and its stack may hold anything, its class does not. */
export function unforeseen(error: unknown): Error {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  return new Error(`something failed that nobody foresaw (${name})`);
}

/** Writes a line for the terminal that Keyrite was started from. Written at once: the process ends after it. */
export function tellTerminal(words: string): void {
  try {
    writeSync(2, `${words.replaceAll('\n', ' ')}\n`);
  } catch {
    // Nobody listens: there is no terminal.
  }
}
