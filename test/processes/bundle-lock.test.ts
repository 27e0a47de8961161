import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockBundle } from '../../workstation/bundle-lock';

let base: string;
let root: string;
let bundle: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'keyrite-lock-'));
  root = join(base, 'locks');
  bundle = join(base, 'bundle');
  mkdirSync(bundle);
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

function marks(): { folder: string; names: string[] } {
  const [name = ''] = readdirSync(root);
  return { folder: join(root, name), names: readdirSync(join(root, name)) };
}

test('a bundle is held once, by whichever path it is named, and can be taken again after it was let go', () => {
  const link = join(base, 'link');
  symlinkSync(bundle, link);
  const lock = lockBundle(bundle, root);
  expect(() => lockBundle(link, root)).toThrow(`Another keyrite (process ${String(process.pid)}) is working on`);
  const other = join(base, 'other');
  mkdirSync(other);
  lockBundle(other, root).release();
  lock.release();
  lockBundle(link, root).release();
  expect(readdirSync(bundle)).toEqual([]);
  expect(readdirSync(root), 'nothing is left behind').toEqual([]);
});

test('the mark of another process counts as long as that very process lives', async () => {
  const held = lockBundle(bundle, root);
  const { folder } = marks();
  held.release();
  mkdirSync(folder);
  const other = spawn('sleep', ['60']);
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const start =
    readFileSync(`/proc/${String(other.pid)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ')[19] ?? '';
  writeFileSync(join(folder, `${String(other.pid)}-${start}-${boot}`), '');
  expect(() => lockBundle(bundle, root)).toThrow(`process ${String(other.pid)}`);
  expect(marks().names).toHaveLength(1);
  other.kill('SIGKILL');
  await once(other, 'exit');
  // A later process of the same number, and marks of another boot or of nobody, do not count either.
  writeFileSync(join(folder, `${String(process.ppid)}-1-${boot}`), '');
  writeFileSync(join(folder, 'nonsense'), '');
  const lock = lockBundle(bundle, root);
  expect(marks().names).toHaveLength(1);
  lock.release();
});
