/** The rules of the defences by themselves: arguments, environment, fuses, pages, when the window may close. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FUSES } from '../../scripts/package/fuses.mjs';
import { atMostEvery } from '../../src-main/at-most-every';
import type { RuntimeView } from '../../ipc/view';
import { admitsProduction, isProductionPackage, runtimeForPreflight } from '../../src-main/app/production';
import table from '../../src-main/fuses.json';
import { fuseDifferences, readFuseWire } from '../../src-main/fuses';
import { clearEnvironment } from '../../src-main/hardening/clear-environment';
import { refuseArguments } from '../../src-main/hardening/refuse-arguments';
import { readPages } from '../../src-main/hardening/serve-pages';
import { StartRefused, startFailureWords } from '../../src-main/start-failure';

const folders: string[] = [];
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-rules-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  vi.useRealTimers();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('the package that production is done with', () => {
  const whole = { isPackaged: true, fusesAsTold: true, testBuild: false, standing: 'supported' } as const;
  const admitted = (found: Parameters<typeof isProductionPackage>[0]): boolean =>
    admitsProduction({
      version: '0.0.0',
      electron: '45.4.1',
      chrome: '0',
      node: '0',
      standing: found.standing,
      packaged: found.isPackaged,
      testBuild: found.testBuild,
      fit: isProductionPackage(found),
    });

  test('is whole, and lets no debugger in', () => {
    expect(admitted(whole)).toBe(true);
    expect(admitted({ ...whole, isPackaged: false })).toBe(false);
    expect(admitted({ ...whole, fusesAsTold: false })).toBe(false);
    expect(admitted({ ...whole, testBuild: true })).toBe(false);
    expect(admitted({ ...whole, standing: 'development' })).toBe(false);
  });

  test('may be one for tests on the runtime that it admits for tests alone', () => {
    expect(admitted({ ...whole, testBuild: true, standing: 'test' })).toBe(true);
  });
});

describe('what the record calls the program', () => {
  const found = (more: Partial<RuntimeView>) =>
    runtimeForPreflight({
      ...{ version: '0.0.0', electron: '45.4.1', chrome: '0', node: '0', standing: 'supported' },
      ...{ packaged: true, testBuild: false, fit: true },
      ...more,
    });

  test('is what it is, and whether it is fit is said apart', () => {
    expect(found({})).toMatchObject({ packaged: true, found: 'the packaged app on Electron 45.4.1' });
    expect(found({ fit: false, testBuild: true })).toMatchObject({
      packaged: false,
      found: 'a packaged test build on Electron 45.4.1: rehearsals only',
    });
    expect(found({ testBuild: true, standing: 'test' })).toMatchObject({
      packaged: true,
      found: 'a packaged test build on Electron 45.4.1',
    });
    expect(found({ fit: false }).found).toBe(
      'a package whose fuses are not as they should be on Electron 45.4.1: rehearsals only',
    );
    expect(found({ packaged: false, fit: false }).found).toBe('a checkout on Electron 45.4.1: rehearsals only');
    expect(found({ fit: false, testBuild: true, standing: 'development' }).found).toBe(
      'a packaged test build on the end-of-life development runtime, Electron 45.4.1: rehearsals only',
    );
  });
});

describe('arguments', () => {
  const refuses = (args: readonly string[], options = { byPath: false, testBuild: false }) => {
    try {
      refuseArguments(['/opt/keyrite', ...args], options);
      return null;
    } catch (error) {
      expect(error).toBeInstanceOf(StartRefused);
      return startFailureWords(error);
    }
  };

  test('what makes the screen readable passes', () => {
    for (const argument of [
      '--force-device-scale-factor=1.5',
      '--ozone-platform=wayland',
      '--ozone-platform-hint=auto',
    ]) {
      expect(refuses([argument]), argument).toBeNull();
    }
  });

  test('what copies the text of every window into main does not', () => {
    for (const argument of ['--force-renderer-accessibility', '--force-renderer-accessibility=complete'])
      expect(refuses([argument]), argument).toContain('which it does not take');
  });

  test("a debugger's pass in a test build only", () => {
    for (const argument of ['--inspect=0', '--remote-debugging-port=0']) {
      expect(refuses([argument])).toContain('which it does not take');
      expect(refuses([argument], { byPath: false, testBuild: true })).toBeNull();
    }
    expect(refuses(['--inspect=9229'], { byPath: false, testBuild: true })).not.toBeNull();
    expect(refuses(['--no-sandbox'], { byPath: false, testBuild: true })).not.toBeNull();
  });

  test("the app's own folder passes where Electron is given it", () => {
    expect(refuses(['/app'], { byPath: true, testBuild: false })).toBeNull();
    expect(refuses(['/app', '/other'], { byPath: true, testBuild: false })).not.toBeNull();
  });

  test('what an argument is set to is not repeated', () => {
    expect(refuses(['--pin=271828'])).toBe(
      'Keyrite does not start: it was started with --pin, which it does not take. Nothing was changed. Start it without arguments.',
    );
    expect(refuses([`--\u001b[2J${'x'.repeat(500)}`])).not.toMatch(/[^ -~]|x{80}/);
  });
});

describe('environment', () => {
  test.each([
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'LD_AUDIT',
    'ELECTRON_RUN_AS_NODE',
    'CHROME_DEVEL_SANDBOX',
    'GLIBC_TUNABLES',
  ])('%s is refused', (name) => {
    expect(() => clearEnvironment({ [name]: '1' })).toThrow(`the environment sets ${name}`);
    expect(() => clearEnvironment({ [name]: '' })).not.toThrow();
  });

  test('only what is known stays', () => {
    const environment = {
      HOME: '/h',
      LC_ALL: 'C',
      XDG_RUNTIME_DIR: '/r',
      GTK_MODULES: 'x',
      TOKEN: 'secret',
      GTK_PATH: '/x',
    };
    clearEnvironment(environment);
    expect(environment).toEqual({ HOME: '/h', LC_ALL: 'C', XDG_RUNTIME_DIR: '/r' });
  });
});

describe('fuses', () => {
  const sentinel = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX');
  const wireFor = (major: number) =>
    table.fuses.map(({ since, on }) => (since <= major ? (on ? '1' : '0') : '')).join('');

  test('packaging and the app have one table', () => {
    expect(FUSES.map(({ name, on, since }) => ({ name, on, since }))).toEqual(
      table.fuses.map(({ name, on, since }) => ({ name, on, since })),
    );
    expect(table.fuses.map(({ at }) => at)).toEqual(table.fuses.map((_, index) => index));
  });

  test.each([25, 45])('the wire of Electron %i', (major) => {
    const good = wireFor(major);
    expect(fuseDifferences(good, major, { inspectable: false })).toEqual([]);
    for (let at = 0; at < good.length; at += 1) {
      const other = good.slice(0, at) + (good[at] === '1' ? '0' : '1') + good.slice(at + 1);
      expect(fuseDifferences(other, major, { inspectable: false }), String(at)).toHaveLength(1);
    }
    const inspectable = `${good.slice(0, 3)}1${good.slice(4)}`;
    expect(fuseDifferences(inspectable, major, { inspectable: true })).toEqual([]);
    expect(fuseDifferences(inspectable, major, { inspectable: false })).toEqual([
      'EnableNodeCliInspectArguments should be off, and is on',
    ]);
    expect(fuseDifferences(`${good}1`, major, { inspectable: false })).toEqual(['1 fuses are not in the table']);
    expect(fuseDifferences(good.slice(0, -1), major, { inspectable: false })).toHaveLength(1);
    expect(fuseDifferences(null, major, { inspectable: false })).toHaveLength(1);
  });

  test.each([0, 100, 4 * 1024 * 1024 - 300, 4 * 1024 * 1024 - 20, 9_000_000])(
    'a wire at byte %i is found',
    async (at) => {
      const file = join(makeFolder(), 'program');
      writeFileSync(file, Buffer.concat([Buffer.alloc(at, 1), sentinel, Buffer.from([1, 7]), Buffer.from('0001010x')]));
      expect(readFuseWire(file)).toBe('0001010');
    },
  );

  test('no wire, a cut one, one of another version', async () => {
    const file = join(makeFolder(), 'program');
    for (const content of [
      Buffer.alloc(10),
      Buffer.concat([sentinel, Buffer.from([1, 9, 48])]),
      Buffer.concat([sentinel, Buffer.from([2, 1, 48])]),
    ]) {
      writeFileSync(file, content);
      expect(readFuseWire(file)).toBeNull();
    }
  });
});

describe('pages', () => {
  test('each file has one address, and its kind', () => {
    const folder = makeFolder();
    mkdirSync(join(folder, 'assets'));
    for (const name of ['index.html', 'assets/a.js', 'assets/b.woff2']) writeFileSync(join(folder, name), name);
    const pages = readPages(folder);
    expect([...pages].map(([address, { type }]) => [address, type]).sort()).toEqual([
      ['keyrite://app/assets/a.js', 'text/javascript; charset=utf-8'],
      ['keyrite://app/assets/b.woff2', 'font/woff2'],
      ['keyrite://app/index.html', 'text/html; charset=utf-8'],
    ]);
  });

  test('a file that no page needs keeps the app from starting', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'notes.txt'), '');
    expect(() => readPages(folder)).toThrow('pages: expected web files only, got notes.txt');
  });
});

describe('atMostEvery', () => {
  test('runs at once, then at the end of the interval for all that came in it', () => {
    vi.useFakeTimers();
    const act = vi.fn();
    const ask = atMostEvery(50, act);
    ask();
    expect(act).toHaveBeenCalledTimes(1);
    for (let at = 0; at < 10; at += 1) ask();
    expect(act).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(50);
    expect(act).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(500);
    expect(act).toHaveBeenCalledTimes(2);
    ask();
    expect(act).toHaveBeenCalledTimes(3);
  });
});
