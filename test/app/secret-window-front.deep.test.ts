/**
 * Where the keyboard is, while and after somebody is at a secret window: on a display without a window manager, with the
 * display's own key events. Nobody gives a window the keyboard there but the app itself, and nobody takes it away.
 */
import { spawn } from 'node:child_process';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Place, type RunningApp } from './driver/app-under-test';
import { DisplayKeys } from './driver/display-keys';
import { press } from './driver/keyboard';
import { isAlive } from './driver/processes-of';

const PIN = '730914286517';
const SHIFT = 'Shift';

let place: Place;
let keys: DisplayKeys;
let app: RunningApp;

beforeAll(async () => {
  place = await Place.open({ size: { width: 1600, height: 1000 } });
  keys = new DisplayKeys(place.display.env);
});
afterAll(async () => {
  await place.close();
});
beforeEach(async () => {
  app = await place.start();
  // Keys that go to no window come to the one below the pointer.
  keys.pointAt(1590, 990);
  await app.main.bindRehearsal(/^Review this example: First ceremony/, ['Carol']);
});
afterEach(async () => {
  if (isAlive(app.pid)) await app.kill();
});

test('a secret window has the keyboard when it opens, and the main window when it is gone', async () => {
  const page = await app.secretWindow();
  const listening = await listenIn(app.page);
  await sitDown(page);
  await typePin(page);
  await gone(page);
  expect(await listening()).toEqual([]);
  await app.main.screen(/^Binding for a rehearsal/);
  await expect.poll(pressedShift(listening)).toContain(SHIFT);
});

test('the app started again while somebody types brings that person’s window to the front, and the rest comes into it', async () => {
  const page = await app.secretWindow();
  await sitDown(page);
  await expect.poll(() => focused(page)).toBe('pin');
  keys.type(PIN.slice(0, 5));
  const listening = await listenIn(app.page);
  const told = app.app.evaluate(
    ({ app: main }) => new Promise<void>((resolve) => main.once('second-instance', () => resolve())),
  );
  expect(await startAgain()).toBe(75);
  await told;
  keys.type(PIN.slice(5));
  keys.press('Return');
  await expect.poll(() => focused(page)).toBe('pin-again');
  keys.type(PIN);
  keys.press('Return');
  await gone(page);
  expect(await listening()).toEqual([]);
  await app.main.screen(/^Binding for a rehearsal/);
});

test('the main window’s renderer dies while a share is typed: what was typed stays, the rest comes into the same window, and counts', async () => {
  await untilCopied();
  // Whoever comes to the screen proves that it is them first.
  const own = await app.secretWindow();
  await sitDown(own);
  await typePin(own);
  await gone(own);
  const page = await app.secretWindow();
  await sitDown(page);
  const rows = await readOff(page);
  const entry = await app.secretWindow();
  await sitDown(entry);
  const ownRenderer = await app.rendererOf('secret.html');
  for (const row of rows.slice(0, 4)) {
    keys.type(row);
    keys.press('Return');
  }
  keys.type(rows[4]!.slice(0, 6));
  await expect.poll(() => focused(entry)).toBe('row-5');

  const main = await app.rendererOf('index.html');
  const before = app.page;
  process.kill(main, 'SIGKILL');
  await expect.poll(() => app.page !== before).toBe(true);
  await expect.poll(() => app.main.heading().catch(() => '')).toMatch(/comes to the secret window$/);
  const listening = await listenIn(app.page);
  await expect.poll(() => keys.visible('^Keyrite$')).toHaveLength(1);
  expect([isAlive(ownRenderer), entry.isClosed()]).toEqual([true, false]);

  keys.type(rows[4]!.slice(6));
  keys.press('Return');
  for (const row of rows.slice(5)) {
    keys.type(row);
    keys.press('Return');
  }
  await gone(entry);
  expect(await listening()).toEqual([]);
  // A component that was wrong or incomplete would be asked for again.
  expect(await app.main.nextTask()).toBe('begin');
  expect(app.takeSecretWindow()).toBe(null);
});

/** Answers the call to the keyboard, by the display's keys. */
async function sitDown(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  const call = page.getByRole('button', { name: 'I am ' });
  if ((await call.count()) === 0) return;
  // Asked through the debugger where the focus is; moved there by the display.
  for (let stop = 0; !(await call.evaluate((button) => button === document.activeElement)); stop += 1) {
    if (stop > 30) throw new Error('the display’s keys do not reach the secret window');
    keys.press('Tab');
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  keys.press('Return');
  await call.waitFor({ state: 'detached' });
}

/** Makes or enters the PIN, as the window asks. */
async function typePin(page: Page): Promise<void> {
  await expect.poll(() => focused(page)).toBe('pin');
  const makes = (await page.locator('#pin-again').count()) > 0;
  keys.type(PIN);
  keys.press('Return');
  if (!makes) return;
  await expect.poll(() => focused(page)).toBe('pin-again');
  keys.type(PIN);
  keys.press('Return');
}

/** Goes on to where Carol copies her component. */
async function untilCopied(): Promise<void> {
  const served = async (): Promise<void> => {
    const page = app.takeSecretWindow();
    if (page === null) return;
    await sitDown(page);
    await typePin(page);
    await gone(page);
  };
  const page = await app.secretWindow();
  await sitDown(page);
  await typePin(page);
  await gone(page);
  await app.main.beginCeremony();
  for (;;) {
    const task = await app.main.nextTask(served);
    const step = await app.main.step();
    if (task === 'begin') await app.main.begin();
    else if (task === 'confirm') await app.main.confirm();
    else throw new Error(task);
    if (task === 'begin' && step === 'Each custodian copies one component and reads it back') return;
  }
}

/** Reads the rows of digits off the window, and says that they are copied. */
async function readOff(page: Page): Promise<string[]> {
  const show = page.getByRole('button', { name: /^Show (?:my share|again)$/ });
  if ((await show.count()) > 0) await press(page, show);
  await page.locator('.sheet-row').last().waitFor();
  const rows = await page.locator('.sheet-row').allInnerTexts();
  await press(page, page.getByRole('checkbox'), 'Space');
  const copied = page.getByRole('button', { name: 'Put it away' });
  await press(page, copied).catch((error: unknown) => {
    if (!page.isClosed()) throw error;
  });
  await gone(page);
  return rows.map((row) => row.trim().split(/\s+/).slice(1).join(''));
}

async function gone(page: Page): Promise<void> {
  await expect.poll(() => page.isClosed()).toBe(true);
}

function focused(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement.id');
}

/** Counts the keys that a page gets from now on: `keys` tells their names. */
async function listenIn(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate('heard = []; addEventListener("keydown", ({ key }) => heard.push(key), true)');
  return () => page.evaluate<string[]>('heard');
}

/** Presses a key that does nothing, until somebody has heard it. */
function pressedShift(listening: () => Promise<string[]>): () => Promise<string[]> {
  return () => {
    keys.press('Shift_L');
    return listening();
  };
}

/** Starts the app a second time, for the same person. Resolves with its exit code. */
function startAgain(): Promise<number | null> {
  const env = { ...place.display.env, PATH: process.env['PATH'] ?? '', KEYRITE_APP_HOME: place.home.folder };
  const child = spawn(place.stage.launcher, [], { env, stdio: 'ignore' });
  return new Promise((resolve) => child.once('close', resolve));
}
