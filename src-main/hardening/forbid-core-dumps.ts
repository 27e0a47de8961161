/** Core dumps off in every process of the app, renderers included: a dump holds what the process held. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/**
 * Sets the limit to zero, hard and soft, for this process and all below it. At start that is Chromium's zygotes, which
 * were forked before our first line and hand their limits on to every renderer.
 *
 * @throws Error when a process of ours keeps another limit
 */
export function forbidCoreDumps(): void {
  // SECURITY(K-49): a crash of a secret window would leave a PIN in a file.
  for (const pid of [process.pid, ...descendantsOf(process.pid)]) {
    if (leavesNoCoreDump(pid)) continue;
    spawnSync('prlimit', ['--core=0:0', '--pid', String(pid)], { stdio: 'ignore' });
    if (!leavesNoCoreDump(pid)) throw new Error(`core dumps of process ${String(pid)} cannot be forbidden`);
  }
}

/** Whether the system says that a process leaves no core dump and cannot change that. A process that is gone leaves none. */
export function leavesNoCoreDump(pid: number): boolean {
  const limits = readProc(pid, 'limits');
  return limits === null || /^Max core file size\s+0\s+0\s/m.test(limits);
}

/** Process ids below one, as far as they live. */
function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // `pid (name, which may hold anything) state parent …`
    const stat = readProc(Number(name), 'stat');
    const parent = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const below: number[] = [];
  for (let next = [pid]; next.length > 0; next = next.flatMap((one) => parents.get(one) ?? [])) below.push(...next);
  return below.slice(1);
}

function readProc(pid: number, file: 'limits' | 'stat'): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  } catch {
    return null;
  }
}
