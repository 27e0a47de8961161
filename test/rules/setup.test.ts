/** What the set-up decides: what is missing, what it would do about it, what it does again and what not. */
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { build } from '../../scripts/build.mjs';
import type { Bundle } from '../../scripts/bundles.mjs';
import { linkCommands } from '../../scripts/setup/command-links.mjs';
import { contentHash } from '../../scripts/setup/content-hash.mjs';
import { checkNodeVersion } from '../../scripts/setup/node-version.mjs';
import { lockDifference, type LockEntry, type Lockfile } from '../../scripts/setup/npm-packages.mjs';
import { findCommand, runCommand } from '../../scripts/setup/run-command.mjs';
import { SetupFailure, step } from '../../scripts/setup/step.mjs';
import {
  SYSTEM_PACKAGES,
  fileExists,
  installPlan,
  missingPackages,
  packagesFor,
} from '../../scripts/setup/system-packages.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-setup-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.restoreAllMocks();
});

function put(name: string, content: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}

describe('Node', () => {
  test.each(['18.20.8', '20.18.3', '16.0.0'])('%s is too old', (version) => {
    expect(() => checkNodeVersion(version)).toThrow(`Node ${version} is too old`);
    expect(remedyOf(() => checkNodeVersion(version))).toContain('install Node 20.19 or newer');
  });
  test.each(['20.19.0', '22.1.0', '24.0.0-nightly'])('%s will do', (version) => {
    expect(checkNodeVersion(version)).toBe(`Node ${version}`);
  });
});

