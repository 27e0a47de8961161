/** Ends children of a run that was killed, before its devices are read again. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError } from '../ceremony/command/device-error';
import { processMark } from '../hsm/process-mark';
import { CEREMONY_VARIABLE } from './child-environment';

/** Names of the built programs that run as children of the command line. */
export const SCRIPT_NAMES = ['worker.cjs', 'share-process.cjs', 'person.cjs', 'key-file.cjs'] as const;

/** How long a killed process may take to be gone, in milliseconds: one that hangs in the kernel does not go at all. */
const GONE_MS = 5_000;
const POLL_MS = 10;

/**
 * Kills the processes that a killed run of this ceremony left behind, and waits until they are gone. Children of the
 * command line are known by the program they run and by `--ceremony=<id>` in their argv; utility processes of the app,
 * whose arguments do not show, by what they are and by the ceremony's id in their environment, or by the name that they
 * give themselves before they keep others of the same user from reading that.
 *
 * @param scripts file names of the programs; those of the command line unless the caller says otherwise
 * @returns the process ids ended
 * @throws DeviceError `ALREADY_RUNNING` when one still has its keyrite: that run is alive, under whatever folder or user;
 *   `SURVIVOR` when one cannot be ended: it may still hold the device
 */
export async function endSurvivors(ceremony: string, scripts: readonly string[] = SCRIPT_NAMES): Promise<number[]> {
  const found = processes().filter((pid) => isOurs(pid, ceremony, scripts));
  const begun = new Map(found.map((pid) => [pid, startOf(pid)]));
  for (const pid of found) {
    const parent = parentOf(pid);
    if (parent !== null && (runsKeyrite(parent) || isAppOf(parent, pid, ceremony))) throw alive(parent, ceremony);
  }
  for (const pid of found) {
    try {
      // SECURITY(K-30): it may hold the device, or still be at work on it.
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile, or not ours to end: the wait below tells.
    }
  }
  const until = performance.now() + GONE_MS;
  for (const pid of found) {
    while (begun.get(pid) !== null && startOf(pid) === begun.get(pid)) {
      if (performance.now() > until) throw survivor(pid, ceremony);
      await sleep(POLL_MS);
    }
  }
  return found;
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

/** A process that has ended but was not collected by its parent has an empty command line, and is none. */
function isOurs(pid: number, ceremony: string, scripts: readonly string[]): boolean {
  let line: string;
  try {
    line = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
  } catch {
    return false;
  }
  const args = line.split('\0');
  if (args.includes('--type=utility')) return isOfCeremony(pid, ceremony);
  return args.includes(`--ceremony=${ceremony}`) && args.slice(0, 3).some((arg) => scripts.includes(basename(arg)));
}

/** Whether a utility process is of this ceremony, by its name or its environment; those of others cannot be read, and are not. */
function isOfCeremony(pid: number, ceremony: string): boolean {
  if (nameOf(pid)?.startsWith(processMark(ceremony, null)) === true) return true;
  try {
    const environment = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
    return environment.includes(`${CEREMONY_VARIABLE}=${ceremony}`);
  } catch {
    return false;
  }
}

/** The parent's process id; null when the process is gone. */
function parentOf(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null ? null : Number(fields[1]);
}

/**
 * When a process began, which tells it from another one with its id; null when it has ended. While it is ending it has no
 * command line and no environment any more, and may still have its device open.
 */
function startOf(pid: number): string | null {
  const fields = statOf(pid);
  return fields === null || fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
}

/** The fields of /proc/<pid>/stat from the state on. */
function statOf(pid: number): string[] | null {
  try {
    // The field before, in brackets, may itself hold blanks and brackets.
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function runsKeyrite(pid: number): boolean {
  try {
    const args = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0');
    return args.slice(0, 3).some((arg) => ['keyrite.cjs', 'keyrite'].includes(basename(arg)));
  } catch {
    return false;
  }
}

/** The name that a process gives itself; null when it is gone. */
function nameOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trimEnd();
  } catch {
    return null;
  }
}

/** Whether a process is the app, other than ourselves, that started a utility process: that one says so, or both run the same program. */
function isAppOf(parent: number, pid: number, ceremony: string): boolean {
  if (parent === process.pid) return false;
  if (nameOf(pid) === processMark(ceremony, parent)) return true;
  try {
    return readlinkSync(`/proc/${String(parent)}/exe`) === readlinkSync(`/proc/${String(pid)}/exe`);
  } catch {
    return false;
  }
}

function alive(pid: number, ceremony: string): DeviceError {
  return new DeviceError({
    code: 'ALREADY_RUNNING',
    message: `Ceremony ${ceremony} is being run by process ${String(pid)}.`,
    changed: 'Nothing was changed, and nothing was ended.',
    next: 'Go on there; or end that process, then resume the ceremony',
    uncertain: false,
  });
}

function survivor(pid: number, ceremony: string): DeviceError {
  return new DeviceError({
    code: 'SURVIVOR',
    message: `Process ${String(pid)} of an earlier run of ceremony ${ceremony} cannot be ended`,
    changed: 'Nothing was changed by this run. The process may still hold a device',
    next: 'Disconnect the device or restart the workstation, then resume the ceremony',
    uncertain: true,
  });
}
