/** A line of 1 GiB in a real file (sparse): the built `keyrite verify` and verify.sh refuse it in bounded time and memory. */
import { spawn } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TRANSCRIPT } from '../../ceremony/bundle/layout';
import { SCRIPT } from './mutation/both-verifiers';
import { readFiles, writeFiles, type Files } from './mutation/bundle-files';
import { GIB, HUGE_LINES, startOf } from './mutation/huge-line';
import { removeDirectory, temporaryDirectory } from './temp-folder';

const RELEASED = fileURLToPath(new URL('../fixtures/bundles/0.1.0/bundle', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../build/keyrite.cjs', import.meta.url));
/** Longest that either may take, and most memory that one of its processes may hold. */
const LIMIT = { ms: 120_000, bytes: 400 * 1024 * 1024 };

let directory = '';
let files: Files = new Map();
beforeEach(async () => {
  directory = await temporaryDirectory();
  files = await readFiles(RELEASED);
});
afterEach(async () => {
  await removeDirectory(directory);
});

describe.each(HUGE_LINES)('a line of 1 GiB $name', ({ before, after }) => {
  it('is refused by keyrite verify and verify.sh on a real file', { timeout: 600_000 }, async () => {
    await writeFiles(directory, files);
    const path = openSync(join(directory, TRANSCRIPT), 'w');
    const start = Buffer.from(startOf(files, before));
    writeSync(path, start);
    // Sparse: a line of NULs that takes no place on the medium.
    ftruncateSync(path, start.length + GIB);
    writeSync(path, after, start.length + GIB);
    closeSync(path);
    for (const [program, ...args] of [
      [process.execPath, PROGRAM, 'verify', directory],
      ['sh', SCRIPT, directory],
    ]) {
      const ended = await measured(program ?? '', args);
      expect(ended.output).toMatch(/^(?:verdict: )?refused/mu);
      expect(ended.code).toBe(1);
      expect(ended.ms).toBeLessThan(LIMIT.ms);
      expect(ended.bytes).toBeLessThan(LIMIT.bytes);
      console.log(
        `${program ?? ''}: ${String(Math.round(ended.ms))} ms, ${String(Math.round(ended.bytes / 1024 ** 2))} MiB`,
      );
    }
  });
});

/** Runs a program in a process group of its own, and looks again and again how much memory each of its processes held at most. */
async function measured(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string; readonly ms: number; readonly bytes: number }> {
  const begun = performance.now();
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let bytes = 0;
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (output += piece.toString()));
  const look = setInterval(() => {
    bytes = Math.max(bytes, largestIn(child.pid ?? 0));
  }, 20);
  const code = await new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  clearInterval(look);
  return { code, output, ms: performance.now() - begun, bytes };
}

/** Most memory that any process of a group has held, in bytes, by /proc. */
function largestIn(group: number): number {
  const sizes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) !== group) return 0;
        return Number(/^VmHWM:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
      } catch {
        return 0;
      }
    });
  return Math.max(0, ...sizes);
}