describe('system packages', () => {
  const everything = { command: () => true, file: () => true };

  test('nothing is missing where every program and file is there', () => {
    expect(missingPackages(SYSTEM_PACKAGES, everything)).toEqual([]);
  });

  test.each([
    ['softhsm2-util', 'softhsm2'],
    ['pkcs11-tool', 'opensc'],
    ['g++', 'g++'],
    ['jq', 'jq'],
    ['openssl', 'openssl'],
    ['shellcheck', 'shellcheck'],
    ['lpstat', 'cups-client'],
    ['cupsd', 'cups-daemon'],
    ['strace', 'strace'],
    ['Xvfb', 'xvfb'],
    ['xauth', 'xauth'],
    ['xdotool', 'xdotool'],
  ])('without the program %s, %s is missing', (program, name) => {
    const probe = { ...everything, command: (one: string) => one !== program };
    expect(missingPackages(SYSTEM_PACKAGES, probe).map((one) => one.name)).toEqual([name]);
  });

  test.each([
    ['libsofthsm2.so', 'softhsm2'],
    ['libsoftokn3.so', 'libnss3'],
    ['libpkcs11_sw.so', 'opencryptoki'],
    ['libopencryptoki.so', 'libopencryptoki0'],
    ['libgtk-3.so.0', 'libgtk-3-0'],
    ['libgbm.so.1', 'libgbm1'],
    ['libasound.so.2', 'libasound2'],
  ])('without the library %s, %s is missing though a package list may name it', (library, name) => {
    const probe = { ...everything, file: (pattern: string) => !pattern.endsWith(library) };
    expect(missingPackages(SYSTEM_PACKAGES, probe).map((one) => one.name)).toEqual([name]);
  });

  test('one of the places where a library can be is enough', () => {
    const probe = { ...everything, file: (pattern: string) => pattern.startsWith('/usr/lib64/') };
    expect(missingPackages(SYSTEM_PACKAGES, probe)).toEqual([]);
  });

  test('each says why; the terminal needs neither what the app needs nor what the tests need', () => {
    for (const one of SYSTEM_PACKAGES) expect(one.why, one.name).toMatch(/^[a-zA-Z].{10,}/);
    const names = (forApp: boolean, forTests: boolean): string[] =>
      packagesFor({ forApp, forTests }).map((one) => one.name);
    const terminal = ['softhsm2', 'opensc', 'g++', 'jq', 'openssl', 'libnss3'];
    const app = [...terminal, 'libgtk-3-0', 'libgbm1', 'libasound2'];
    const tests = [
      'opencryptoki',
      'libopencryptoki0',
      'shellcheck',
      'python3',
      'poppler-utils',
      'age',
      'zbar-tools',
      'ghostscript',
      'cups-client',
      'cups-daemon',
      'strace',
      'xvfb',
      'xauth',
      'xdotool',
    ];
    expect(names(false, false)).toEqual(terminal);
    expect(names(true, false)).toEqual(app);
    expect(names(false, true)).toEqual([...app, ...tests]);
    expect(names(true, true)).toEqual(SYSTEM_PACKAGES.map((one) => one.name));
  });

  test('root installs; so does sudo without a password; without it, one line is shown', () => {
    const names = ['jq', 'softhsm2'];
    expect(installPlan(names, { apt: true, root: true, sudo: false })).toEqual({
      prefix: ['env', 'DEBIAN_FRONTEND=noninteractive'],
    });
    expect(installPlan(names, { apt: true, root: false, sudo: true })).toEqual({
      prefix: ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive'],
    });
    expect(installPlan(names, { apt: true, root: false, sudo: false })).toEqual({
      remedy:
        'run this line, and start again:\n' +
        "  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends jq softhsm2'",
    });
  });

  test('where there is no apt-get, the names are shown', () => {
    expect(installPlan(['jq'], { apt: false, root: true, sudo: true })).toEqual({
      remedy: 'this is not Debian or Ubuntu: install what those call jq, and start again',
    });
  });

  test('files are found below any one folder', () => {
    put('lib/x86_64-linux-gnu/softhsm/m.so', '');
    expect(fileExists(`${folder}/lib/*/softhsm/m.so`)).toBe(true);
    expect(fileExists(`${folder}/lib/*/nss/m.so`)).toBe(false);
    expect(fileExists(`${folder}/nowhere/*/m.so`)).toBe(false);
    expect(fileExists(`${folder}/lib/x86_64-linux-gnu/softhsm/m.so`)).toBe(true);
  });

  test('a program is found by PATH; a folder or a plain file of its name is none', () => {
    put('plain/keyrite-probe', '');
    mkdirSync(join(folder, 'folder/keyrite-probe'), { recursive: true });
    put('good/keyrite-probe', '#!/bin/sh\n');
    execFileSync('chmod', ['+x', join(folder, 'good/keyrite-probe')]);
    const path = (...names: string[]): string => names.map((name) => join(folder, name)).join(':');
    expect(findCommand('keyrite-probe', path('plain', 'folder'))).toBeNull();
    expect(findCommand('keyrite-probe', path('plain', 'folder', 'good'))).toBe(join(folder, 'good/keyrite-probe'));
  });
});

