/** A hostile page in a real window, over the real preload: every channel, the wrong sender; nothing crashes. */
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAIN_WINDOW } from '../../ipc/contract';
import type { Bridge } from '../../ipc/define';
import { openTrial, type Trial } from './hardening-app';

/** What the page has of us, and keeps for the test. */
interface HostilePage {
  keyrite: Bridge;
  heard: unknown[][];
}

/** An answer as a page sees it. */
interface Seen {
  readonly ok?: boolean;
  readonly trouble?: { readonly happened: string };
}

const REQUESTS = Object.entries(MAIN_WINDOW)
  .filter(([, { kind }]) => kind === 'invoke')
  .map(([name]) => name);

let trial: Trial;
let app: ElectronApplication;
let page: Page;

beforeAll(async () => {
  trial = await openTrial('ipc-hostile', { testBuild: true });
  app = await trial.launch();
  page = await app.firstWindow();
  await page.waitForFunction('window.attacks !== undefined');
});
afterAll(async () => {
  await app.close();
  await trial.close();
});

/** Asks from a page, with arguments that are made there; resolves with the answers' words, or what was thrown. */
const askAll = (from: Page, names: readonly string[]): Promise<string[]> =>
  from.evaluate(async (all) => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const hostile = [
      undefined,
      null,
      1,
      10n,
      'x'.repeat(1_000_000),
      [],
      new Array(50_000),
      new Uint8Array(100_000),
      { constructor: { prototype: { polluted: 1 } } },
      { unexpected: true },
      cyclic,
      () => 1,
      Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${String(at)}`, at])),
    ];
    const said: string[] = [];
    for (const name of all) {
      for (const args of hostile) {
        try {
          const answer = (await (window as unknown as HostilePage).keyrite.ask(name, args)) as Seen;
          said.push(answer.trouble?.happened ?? 'answered');
        } catch (error) {
          said.push(`threw ${(error as Error).name}`);
        }
      }
    }
    return [...new Set(said)];
  }, names);

const calls = () => app.evaluate(() => globalThis.trial.calls);

test('every request with hostile arguments is refused, or does not get as far; no handler is called', async () => {
  const said = await askAll(page, REQUESTS);
  expect(said).toContain('Keyrite refused a request that its window must not make');
  for (const words of said) expect(words).toMatch(/^(?:Keyrite refused|threw )/);
  expect(await calls()).toEqual([]);
});

test('a printer that a program could take for an option or a file is no printer', async () => {
  const printers = [
    '-o',
    '--',
    '-h/tmp/socket',
    'a b',
    'a\nb',
    '../../etc/passwd',
    'a\u0000',
    'x'.repeat(128),
    ['office'],
  ];
  const said = await page.evaluate(async (all) => {
    const { keyrite } = window as unknown as HostilePage;
    const asked = all.flatMap((printer) => [
      keyrite.ask('audit.print-report', { printer, paper: 'A4' }),
      keyrite.ask('audit.print-report', { printer: 'office', paper: printer }),
    ]);
    return (await Promise.all(asked)).map((answer) => (answer as Seen).trouble?.happened ?? 'answered');
  }, printers);
  expect(said).toHaveLength(printers.length * 2);
  for (const words of said) expect(words).toMatch(/^Keyrite refused/);
  expect(await calls()).toEqual([]);
});

test('what has a class arrives without it at best: as an object without members', async () => {
  const said = await page.evaluate(async () => {
    const strange = [
      new Date(0),
      new Map([['theme', 'dark']]),
      new Error('x'),
      JSON.parse('{"__proto__":{"theme":"dark"}}'),
      document.body,
    ];
    const answers = strange.map(async (args) => {
      try {
        return ((await (window as unknown as HostilePage).keyrite.ask('theme.set', args)) as Seen).ok;
      } catch {
        return false;
      }
    });
    return Promise.all(answers);
  });
  expect(said).toEqual([false, false, false, false, false]);
  expect(await calls()).toEqual([]);
});

test('no other name passes the preload', async () => {
  const said = await askAll(page, [
    'view.changed',
    'ELECTRON_BROWSER_REQUIRE',
    '__proto__',
    'constructor',
    'plan.accept ',
    '',
  ]);
  for (const words of said) expect(words).toMatch(/^threw /);
  expect(await calls()).toEqual([]);
});

test('the page finds the two functions of the bridge, and cannot change them', async () => {
  const found = await page.evaluate(() => {
    const bridge = (window as unknown as HostilePage).keyrite as { ask: unknown; listen: unknown };
    const before = bridge.ask;
    try {
      bridge.ask = () => 'mine';
      (window as unknown as { keyrite: unknown }).keyrite = {};
    } catch {
      // Refused loudly.
    }
    return { names: Object.keys(bridge), kept: (window as unknown as HostilePage).keyrite.ask === before };
  });
  expect(found).toEqual({ names: ['ask', 'listen'], kept: true });
});

test('a request of the contract is answered, and an error of ours keeps its text to itself', async () => {
  expect(await page.evaluate(() => (window as unknown as HostilePage).keyrite.ask('app.view', {}))).toMatchObject({
    ok: true,
  });
  const failed: unknown = await page.evaluate(() =>
    (window as unknown as HostilePage).keyrite.ask('room.look-again', {}),
  );
  expect(failed).toMatchObject({ ok: false, trouble: { happened: 'A fault in Keyrite (Error)' } });
  expect(JSON.stringify(failed)).not.toContain('271828');
});

test('a change is told to the page, the payload alone', async () => {
  await page.evaluate(() => {
    (window as unknown as HostilePage).heard = [];
    (window as unknown as HostilePage).keyrite.listen('view.changed', (...args: unknown[]) =>
      (window as unknown as HostilePage).heard.push(args),
    );
  });
  await app.evaluate(() => globalThis.trial.changed());
  await page.waitForFunction('window.heard.length > 0');
  const [args] = await page.evaluate(() => (window as unknown as HostilePage).heard);
  expect(args).toEqual([expect.objectContaining({ screen: { kind: 'home' } })]);
});

test('another window with the same preload has no such channels', async () => {
  const before = (await calls()).length;
  const opened = app.waitForEvent('window');
  await app.evaluate(() => void globalThis.trial.openOther('another'));
  const other = await opened;
  await other.waitForFunction('document.readyState === "complete"');
  expect(await askAll(other, ['app.view'])).toEqual(['threw Error']);
  expect(
    await other.evaluate(() =>
      (window as unknown as HostilePage).keyrite
        .ask('home.show', {})
        .catch((error: unknown) => (error instanceof Error ? error.message : '')),
    ),
  ).toMatch(/No handler registered/);
  expect((await calls()).length).toBe(before);
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()
      .find((one) => one.getTitle() === 'Another')!
      .destroy(),
  );
});

test('a second start brings the window to the front', async () => {
  const home = trial.makeHome();
  const own = await trial.launch(home);
  await (await own.firstWindow()).waitForFunction('window.attacks !== undefined');
  const { code } = await trial.start({ home }).ended;
  expect(code).toBe(75);
  expect(await own.evaluate(() => globalThis.trial.calls)).toEqual(['(shown)']);
  await own.close();
});
