/** How far the reading of a long transcript has come: one line that is written over, for people at a terminal only. */
import type { VerifyProgress } from '../ceremony/bundle/verify';

/** Nothing is shown of what is done sooner, in milliseconds. */
const PATIENCE = 1_000;
/** Milliseconds between two showings. */
const INTERVAL = 250;

const CLEAR = '\r\u001b[K';

/** Where the line goes. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Makes what `verifyBundle` is to tell its progress. The line is gone when the transcript is through.
 *
 * @param now milliseconds, for tests
 */
export function progressLine(terminal: Terminal, now: () => number = Date.now): (progress: VerifyProgress) => void {
  if (terminal.isTTY !== true) return () => undefined;
  let next = now() + PATIENCE;
  let shown = false;
  return ({ lines, bytes, total }) => {
    const isDone = total !== null && bytes >= total;
    if (isDone && shown) terminal.write(CLEAR);
    if (isDone || now() < next) return;
    next = now() + INTERVAL;
    shown = true;
    const part = total === null ? '' : `, ${String(Math.floor((bytes / total) * 100))} %`;
    terminal.write(`${CLEAR}${lines.toLocaleString('en')} lines read${part}`);
  };
}
