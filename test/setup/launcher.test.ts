/**
 * Whoever starts the app, it runs as an ordinary user, without core dumps, with the environment that is listed and no
 * more. Run as root, these tests see it leave root; run by an ordinary user, they see it stay.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appUser, makeAppHome } from '../../scripts/app/app-user.mjs';
import { displayHere } from '../../scripts/app/display-here.mjs';
import { keepSetuid, makeSetuid, namespacesWork } from '../../scripts/app/sandbox.mjs';
import { stagePackage, type Stage } from '../../scripts/app/stage-app.mjs';

/** Stands for Electron: says what it was given. */
const PROGRAM = `#!/bin/sh
echo "pid=$$"
echo "uid=$(id -u)"
echo "cores=$(ulimit -c) $(ulimit -Hc)"
grep -E "^(NoNewPrivs|CapEff|Groups)" /proc/self/status
env | sed "s/^/env /"
for argument in "$@"; do echo "argument=$argument"; done
`;

let folder = '';
let stage: Stage;
let home: { folder: string; remove: () => void };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-launch-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'package/resources'), { recursive: true });
  writeFileSync(join(folder, 'package/keyrite-app'), PROGRAM, { mode: 0o755 });
  writeFileSync(join(folder, 'package/resources/secret.txt'), 'x', { mode: 0o600 });
  stage = await stageIt();
  home = makeAppHome(stage.user);
});
afterEach(() => {
  home.remove();
  rmSync(join(stage.folder, '../..'), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

const stageIt = (): Promise<Stage> =>
  stagePackage({ root: folder, program: join(folder, 'package/keyrite-app'), purpose: 'tests' });

/** Starts the staged program; its output by line. */
function launch(environment: Record<string, string>, ...args: string[]): string[] {
  const env = { PATH: process.env['PATH'] ?? '', KEYRITE_APP_HOME: home.folder, ...environment };
  return execFileSync(stage.launcher, args, { env, encoding: 'utf8' }).trim().split('\n');
}
const after = (lines: readonly string[], start: string): string[] =>
  lines.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));

describe('the launcher', () => {
  test('runs the program as the app’s user, without rights and without core dumps', async () => {
    const lines = launch({});
    const user = await appUser(() => undefined);
    expect(after(lines, 'uid=')).toEqual([String(user?.uid ?? process.getuid?.())]);
    expect(after(lines, 'uid=')).not.toEqual(['0']);
    expect(after(lines, 'cores=')).toEqual(['0 0']);
    expect(after(lines, 'CapEff:\t')).toEqual(['0000000000000000']);
  });

  test('passes on what is listed, and nothing else', () => {
    const lines = launch({
      DISPLAY: ':77',
      LANG: 'en_GB.UTF-8',
      SECRET: 'x',
      NODE_OPTIONS: '--inspect',
      LD_LIBRARY_PATH: '/tmp',
      ELECTRON_RUN_AS_NODE: '1',
      KEYRITE_X: 'y',
    });
    const names = after(lines, 'env ').map((line) => line.split('=')[0]);
    const shells = ['PWD', 'SHLVL', '_', 'OLDPWD'];
    expect(names.filter((name) => !shells.includes(name ?? '')).sort()).toEqual(
      [
        'DISPLAY',
        'HOME',
        'LANG',
        'PATH',
        'XDG_CACHE_HOME',
        'XDG_CONFIG_HOME',
        'XDG_DATA_HOME',
        'XDG_RUNTIME_DIR',
        'XDG_STATE_HOME',
        ...(stage.user === null ? [] : ['XAUTHORITY']),
      ].sort(),
    );
    expect(after(lines, 'env HOME=')).toEqual([home.folder]);
    expect(after(lines, 'env DISPLAY=')).toEqual([':77']);
  });

  test('passes arguments on as they are', () => {
    const args = ['--one', 'two words', "it's", '$HOME', ''];
    expect(after(launch({}, ...args), 'argument=')).toEqual(args);
  });

  test('becomes the program: a signal to it is one to the app', () => {
    const child = spawnSync(stage.launcher, [], {
      env: { PATH: process.env['PATH'] ?? '', KEYRITE_APP_HOME: home.folder },
      encoding: 'utf8',
    });
    expect(after(child.stdout.split('\n'), 'pid=')).toEqual([String(child.pid)]);
  });

  test('lets the app read the cookie of the display', () => {
    const cookie = join(folder, 'cookie');
    writeFileSync(cookie, 'a cookie', { mode: 0o600 });
    const [file = ''] = after(launch({ XAUTHORITY: cookie }), 'env XAUTHORITY=');
    expect(readFileSync(file, 'utf8')).toBe('a cookie');
    expect(statSync(file).uid).toBe(stage.user?.uid ?? process.getuid?.());
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is a script that shellcheck finds nothing wrong with', () => {
    // Not in POSIX, but in every sh of Linux: ulimit -c. Meant so: variables read by name, a script inside quotes.
    const args = ['--shell=sh', '--exclude=SC3045,SC2034,SC2154,SC2016', stage.launcher];
    expect(spawnSync('shellcheck', args, { encoding: 'utf8' }).stdout).toBe('');
  });
});

describe('the stage', () => {
  test('can be read by everybody, and changed by its owner alone', () => {
    expect(statSync(stage.program).mode & 0o777).toBe(0o755);
    expect(statSync(join(stage.folder, 'resources/secret.txt')).mode & 0o777).toBe(0o644);
    expect(statSync(stage.folder).uid).toBe(process.getuid?.());
    expect(statSync(join(folder, 'package/resources/secret.txt')).mode & 0o777).toBe(0o600);
  });

  test('is left alone until the app or the stage changes', async () => {
    const staged = (): number => statSync(stage.folder).ino;
    const first = staged();
    await stageIt();
    expect(staged()).toBe(first);
    writeFileSync(join(folder, 'package/resources/more.txt'), 'more');
    await stageIt();
    expect(readFileSync(join(stage.folder, 'resources/more.txt'), 'utf8')).toBe('more');
    rmSync(join(stage.folder, 'resources/more.txt'));
    await stageIt();
    expect(readFileSync(join(stage.folder, 'resources/more.txt'), 'utf8')).toBe('more');
  });

  test('is made once when several ask for it at once', async () => {
    rmSync(stage.folder, { recursive: true });
    await Promise.all([stageIt(), stageIt(), stageIt()]);
    expect(after(launch({}), 'argument=')).toEqual([]);
  });
});

describe('the sandbox', () => {
  const helper = (name: string): string => join(folder, name);

  test('rests on user namespaces where the app’s user may make them', async () => {
    const expected = spawnSync('unshare', ['--user', '--map-root-user', 'true']).status === 0;
    expect(await namespacesWork(stage.user)).toBe(expected);
    expect(readFileSync(stage.launcher, 'utf8').includes('--no-new-privs')).toBe(expected && stage.user !== null);
  });

  test('else rests on the set-uid helper: root makes it so, in a file of its own; others are told how', () => {
    writeFileSync(helper('one'), 'helper', { mode: 0o755 });
    linkSync(helper('one'), helper('two'));
    expect(() => {
      makeSetuid(helper('two'), false);
    }).toThrow('this system gives ordinary users no user namespaces');
    expect(statSync(helper('two')).mode & 0o7777).toBe(0o755);
    if (process.getuid?.() !== 0) return; // what root does, only root can try
    makeSetuid(helper('two'), true);
    expect(statSync(helper('two')).mode & 0o7777).toBe(0o4755);
    expect(statSync(helper('one')).mode & 0o7777).toBe(0o755);
    makeSetuid(helper('two'), false);
    writeFileSync(helper('three'), 'helper', { mode: 0o755 });
    keepSetuid(helper('two'), helper('three'));
    expect(statSync(helper('three')).mode & 0o7777).toBe(0o4755);
  });

  test('a helper that is another program is not carried over', () => {
    writeFileSync(helper('old'), 'old', { mode: 0o755 });
    chmodSync(helper('old'), 0o4755);
    writeFileSync(helper('new'), 'new', { mode: 0o755 });
    keepSetuid(helper('old'), helper('new'));
    expect(readFileSync(helper('new'), 'utf8')).toBe('new');
  });
});

describe('a display', () => {
  test.each([
    [{ DISPLAY: ':0' }, true, { args: [] }],
    [{ DISPLAY: ':0', WAYLAND_DISPLAY: 'wayland-0' }, false, { args: [] }],
    [{ WAYLAND_DISPLAY: 'wayland-0' }, false, { args: ['--ozone-platform=wayland'] }],
    [
      { WAYLAND_DISPLAY: 'wayland-0' },
      true,
      { missing: 'root has no X display here, and the app can be shown on no other' },
    ],
    [{ DISPLAY: '' }, false, { missing: 'there is no display here' }],
    [{}, true, { missing: 'there is no display here' }],
  ])('%j, root: %s', (environment, root, expected) => {
    expect(displayHere(environment, root)).toEqual(expected);
  });
});
