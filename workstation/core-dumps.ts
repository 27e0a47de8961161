/** Core dumps of this process and its children, which would hold what they hold. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Forbids core dumps of this process and of every child it starts from now on.
 *
 * @returns whether the system now says so
 */
export function forbidCoreDumps(): boolean {
  spawnSync('prlimit', ['--core=0:0', '--pid', String(process.pid)], { stdio: 'ignore' });
  return /^Max core file size\s+0\s+0\s/m.test(readFileSync('/proc/self/limits', 'utf8'));
}

/** Where the kernel says what becomes of a dump; see core(5). */
export const CORE_PATTERN = '/proc/sys/kernel/core_pattern';

/**
 * Who gets the dump of a process that crashes although its limit is zero: the kernel hands it to a program (`|`) or a
 * socket (`@`) whatever the limit says. It forbids files only.
 *
 * @param pattern content of {@link CORE_PATTERN}
 * @returns the program or socket, at most 200 printable characters; null when dumps go to files
 */
export function whoGetsCoreDumps(pattern: string): string | null {
  // SECURITY(K-132): systemd-coredump and apport keep what a crashed worker or window held on the disk.
  const [, who] = /^[|@]\s*(\S*)/.exec(pattern) ?? [];
  return who === undefined ? null : who.replace(/[^ -~]/g, '?').slice(0, 200);
}
