/** What a page can do in a window of ours, tried from inside the page; and what its process may do. */
import { readFileSync } from 'node:fs';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bridge } from '../../ipc/define';
import { openTrial, type Trial } from './hardening-app';

/** An address on this machine where nobody answers, and one elsewhere. */
const ADDRESSES = { local: 'http://127.0.0.1:9/x', outside: 'https://example.com/x', file: 'file:///etc/hostname' };

let trial: Trial;
let app: ElectronApplication;
let page: Page;

beforeAll(async () => {
  trial = await openTrial('hardening-window', { testBuild: true });
  app = await trial.launch();
  page = await app.firstWindow();
  await page.waitForFunction('window.attacks !== undefined');
});
afterAll(async () => {
  await app.close();
  await trial.close();
});

/** What the page of hardening-pages/ has, and what the preload gives it. */
interface HostilePage {
  readonly attacks: Readonly<Record<string, (...args: readonly string[]) => unknown>>;
  readonly keyrite: Bridge;
}

const attack = (name: string, ...args: readonly string[]): Promise<unknown> =>
  page.evaluate(([what, given]) => (window as unknown as HostilePage).attacks[what]?.(...given), [name, args] as const);

describe('code that is not a file of ours does not run', () => {
  test.each([
    'eval',
    'newFunction',
    'timerText',
    'innerHtml',
    'insertAdjacentHtml',
    'documentWrite',
    'policy',
    'inlineScriptElement',
    'blobWorker',
    'node',
  ])('%s', async (name) => {
    expect(await attack(name)).not.toBe('done');
  });

  test('inline scripts and styles of the page itself', async () => {
    expect(await page.evaluate('window.inlineScriptRan')).toBeUndefined();
    expect(await page.evaluate('getComputedStyle(document.getElementById("styled")).color')).not.toBe('rgb(1, 2, 3)');
    // The style sheet, a file of ours, is there.
    expect(await page.evaluate('getComputedStyle(document.getElementById("styled")).fontWeight')).toBe('700');
    expect(await attack('violations')).toContain('require-trusted-types-for');
  });
});

describe('nothing is loaded from, or sent to, anywhere', () => {
  for (const [where, address] of Object.entries(ADDRESSES)) {
    test.each(['fetchOutside', 'image', 'frame', 'script'])(`%s ${where}`, async (name) => {
      expect(await attack(name, address)).toMatch(/^stopped/);
    });
  }

  test('a fetch of our own file, which the policy allows to nobody', async () => {
    expect(await attack('fetchOwn')).toMatch(/^stopped/);
  });

  test('beacon, socket, WebRTC', async () => {
    await attack('beacon', ADDRESSES.local);
    expect(await attack('violations')).toContain('connect-src');
    expect(await attack('webSocket', 'ws://127.0.0.1:9/')).toMatch(/^stopped/);
    expect(await attack('webrtc')).not.toBe('done');
  });

  test('what the policy would let through is cancelled below it, in the default session too', async () => {
    const errors = await app.evaluate(
      async ({ BrowserWindow, session }, addresses) => {
        const own = BrowserWindow.getAllWindows()[0]!.webContents.session;
        const tried = [own, session.defaultSession].flatMap((one) =>
          addresses.map((address) => one.fetch(address).then(() => 'answered', String)),
        );
        return Promise.all(tried);
      },
      [ADDRESSES.local, ADDRESSES.outside],
    );
    expect(errors).toHaveLength(4);
    for (const error of errors) expect(error).toContain('ERR_BLOCKED_BY_CLIENT');
  });

  test('an address that is not that of a page leads nowhere', async () => {
    const statuses = await app.evaluate(
      async ({ BrowserWindow }, names) => {
        const { session } = BrowserWindow.getAllWindows()[0]!.webContents;
        return Promise.all(names.map((name) => session.fetch(`keyrite://app/${name}`).then(({ status }) => status)));
      },
      ['index.html', 'index.html?x', '../main.cjs', '%2e%2e/main.cjs', '..%2fmain.cjs', 'INDEX.HTML', '', 'main.cjs'],
    );
    expect(statuses).toEqual([200, 404, 404, 404, 404, 404, 404, 404]);
  });

  test('names do not resolve, and proxies lead nowhere', async () => {
    const found = await app.evaluate(async ({ BrowserWindow, app: main }) => {
      const own = BrowserWindow.getAllWindows()[0]!.webContents;
      const resolved = await own.session.resolveHost('example.com').catch((error: unknown) => String(error));
      return {
        resolved: JSON.stringify(resolved),
        proxy: await own.session.resolveProxy('https://example.com'),
        rules: main.commandLine.getSwitchValue('host-resolver-rules'),
        policy: own.getWebRTCIPHandlingPolicy(),
      };
    });
    expect(found.resolved).toMatch(/ERR_NAME_NOT_RESOLVED/);
    expect(found.proxy).toBe('PROXY 127.0.0.1:9');
    expect(found.rules).toBe('MAP * ~NOTFOUND');
    expect(found.policy).toBe('disable_non_proxied_udp');
  });
});

