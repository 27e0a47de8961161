/** The bundle on a real medium: never over something, never beyond the folder, and never led astray by what lies in it. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { makeBundle } from './software-ceremony';

let base: string;
let path: string;
let folder: FileBundleFolder;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'keyrite-medium-'));
  path = join(base, 'bundle');
  mkdirSync(path);
  folder = new FileBundleFolder(path);
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('writing', () => {
  test('creates what is not there yet, and never writes over anything', async () => {
    await folder.create('keys/a.pem', bytes('one'));
    await expect(folder.create('keys/a.pem', bytes('two'))).rejects.toThrow('EEXIST');
    expect(readFileSync(join(path, 'keys/a.pem'), 'utf8')).toBe('one');
    symlinkSync(join(base, 'elsewhere'), join(path, 'link'));
    await expect(folder.create('link', bytes('two'))).rejects.toThrow('EEXIST');
    expect(statSync(join(base, 'elsewhere'), { throwIfNoEntry: false })).toBeUndefined();
  });

  test('appends and cuts', async () => {
    await folder.append('transcript.jsonl', bytes('one\n'));
    await folder.append('transcript.jsonl', bytes('two\ntorn'));
    await folder.truncate('transcript.jsonl', 8);
    expect(Buffer.from(await folder.read('transcript.jsonl')).toString()).toBe('one\ntwo\n');
  });

  test('stays in its folder', async () => {
    await expect(folder.create('../b', bytes('x'))).rejects.toThrow('outside the bundle');
    await expect(folder.read('keys/../../b')).rejects.toThrow('outside the bundle');
  });
});

describe('a bundle with something in it that is no plain file', () => {
  const hostile: Readonly<Record<string, (file: string) => void>> = {
    'a pipe that nobody writes to': (file) => execFileSync('mkfifo', [file]),
    'a link to a device without end': (file) => {
      symlinkSync('/dev/zero', file);
    },
    'a link to a file outside': (file) => {
      writeFileSync(join(base, 'outside'), 'x');
      symlinkSync(join(base, 'outside'), file);
    },
  };

  test.each(Object.entries(hostile))(
    '%s: is listed, not read, and found at once',
    async (_what, make) => {
      await makeBundle(folder, {});
      make(join(path, 'packages', 'x.json'));
      expect(await folder.list()).toContain('packages/x.json');
      await expect(folder.read('packages/x.json')).rejects.toThrow('it is not a plain file');
      const report = await verifyBundle(folder);
      expect(report.verdict).toBe('refused');
      expect(report.findings).toContainEqual(
        expect.objectContaining({
          where: 'packages/x.json',
          reason: 'cannot be read: packages/x.json could not be read (it is not a plain file)',
        }),
      );
    },
    10_000,
  );

  test('a file of many gigabytes is found by its length, and not read', async () => {
    await makeBundle(folder, {});
    writeFileSync(join(path, 'packages', 'x.json'), '');
    truncateSync(join(path, 'packages', 'x.json'), 20 * 1024 ** 3);
    expect(await folder.size('packages/x.json')).toBe(20 * 1024 ** 3);
    const started = performance.now();
    const report = await verifyBundle(folder);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ where: 'packages/x.json', reason: 'longer than 67108864 bytes' }),
    );
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('whatever the medium answers, there is a verdict and no exception', async () => {
    const failing = { list: () => Promise.reject(new Error('EIO')), read: () => Promise.reject(new Error('EIO')) };
    expect((await verifyBundle(failing)).verdict).toBe('refused');
    const many = {
      ...failing,
      list: () => Promise.resolve(Array.from({ length: 10_001 }, (_, at) => `keys/${String(at)}`)),
    };
    expect((await verifyBundle(many)).findings[0]?.reason).toBe('more than 10000 files');
  });
});
