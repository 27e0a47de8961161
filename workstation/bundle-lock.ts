/**
 * Sees to it that one bundle is worked on by one keyrite at a time. The mark of a running keyrite is a file outside the
 * bundle, named by the bundle's real path and by the process (boot, id, start time), so that a mark of a dead process is
 * never mistaken for a living one, and anybody may clear it away.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeviceError } from '../ceremony/command/device-error';

/** A bundle held by this process. */
export interface BundleLock {
  /** Lets go. Not needed before the process ends, whichever way it does. */
  release(): void;
}

/**
 * Takes a bundle for this process. Two that try at the same moment may both be refused, never both let in.
 *
 * @param bundle folder of the bundle, which exists
 * @param root folder for the marks, for tests
 * @throws DeviceError `ALREADY_RUNNING` naming the process that has it
 */
export function lockBundle(bundle: string, root = lockRoot()): BundleLock {
  const folder = join(root, createHash('sha256').update(realpathSync(bundle)).digest('hex'));
  const mine = nameOf(process.pid);
  if (mine === null) throw new Error('/proc: this process is not in it');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (readdirSync(folder).includes(mine)) throw alreadyRunning(process.pid, bundle);
  const mark = join(folder, mine);
  closeSync(openSync(mark, 'wx', 0o600));
  const release = () => {
    process.off('exit', release);
    rmSync(mark, { force: true });
    removeEmpty(folder);
  };
  process.once('exit', release);
  for (const name of readdirSync(folder)) {
    if (name === mine) continue;
    const pid = Number(name.split('-')[0]);
    // SECURITY(K-29): the very process that left the mark is alive.
    if (nameOf(pid) === name) {
      release();
      throw alreadyRunning(pid, bundle);
    }
    rmSync(join(folder, name), { force: true });
  }
  return { release };
}

/** Leaves nothing behind, unless another process has put its mark there. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another process has its mark there, or was quicker.
  }
}

/** The mark of a living process: id, start time in clock ticks, and boot; null when there is none. */
function nameOf(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  let stat: string;
  try {
    stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return null;
  }
  // Behind the program's name, which is in brackets and may hold anything, the start time is the 20th field.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start = fields[18];
  if (state === 'Z' || start === undefined) return null;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${String(pid)}-${start}-${boot}`;
}

/** A folder of this user's own: nobody else can forbid a run by leaving a mark. */
function lockRoot(): string {
  const user = process.getuid?.() ?? 0;
  const runtime = process.env['XDG_RUNTIME_DIR'];
  const root = runtime === undefined ? join(tmpdir(), `keyrite-${String(user)}`) : join(runtime, 'keyrite');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(root);
  if (uid !== user || (mode & 0o077) !== 0 || !lstatSync(root).isDirectory()) {
    throw new Error(`${root}: expected a folder of your own with mode 700. Remove it, and try again`);
  }
  return root;
}

function alreadyRunning(pid: number, bundle: string): DeviceError {
  return new DeviceError({
    code: 'ALREADY_RUNNING',
    message: `Another keyrite (process ${String(pid)}) is working on ${bundle}`,
    changed: 'Nothing was changed',
    next: 'Go on there, or end it first',
    uncertain: false,
  });
}
