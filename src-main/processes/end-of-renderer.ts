/** Whether the process of a window that was destroyed is gone, by /proc. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of a window, told apart from a later one with the same id. */
export interface Renderer {
  readonly pid: number;
  /** When it was started, in the kernel's own ticks. */
  readonly started: string;
}

/** How long it may take to end by itself, in milliseconds; then it is killed. */
const ENDS_MS = 1_000;
/** How long a killed one is waited for, in milliseconds. */
const KILLED_MS = 2_000;
const POLL_MS = 5;

/** Notes a process; null when there is none with this id. */
export function noteRenderer(pid: number): Renderer | null {
  const started = startOf(pid);
  return started === null ? null : { pid, started };
}

/** Resolves when the process is gone, killed if need be. Never rejects. */
export async function endOfRenderer(renderer: Renderer): Promise<void> {
  if (await isGoneWithin(renderer, ENDS_MS)) return;
  try {
    process.kill(renderer.pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
  await isGoneWithin(renderer, KILLED_MS);
}

async function isGoneWithin({ pid, started }: Renderer, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (startOf(pid) === started) {
    if (performance.now() > until) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Start of a process that lives; null when there is none, or one that has ended and waits to be collected. */
function startOf(pid: number): string | null {
  if (pid <= 0) return null;
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field, in brackets, may itself hold blanks and brackets.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? null : (fields[18] ?? null);
  } catch {
    return null;
  }
}