describe('npm packages', () => {
  const manifest: LockEntry = { dependencies: { a: '1.0.0' } };
  const wanted: Lockfile = {
    packages: {
      '': { dependencies: { a: '1.0.0' } },
      connected: { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/for-windows': { version: '1.0.0', integrity: 'sha512-w', optional: true },
      'node_modules/keyrite-connect': { link: true },
    },
  };
  const installed: Lockfile = {
    packages: {
      connected: { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/keyrite-connect': { link: true },
    },
  };
  const all = (): boolean => true;

  test('nothing to do when everything but what is for other systems is there', () => {
    expect(lockDifference(manifest, wanted, installed, all)).toBeNull();
  });

  test('no node_modules, or one that npm did not finish', () => {
    expect(lockDifference(manifest, wanted, null, all)).toBe('node_modules is missing or was not finished');
  });

  test('a folder that somebody deleted', () => {
    const there = (path: string): boolean => path !== 'node_modules/a';
    expect(lockDifference(manifest, wanted, installed, there)).toBe('node_modules/a is missing');
  });

  test.each([{ version: '1.0.1' }, { integrity: 'sha512-other' }])('another version: %o', (change) => {
    const packages = {
      ...installed.packages,
      'node_modules/a': { ...installed.packages['node_modules/a'], ...change },
    };
    expect(lockDifference(manifest, wanted, { packages }, all)).toBe('node_modules/a is another version');
  });

  test('a package that the lockfile does not name', () => {
    const packages = { ...installed.packages, 'node_modules/b': { version: '1.0.0' } };
    expect(lockDifference(manifest, wanted, { packages }, all)).toBe('node_modules/b is not in package-lock.json');
  });

  test('package.json that was changed without npm', () => {
    const changed = { dependencies: { a: '2.0.0' } };
    expect(lockDifference(changed, wanted, installed, all)).toContain('package.json asks for other packages');
  });
});

describe('stamps', () => {
  test('depend on names, contents and where one ends', () => {
    const of = (...parts: [string, string][]): string => contentHash(parts);
    expect(of(['a', 'x'])).toBe(of(['a', 'x']));
    const different = [of(['a', 'x']), of(['a', 'y']), of(['b', 'x']), of(['a', 'x'], ['b', '']), of(['a', 'xb'])];
    expect(new Set(different).size).toBe(different.length);
    expect(of(['a', 'x'])).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('build', () => {
  const program: Bundle = {
    entry: 'cli/a.ts',
    output: 'build/a.cjs',
    runsIn: 'node',
    command: false,
    external: [],
    constants: {},
  };
  const command: Bundle = { ...program, command: true };
  const said: string[] = [];
  const run = (bundles = [command]): Promise<string> => build(folder, (text) => said.push(text), bundles);

  beforeEach(() => {
    said.length = 0;
    put('package.json', '{"version":"9.8.7"}');
    put('tsconfig.base.json', '{}');
    put('cli/script.sh', 'echo from the script\n');
    put(
      'cli/a.ts',
      "#!/usr/bin/env node\nimport text from './script.sh';\nconsole.log(KEYRITE_VERSION, typeof crypto.subtle, text);\n",
    );
  });

  test('a command can be executed, has WebCrypto before all else, its version, and scripts as text', async () => {
    expect(await run()).toBe('built 1 of 1 programs');
    const lines = readFileSync(join(folder, 'build/a.cjs'), 'utf8').split('\n');
    expect(lines.slice(0, 3)).toEqual([
      '#!/usr/bin/env node',
      "'use strict';",
      "globalThis.crypto ??= require('node:crypto').webcrypto;",
    ]);
    expect(lines.filter((line) => line.startsWith('#!'))).toHaveLength(1);
    expect(statSync(join(folder, 'build/a.cjs')).mode & 0o111).toBe(0o111);
    expect(execFileSync(join(folder, 'build/a.cjs'), { encoding: 'utf8' })).toBe(
      '9.8.7 object echo from the script\n\n',
    );
  });

  test('is left alone until a source, the version or the result changes', async () => {
    await run();
    expect(await run()).toBe('already built');
    put('cli/script.sh', 'echo something else\n');
    expect(await run()).toBe('built 1 of 1 programs');
    put('package.json', '{"version":"9.8.8"}');
    expect(await run()).toBe('built 1 of 1 programs');
    put('build/a.cjs', 'tampered with');
    expect(await run()).toBe('built 1 of 1 programs');
    rmSync(join(folder, 'build/a.cjs'));
    expect(await run()).toBe('built 1 of 1 programs');
    expect(await run()).toBe('already built');
  });

  test('an entry that is missing or broken is named, and the others are built', async () => {
    put('cli/broken.ts', 'const = 1;\n');
    put('cli/meta.ts', 'console.log(import.meta.url);\n');
    const others = ['missing', 'broken', 'meta'].map((name) => ({
      ...program,
      entry: `cli/${name}.ts`,
      output: `build/${name}.cjs`,
    }));
    const failure = await run([...others, command]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SetupFailure);
    const { message } = failure as SetupFailure;
    expect(message).toContain('cli/missing.ts does not exist, so build/missing.cjs was not built');
    expect(message).toContain('cli/broken.ts does not build');
    expect(message).toContain('cli/meta.ts does not build');
    expect(statSync(join(folder, 'build/a.cjs')).isFile()).toBe(true);
  });
});

describe('a preload, which runs in a sandboxed window', () => {
  const preload: Bundle = {
    entry: 'src-main/p.ts',
    output: 'build/app/p.cjs',
    runsIn: 'preload',
    command: false,
    external: ['electron'],
    constants: { KEYRITE_TEST_BUILD: true },
  };

  beforeEach(() => {
    put('package.json', '{"version":"9.8.7"}');
    put('tsconfig.base.json', '{}');
  });

  test('asks for no module of Node before all else, and knows how it was compiled', async () => {
    put('src-main/p.ts', "import { ipcRenderer } from 'electron';\nipcRenderer.send(String(KEYRITE_TEST_BUILD));\n");
    await build(folder, () => undefined, [preload]);
    const text = readFileSync(join(folder, 'build/app/p.cjs'), 'utf8');
    expect(text.startsWith("'use strict';\n")).toBe(true);
    expect([...text.matchAll(/require\("([^"]*)"\)/g)].map(([, name]) => name)).toEqual(['electron']);
    expect(text).toContain('send(String(true))');
  });

  test('does not build when it imports one', async () => {
    put('src-main/p.ts', "import { readFileSync } from 'node:fs';\nconsole.log(readFileSync);\n");
    await expect(build(folder, () => undefined, [preload])).rejects.toThrow('Could not resolve "node:fs"');
  });
});

describe('commands', () => {
  test('are linked once, and again when somebody changed them', () => {
    expect(linkCommands(folder)).toBe('npx keyrite, npx keyrite-connect');
    expect(linkCommands(folder)).toBe('already linked');
    expect(readlinkSync(join(folder, 'node_modules/.bin/keyrite'))).toBe('../../build/keyrite.cjs');
    rmSync(join(folder, 'node_modules/.bin/keyrite'));
    put('node_modules/.bin/keyrite', 'something else');
    expect(linkCommands(folder)).toBe('npx keyrite, npx keyrite-connect');
    expect(readlinkSync(join(folder, 'node_modules/.bin/keyrite'))).toBe('../../build/keyrite.cjs');
  });
});

describe('steps', () => {
  test('say how they ended and how long they took', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await step('jam', (say) => {
      say('boiling');
      return 'three glasses';
    });
    expect(log.mock.calls.flat()).toEqual([
      '  …  jam: boiling',
      expect.stringMatching(/^ {2}ok jam: three glasses \(\d+\.\d\d s\)$/),
    ]);
  });

  test('that fail name the remedy, also where the fault is ours', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const fail = (thrown: Error): Promise<void> =>
      step('jam', () => {
        throw thrown;
      });
    await expect(fail(new SetupFailure('no sugar', 'buy some'))).rejects.toThrow('no sugar');
    expect(error.mock.calls.flat().join()).toMatch(/stopped at "jam" .*: no sugar\nWhat to do: buy some\n/);
    await expect(fail(new Error('oops'))).rejects.toThrow('oops');
    expect(error.mock.calls.flat().join()).toContain('What to do: this is a fault of the set-up itself');
  });

  test('a program that can’t be started, fails or is killed has a code', async () => {
    expect(await runCommand('keyrite-no-such-program', [])).toMatchObject({ code: 127 });
    expect(await runCommand('sh', ['-c', 'echo out; echo err >&2; exit 3'])).toEqual({ code: 3, output: 'out\nerr\n' });
    expect(await runCommand('sh', ['-c', 'kill -9 $$'])).toMatchObject({ code: 137 });
  });
});

function remedyOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SetupFailure) return error.remedy;
    throw error;
  }
  throw new Error('it did not fail');
}
