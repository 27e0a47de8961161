/** One at a time, also when somebody died at it. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLock } from '../../scripts/setup/lock.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-lock-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const pause = (): Promise<void> => new Promise((resume) => setTimeout(resume, 20));

describe('a lock', () => {
  test('lets one work at a time, and then the next', async () => {
    let working = 0;
    const work = async (): Promise<number> => {
      working += 1;
      const together = working;
      await pause();
      working -= 1;
      return together;
    };
    const file = join(folder, 'a.lock');
    expect(await Promise.all([withLock(file, work), withLock(file, work), withLock(file, work)])).toEqual([1, 1, 1]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is given back when the work fails', async () => {
    const file = join(folder, 'a.lock');
    await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock(file, () => Promise.resolve('yes'))).toBe('yes');
  });

  test('of a process that is dead does not count', async () => {
    const file = join(folder, 'a.lock');
    writeFileSync(file, String(spawnSync('true').pid));
    expect(await withLock(file, () => Promise.resolve('done'))).toBe('done');
  });
});
