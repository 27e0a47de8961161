/** What the app refuses to start with, and what holds from its first moment, as it is built for people: no debugger. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { standingOf } from '../../src-main/runtime';
import { openTrial, type Bare, type Trial } from './hardening-app';

let trial: Trial;
beforeAll(async () => {
  trial = await openTrial('hardening-start', { testBuild: false });
});
afterAll(() => trial.close());

describe('arguments', () => {
  test.each([
    ['--no-sandbox'],
    ['--disable-web-security'],
    ['--remote-debugging-port=0'],
    ['--remote-debugging-pipe'],
    ['--inspect=0'],
    ['--js-flags=--expose-gc'],
    ['--load-extension=/tmp'],
    ['--host-rules=MAP * 127.0.0.1'],
    ['--host-resolver-rules=MAP * 127.0.0.1'],
    ['--disable-features=SitePerProcess'],
    ['--user-data-dir=/tmp/x'],
    ['--proxy-server=http://127.0.0.1:1'],
    ['--ignore-certificate-errors'],
    ['--enable-logging'],
    ['--log-file=/tmp/x'],
    ['--NO-SANDBOX'],
    ['-r', '/tmp/x.js'],
    ['a-file.ceremony.yaml'],
    ['--', '--no-sandbox'],
    ['--force-device-scale-factor=2;x'],
  ])('%s %s ends it with 78 and a line that says why', async (...args) => {
    const { code, stderr } = await trial.start({ args }).ended;
    expect(code).toBe(78);
    expect(stderr).toContain(
      `Keyrite does not start: it was started with ${args[0].split('=')[0]}, which it does not take`,
    );
    expect(stderr).not.toContain('DevTools listening');
  });
});

describe('environment', () => {
  test.each([
    ['NODE_OPTIONS', '--no-warnings'],
    ['NODE_EXTRA_CA_CERTS', '/tmp/x.pem'],
    ['ELECTRON_ENABLE_LOGGING', '1'],
    ['LD_LIBRARY_PATH', '/tmp'],
    ['LD_DEBUG_OUTPUT', '/tmp/nothing'],
  ])('%s ends it with 78', async (name, value) => {
    const { code, stderr } = await trial.start({ variables: { PATH: '/usr/bin:/bin', [name]: value } }).ended;
    expect(code).toBe(78);
    expect(stderr).toContain(`the environment sets ${name}`);
  });
});

describe('a defence that cannot be installed', () => {
  test('before the app is ready: it ends with 70, says why, and no window was there', async () => {
    const home = trial.makeHome();
    // Past the launcher, which turns core dumps off by itself; without the program that forbids them.
    const { code, stderr } = await trial.start({ home, variables: { ...trial.screenFor(home), PATH: '/nowhere' } })
      .ended;
    expect(code).toBe(70);
    expect(stderr).toMatch(
      /^Keyrite does not start: core dumps of process \d+ cannot be forbidden\. Nothing was changed\./m,
    );
  });

  test.each([
    ['of a session', 'the spell checker cannot be turned off'],
    ['of a window', 'new windows cannot be refused'],
  ])('%s: it ends with 70, says why, and no window was shown', async (failing, why) => {
    const broken = await openTrial(`hardening-broken-${failing.split(' ').at(-1) ?? ''}`, {
      testBuild: false,
      failing,
    });
    try {
      const { code, stderr } = await broken.start().ended;
      expect(code).toBe(70);
      expect(stderr).toContain(`Keyrite does not start: ${why}. Nothing was changed.`);
      expect(stderr).toMatch(/^BOX Keyrite does not start: .* \(0 windows shown\)$/m);
    } finally {
      await broken.close();
    }
  });
});

describe('a running app', () => {
  let home: string;
  let first: Bare;
  beforeAll(async () => {
    home = trial.makeHome();
    // Past the launcher, which turns core dumps off as well.
    first = trial.start({ home, variables: { ...trial.screenFor(home), PATH: '/usr/bin:/bin' } });
    await rendererOf(first.pid);
  });
  afterAll(() => {
    first.kill();
  });

  test('no process of it leaves a core dump, the zygotes and the renderer included', async () => {
    const all = [first.pid, ...below(first.pid)];
    const kinds = all.map((pid) => /--type=(\w+)/.exec(commandLine(pid))?.[1] ?? 'main');
    expect(kinds).toEqual(expect.arrayContaining(['main', 'zygote', 'renderer']));
    for (const pid of all) expect(coreLimit(pid), commandLine(pid)).toBe('0 0');
  });

  test('the sandbox holds its renderer', async () => {
    const status = readFileSync(`/proc/${String(await rendererOf(first.pid))}/status`, 'utf8');
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  test('it listens to nobody on the network', () => {
    const inodes = new Set([first.pid, ...below(first.pid)].flatMap((pid) => openSockets(pid)));
    const listening = ['tcp', 'tcp6'].flatMap((kind) =>
      readFileSync(`/proc/net/${kind}`, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/)[9] ?? ''),
    );
    expect(inodes.size).toBeGreaterThan(0);
    expect(listening.filter((inode) => inodes.has(inode))).toEqual([]);
  });

  test('a second one ends with 75 and leaves the first as it is', async () => {
    const second = await trial.start({ home }).ended;
    expect(second.code).toBe(75);
    expect(second.stderr).toContain('Keyrite does not start: it runs already');
    expect(commandLine(first.pid)).not.toBe('');
  });
});

test('an Electron that nobody vouched for has no standing', () => {
  expect(standingOf('45.4.1', '')).toBe('supported');
  expect(standingOf('25.1.1', '')).toBe('development');
  expect(standingOf('25.1.1', '25.1.1')).toBe('test');
  for (const other of ['25.1.2', '45.4.0', '46.0.0', '', '45.4.1-beta'])
    expect(standingOf(other, ''), other).toBeNull();
});

/** Process ids below one. */
function below(pid: number): number[] {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }];
      } catch {
        return [];
      }
    });
  const children = (of: number): number[] =>
    stats.filter(({ parent }) => parent === of).flatMap((one) => [one.pid, ...children(one.pid)]);
  return children(pid);
}

/** The renderer, once the sandbox has closed around it. */
function rendererOf(pid: number): Promise<number> {
  return until(() =>
    below(pid).find(
      (one) =>
        commandLine(one).includes('--type=renderer') &&
        readFileSync(`/proc/${String(one)}/status`, 'utf8').includes('Seccomp:\t2'),
    ),
  );
}

async function until(look: () => number | undefined): Promise<number> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error('it did not come up');
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

const coreLimit = (pid: number): string | undefined =>
  /^Max core file size\s+(\S+\s+\S+)/m
    .exec(readFileSync(`/proc/${String(pid)}/limits`, 'utf8'))?.[1]
    ?.replace(/\s+/, ' ');

function openSockets(pid: number): string[] {
  try {
    return readdirSync(`/proc/${String(pid)}/fd`).flatMap((fd) => {
      const target = readlinkSync(`/proc/${String(pid)}/fd/${fd}`);
      return /^socket:\[(\d+)\]$/.exec(target)?.slice(1) ?? [];
    });
  } catch {
    return [];
  }
}
