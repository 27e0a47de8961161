/** The processes of a running app, by /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** What a process of the app is. */
export type Kind = 'main' | 'renderer' | 'module worker' | 'other utility' | 'zygote' | 'other';

/** A process that descends from the app's main process, or that itself. */
export interface AppProcess {
  readonly pid: number;
  readonly kind: Kind;
}

/** The app's processes just now: main and everything below it. */
export function processesOf(main: number): AppProcess[] {
  const parents = new Map(allProcesses().map((pid) => [pid, parentOf(pid)]));
  const isBelow = (pid: number): boolean => {
    for (let at: number | null | undefined = pid; at !== null && at !== undefined; at = parents.get(at)) {
      if (at === main) return true;
    }
    return false;
  };
  return [...parents.keys()].filter(isBelow).map((pid) => ({ pid, kind: pid === main ? 'main' : kindOf(pid) }));
}

/** Process ids of one kind. */
export function pidsOf(main: number, kind: Kind): number[] {
  return processesOf(main).flatMap((one) => (one.kind === kind ? [one.pid] : []));
}

/** A field of /proc/<pid>/status, such as `Seccomp`. Throws Error when the process is gone. */
export function statusOf(pid: number, field: string): string {
  const found = new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  if (found === null) throw new Error(`/proc/${String(pid)}/status has no ${field}`);
  return found[1] ?? '';
}

/** Whether a process lives; one that has ended and was not collected does not. */
export function isAlive(pid: number): boolean {
  try {
    return !statusOf(pid, 'State').startsWith('Z');
  } catch {
    return false;
  }
}

/** Process ids of all that were started with a variable of this value, whoever their parents are. */
export function processesWith(variable: string, value: string): number[] {
  return allProcesses().filter((pid) =>
    read(`/proc/${String(pid)}/environ`)
      .split('\0')
      .includes(`${variable}=${value}`),
  );
}

function allProcesses(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

function parentOf(pid: number): number | null {
  try {
    return Number(statusOf(pid, 'PPid'));
  } catch {
    return null;
  }
}

/** The environment that a process was started with, as /proc has it; empty when it is gone. */
export function environmentOf(pid: number): string {
  return read(`/proc/${String(pid)}/environ`);
}

function commandOf(pid: number): string {
  return read(`/proc/${String(pid)}/cmdline`).replaceAll('\0', ' ');
}

function kindOf(pid: number): Kind {
  const command = commandOf(pid);
  if (command.includes('--type=renderer')) return 'renderer';
  if (command.includes('--type=zygote')) return 'zygote';
  if (!command.includes('--type=utility') || !command.includes('node.mojom.NodeService')) return 'other';
  return read(`/proc/${String(pid)}/maps`).includes('softhsm') ? 'module worker' : 'other utility';
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
