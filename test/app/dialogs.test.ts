/**
 * The app while somebody else has the floor: the system's dialogs, a person at a secret window. Whatever ends then (the
 * page, the app, main's own composure), the app ends or goes on in order, and the record says what is so.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ControlledApp } from './controlled-app';
import { Place, type RunningApp } from './driver/app-under-test';
import { isAlive, pidsOf } from './driver/processes-of';
import { People } from './driver/secret-window';

const DIALOG = '^Open a plan$';
/** How long the app may take to end, in milliseconds: less than the limit after which it ends without its work (boot.ts). */
const END_MS = 15_000;

let place: Place;
let app: RunningApp | null = null;
beforeAll(async () => {
  place = await Place.open();
});
afterAll(async () => {
  await place.close();
});
afterEach(async () => {
  if (app !== null && isAlive(app.pid)) await app.kill();
  app = null;
});

describe('an open dialog', () => {
  let open: RunningApp;
  beforeEach(async () => {
    open = app = await place.start();
    await open.main.screen('Key ceremonies');
    await openDialog(open);
  });

  test('the page dies under it: the app lives, shows where it stands, and the dialog can be closed', async () => {
    const before = open.page;
    process.kill(await open.rendererOf('index.html'), 'SIGKILL');
    await expect.poll(() => open.page !== before).toBe(true);
    await expect
      .poll(() =>
        open.main.page
          .getByRole('heading', { level: 1 })
          .textContent()
          .catch(() => ''),
      )
      .toContain('Key ceremonies');
    expect(xdotool('search', '--onlyvisible', '--name', DIALOG)).not.toBe('');
    xdotool('search', '--name', DIALOG, 'windowfocus', '--sync', 'key', 'Escape');
    await expect.poll(() => xdotool('search', '--onlyvisible', '--name', DIALOG)).toBe('');
    expect(isAlive(open.pid)).toBe(true);
    await openDialog(open);
    await open.close();
    app = null;
  });

  test('the app quits under it', async () => {
    const ended = ending(open);
    await open.app.evaluate(({ app: main }) => {
      setTimeout(() => {
        main.quit();
      }, 0);
    });
    expect(await ended).toMatchObject({ code: 0 });
    app = null;
  });
});

test('the controller ends while a dialog never answers, and opens no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-dialogs-'));
  let opened = 0;
  const never = (): Promise<string | null> => {
    opened += 1;
    return new Promise(() => undefined);
  };
  const { controller } = new ControlledApp(folder, {
    dialogs: { openFile: never, openFolder: never, saveFile: never },
  });
  const asked = controller.handlers['plan.open-file']({});
  await controller.close();
  expect(await asked).toBe(false);
  expect(await controller.handlers['plan.open-file']({})).toBe(false);
  expect(opened).toBe(1);
  rmSync(folder, { recursive: true });
});

test('an error that nobody foresaw ends the app in order: in words, and nothing uncertain on record for a mere question', async () => {
  const open = (app = await place.start());
  const people = new People();
  const { main } = open;
  await main.bindRehearsal(/^Review this example: First ceremony/, ['Alice Adler']);
  const state = { isBound: false };
  const bound = main.screen(/^Binding for a rehearsal/).then(() => (state.isBound = true));
  const soon = performance.now() + 60_000;
  while (!state.isBound) {
    if (performance.now() > soon) throw new Error(`nothing is bound: ${await open.page.locator('main').innerText()}`);
    await open.served(people)();
    await sleep(20);
  }
  await bound;
  await main.beginCeremony();
  const until = performance.now() + 60_000;
  while (open.takeSecretWindow() === null) {
    if (performance.now() > until) throw new Error(`nobody is asked: ${await main.heading()}`);
    const task = await main.task();
    if (task === 'begin') await main.begin();
    if (task === 'clock') await main.readClock();
    else if (task === 'confirm') await main.confirm();
    await sleep(20);
  }
  const [bundle = ''] = place.ceremonies();
  const workers = pidsOf(open.pid, 'module worker');
  expect(workers.length).toBeGreaterThan(0);
  const ended = ending(open);
  await open.app.evaluate(({ dialog }) => {
    dialog.showErrorBox = (title, words) => {
      process.stderr.write(`BOX ${title}: ${words}\n`);
    };
    setTimeout(() => {
      throw new TypeError('PIN 271828 in the text of an error');
    }, 0);
  });
  const { code, stderr } = await ended;
  app = null;
  expect(code).toBe(70);
  expect(stderr).toContain('BOX Keyrite: Keyrite has ended itself: something failed that nobody foresaw (TypeError).');
  expect(stderr).not.toMatch(/271828|\bat .*\.cjs/);
  expect(workers.filter(isAlive)).toEqual([]);
  const record = readFileSync(join(bundle, 'transcript.jsonl'), 'utf8');
  expect(record).toContain('PERSON_LOST');
  expect(record).not.toMatch(/WORKER_CRASHED|is not known|"uncertain":true/);
});

async function openDialog(app: RunningApp): Promise<void> {
  await app.main.press(/^Open a plan file/);
  await expect.poll(() => xdotool('search', '--onlyvisible', '--name', DIALOG)).not.toBe('');
}

/** How the app ends, and within which time. */
function ending(app: RunningApp): Promise<{ code: number | null; signal: string | null; stderr: string }> {
  const child = app.app.process();
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const over = new AbortController();
  const ended = new Promise<{ code: number | null; signal: string | null; stderr: string }>((resolve) => {
    child.once('exit', (code, signal) => {
      over.abort();
      resolve({ code, signal, stderr });
    });
  });
  const late = sleep(END_MS, null, { signal: over.signal }).then(
    () => {
      child.kill('SIGKILL');
      throw new Error(`the app does not end within ${String(END_MS)} ms: ${stderr}`);
    },
    () => ended,
  );
  return Promise.race([ended, late]);
}

/** Output of xdotool on the display of the app; empty when it finds nothing. */
function xdotool(...args: readonly string[]): string {
  try {
    const env = { ...process.env, ...place.display.env };
    return execFileSync('xdotool', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
