/** Whether there are people at a terminal: asked before a ceremony with real people begins. */
import { closeSync, openSync } from 'node:fs';
import { UsageError } from './exit';

/** @throws UsageError when PINs could not be asked for here, or questions be neither seen nor answered */
export function requireTerminal(): void {
  const missing = [
    ...(process.stdin.isTTY ? [] : ['standard input is not one']),
    ...(process.stderr.isTTY ? [] : ['standard error is not one']),
    ...(canOpen('/dev/tty') ? [] : ['this process has none of its own']),
  ];
  if (missing.length === 0) return;
  throw new UsageError(
    `people are asked at a terminal, and ${missing.join('; ')}. Nothing was begun`,
    'Start it by hand in a terminal window or on a console, with neither its input nor its messages redirected. For a ceremony without people: keyrite rehearse',
  );
}

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch {
    return false;
  }
}
