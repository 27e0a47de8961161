/** Ends children of a run that was killed, before its devices are read again. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError } from '../ceremony/command/device-error';
import { SCRIPT_NAMES } from './node-children';

/** How long a killed process may take to be gone, in milliseconds: one that hangs in the kernel does not go at all. */
const GONE_MS = 5_000;
const POLL_MS = 10;

/**
 * Kills the children that a killed run of this ceremony left behind, and waits until they are gone. They are known by
 * the program they run and by `--ceremony=<id>` in their argv.
 *
 * @param scripts file names of the programs; ours unless a test says otherwise
 * @returns the process ids ended
 * @throws DeviceError `ALREADY_RUNNING` when one still has its keyrite: that run is alive, under whatever folder or user;
 *   `SURVIVOR` when one cannot be ended: it may still hold the device
 */
export async function endSurvivors(ceremony: string, scripts: readonly string[] = SCRIPT_NAMES): Promise<number[]> {
  const found = processes().filter((pid) => isOurs(pid, ceremony, scripts));
  for (const pid of found) {
    const parent = parentOf(pid);
    if (parent !== null && runsKeyrite(parent)) throw alive(parent, ceremony);
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
    while (isOurs(pid, ceremony, scripts)) {
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
  return args.includes(`--ceremony=${ceremony}`) && args.slice(0, 3).some((arg) => scripts.includes(basename(arg)));
}

/** The parent's process id; null when the process is gone. */
function parentOf(pid: number): number | null {
  try {
    // The second field, in brackets, may itself hold blanks and brackets.
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
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

function alive(pid: number, ceremony: string): DeviceError {
  return new DeviceError({
    code: 'ALREADY_RUNNING',
    message: `Ceremony ${ceremony} is being run by process ${String(pid)}.`,
    changed: 'Nothing was changed, and nothing was ended.',
    next: 'Go on there; or end that process, then: keyrite resume',
    uncertain: false,
  });
}

function survivor(pid: number, ceremony: string): DeviceError {
  return new DeviceError({
    code: 'SURVIVOR',
    message: `Process ${String(pid)} of an earlier run of ceremony ${ceremony} cannot be ended`,
    changed: 'Nothing was changed by this run. The process may still hold a device',
    next: 'Disconnect the device or restart the workstation, then go on with: keyrite resume',
    uncertain: true,
  });
}
