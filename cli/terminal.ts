/** People at a terminal: whether there are any, asked before a ceremony with real people begins; and what they type. */
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { UsageError } from '../workstation/explain';

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

/** One line from standard input, without blanks around it; null when the input ended, or Ctrl-C was pressed. */
export async function askAtTerminal(text: string): Promise<string | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const closed = new Promise<null>((resolve) =>
      terminal.once('close', () => {
        resolve(null);
      }),
    );
    const answer = await Promise.race([terminal.question(text), closed]);
    if (answer === null) process.stderr.write('\n');
    return answer?.trim() ?? null;
  } finally {
    terminal.close();
  }
}

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch {
    return false;
  }
}
