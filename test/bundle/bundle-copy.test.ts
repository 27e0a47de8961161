/** What the sums say of a bundle, and copies of it: whole or not there, whatever is wrong with the medium. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS, SUMS } from '../../ceremony/bundle/layout';
import { areWholeSums, sealOf } from '../../ceremony/bundle/sums';
import { THIS_RUNTIME } from '../../cli/this-app';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { LinuxWorkstation, mediumProblem } from '../../workstation/linux-workstation';
import { makeBundle } from './software-ceremony';

let base: string;
let path: string;
let medium: string;
let folder: FileBundleFolder;
let workstation: LinuxWorkstation;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'keyrite-copy-'));
  path = join(base, 'bundle');
  medium = join(base, 'usb');
  mkdirSync(path);
  mkdirSync(medium);
  folder = new FileBundleFolder(path);
  workstation = new LinuxWorkstation(folder, THIS_RUNTIME);
  await makeBundle(folder, {});
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(base, { recursive: true, force: true });
});

const sumsFile = (): string => join(path, SUMS);
const sums = (): string => readFileSync(sumsFile(), 'utf8');

describe('the seal', () => {
  test('is whole, and at every length that a crash could leave it is not', async () => {
    expect(await sealOf(folder)).toBe('whole');
    const whole = sums();
    const step = Math.max(1, Math.floor(whole.length / 40));
    for (let length = 0; length < whole.length; length += step) {
      writeFileSync(sumsFile(), whole.slice(0, length));
      expect(await sealOf(folder), String(length)).toBe('torn');
      expect(areWholeSums(sums()), String(length)).toBe(false);
    }
    writeFileSync(sumsFile(), Buffer.alloc(whole.length));
    expect(await sealOf(folder)).toBe('torn');
    rmSync(sumsFile());
    expect(await sealOf(folder)).toBe('none');
  });

  test('does not hold for other files, however they came, and reads none that is too long', async () => {
    const key = join(path, 'keys', readdirSync(join(path, 'keys'))[0] ?? '');
    const before = readFileSync(key);
    writeFileSync(key, 'x');
    expect(await sealOf(folder)).toBe('changed');
    writeFileSync(key, before);
    expect(await sealOf(folder)).toBe('whole');
    writeFileSync(join(path, 'attachments.txt'), 'x');
    expect(await sealOf(folder)).toBe('changed');
    truncateSync(sumsFile(), LIMITS.fileBytes + 1);
    const read = vi.spyOn(folder, 'read');
    expect(await sealOf(folder)).toBe('changed');
    expect(read).not.toHaveBeenCalled();
  });

  test('a sealed bundle’s sums end with verify.sh: what is cut before it is not whole', () => {
    const line = (name: string): string => `${'0'.repeat(64)}  ${name}\n`;
    expect(areWholeSums(line('transcript.jsonl') + line('verify.sh'))).toBe(true);
    expect(areWholeSums(line('transcript.jsonl'))).toBe(false);
    expect(areWholeSums('')).toBe(false);
  });
});

describe('another name', () => {
  test('is given once, and never over something', async () => {
    await folder.create('.SHA256SUMS.part', Buffer.from('new'));
    await expect(folder.rename('.SHA256SUMS.part', SUMS)).rejects.toThrow('EEXIST');
    await folder.remove(SUMS);
    await folder.rename('.SHA256SUMS.part', SUMS);
    expect(sums()).toBe('new');
    expect(await folder.list()).not.toContain('.SHA256SUMS.part');
  });
});

describe('a copy', () => {
  test('is whole; made again it is left as it is; what an interrupted one left is made anew', async () => {
    mkdirSync(join(medium, 'c.part', 'keys'), { recursive: true });
    writeFileSync(join(medium, 'c.part', 'plan.yaml'), 'half');
    await workstation.copyToMedium(medium, 'c');
    const copy = new FileBundleFolder(join(medium, 'c'));
    expect(await sealOf(copy)).toBe('whole');
    expect(await copy.list()).toEqual(await folder.list());
    expect(readdirSync(medium)).toEqual(['c']);
    const create = vi.spyOn(FileBundleFolder.prototype, 'create');
    await workstation.copyToMedium(medium, 'c');
    expect(create).not.toHaveBeenCalled();
    rmSync(join(medium, 'c', 'verify.sh'), { force: true });
    writeFileSync(join(medium, 'c', 'more'), '');
    await expect(workstation.copyToMedium(medium, 'c')).rejects.toMatchObject({
      code: 'NOT_COPIED',
      message: expect.stringContaining('nothing is overwritten'),
    });
    expect(existsSync(join(medium, 'c', 'more'))).toBe(true);
  });

  test('that breaks off leaves nothing of its name, and tells what broke it even if it cannot be cleaned up', async () => {
    vi.spyOn(FileBundleFolder.prototype, 'create').mockImplementation(() => {
      // The unfinished folder cannot be looked at either, nor removed.
      rmSync(medium, { recursive: true });
      symlinkSync(medium, medium);
      return Promise.reject(Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO', syscall: 'write' }));
    });
    await expect(workstation.copyToMedium(medium, 'c')).rejects.toMatchObject({
      code: 'NOT_COPIED',
      message: expect.stringContaining('the medium reports an error'),
    });
    expect(existsSync(join(medium, 'c'))).toBe(false);
  });

  test('of a bundle that cannot be listed is refused in words', async () => {
    vi.spyOn(folder, 'list').mockRejectedValue(Object.assign(new Error('x'), { code: 'EIO', syscall: 'scandir' }));
    await expect(workstation.copyToMedium(medium, 'c')).rejects.toMatchObject({ code: 'NOT_COPIED' });
  });
});

describe('a medium', () => {
  test('that cannot be looked at has its problem in words', async () => {
    const loop = join(base, 'loop');
    symlinkSync('loop', loop);
    expect(mediumProblem(loop)).toBe('it cannot be looked at: its links lead round in a circle');
    expect(mediumProblem(join(loop, 'usb'))).toContain('circle');
    expect(mediumProblem(join(base, 'x'.repeat(300)))).toContain('too long');
    await expect(workstation.copyToMedium(join(loop, 'usb'), 'c')).rejects.toMatchObject({ code: 'NOT_COPIED' });
    const observed = await workstation.observe([{ id: 'usb', path: loop }], []);
    expect(observed.at(-1)).toMatchObject({ check: 'medium usb', ok: false });
  });
});