describe('a window stays what it is', () => {
  const where = () =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((one) => one.webContents.getURL()));

  test.each([
    ['navigate', ADDRESSES.outside],
    ['navigate', ADDRESSES.file],
    ['navigate', 'keyrite://app/secret.html'],
    ['form', ADDRESSES.local],
    ['open', ADDRESSES.outside],
    ['open', 'about:blank'],
    ['clickLink', 'link'],
    ['clickLink', 'download'],
  ])('%s %s', async (name, what) => {
    expect(await attack(name, what)).not.toBe('done');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await where()).toEqual(['keyrite://app/index.html']);
  });

  test('another page of ours does not exist in its session', async () => {
    const status = await app.evaluate(async ({ BrowserWindow }) => {
      const { session } = BrowserWindow.getAllWindows()[0]!.webContents;
      const [own, other] = await Promise.all(
        ['index', 'secret'].map((name) =>
          session.fetch(`keyrite://app/${name}.html`).then((response) => response.status),
        ),
      );
      return { own, other };
    });
    expect(status).toEqual({ own: 200, other: 404 });
  });

  test('downloads end before they begin', async () => {
    const states = await app.evaluate(
      ({ BrowserWindow }) =>
        new Promise<string>((resolve) => {
          const { session } = BrowserWindow.getAllWindows()[0]!.webContents;
          session.once('will-download', (event, item) => {
            resolve(`${String(event.defaultPrevented)} ${item.getSavePath()}`);
          });
          session.downloadURL('keyrite://app/attacks.css');
        }),
    );
    expect(states).toBe('true ');
  });
});

describe('nothing is permitted', () => {
  test.each([
    'geolocation',
    'camera',
    'screen',
    'notification',
    'permitted',
    'clipboardRead',
    'midi',
    'usb',
    'hid',
    'serial',
    'bluetooth',
    'dialog',
  ])('%s', async (name) => {
    expect(await attack(name)).not.toBe('done');
  });

  test('nothing is kept', async () => {
    expect(await attack('cookies')).not.toBe('done');
    expect(
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.session.isPersistent()),
    ).toBe(false);
  });
});

describe('a browser without its conveniences', () => {
  test('no menu, no spell check, no developer tools', async () => {
    const found = await app.evaluate(async ({ BrowserWindow, Menu }) => {
      const { webContents } = BrowserWindow.getAllWindows()[0]!;
      webContents.openDevTools();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return {
        menu: Menu.getApplicationMenu(),
        spell: webContents.session.isSpellCheckerEnabled(),
        tools: webContents.isDevToolsOpened(),
      };
    });
    expect(found).toEqual({ menu: null, spell: false, tools: false });
  });
});

describe('processes', () => {
  test('each renderer is in the sandbox, and no process leaves a core dump', async () => {
    const { main, renderers } = await app.evaluate(({ app: electron }) => {
      const all = electron.getAppMetrics();
      return {
        main: all.map(({ pid }) => pid),
        renderers: all.filter(({ type }) => type === 'Tab').map(({ pid }) => pid),
      };
    });
    expect(renderers.length).toBeGreaterThan(0);
    for (const pid of renderers) {
      const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
      expect(status).toMatch(/^Seccomp:\s+2$/m);
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    }
    for (const pid of main) expect(coreLimit(pid), String(pid)).toBe('0 0');
  });

  test('the home screen is told what is so', async () => {
    const findings = (await app.evaluate(() => globalThis.trial.findings())) as {
      check: string;
      ok: boolean;
      found: string;
    }[];
    const bad = Object.fromEntries(findings.filter(({ ok }) => !ok).map(({ check, found }) => [check, found]));
    expect(findings.map(({ check }) => check)).toContain('Sandbox of the windows');
    expect(Object.keys(bad)).toEqual(expect.arrayContaining(['Package', 'Fuses']));
    expect(bad['Sandbox of the windows']).toBeUndefined();
    expect(bad['Core dumps of the app']).toBeUndefined();
  });
});

const coreLimit = (pid: number): string | undefined =>
  /^Max core file size\s+(\S+\s+\S+)/m
    .exec(readFileSync(`/proc/${String(pid)}/limits`, 'utf8'))?.[1]
    ?.replace(/\s+/, ' ');

// Last: it ends the page.
describe('a page that gets away all the same', () => {
  test('about:blank, before which Chromium asks nobody: the page is killed, and its window made anew', async () => {
    const before = await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.id);
    const anew = app.waitForEvent('window');
    await attack('navigate', 'about:blank').catch(() => undefined);
    page = await anew;
    await page.waitForFunction('window.attacks !== undefined');
    const windows = await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map(({ id, webContents }) => ({ id, url: webContents.getURL() })),
    );
    expect(windows.map(({ url }) => url)).toEqual(['keyrite://app/index.html']);
    expect(windows[0]!.id).not.toBe(before);
  });

  test('a renderer that crashes: the window is made anew, and answers', async () => {
    const anew = app.waitForEvent('window');
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.forcefullyCrashRenderer());
    page = await anew;
    await page.waitForFunction('window.attacks !== undefined');
    const answer = await page.evaluate(() => (window as unknown as HostilePage).keyrite.ask('app.view', {}));
    expect(answer).toMatchObject({ ok: true, value: { screen: { kind: 'home' } } });
  });
});
