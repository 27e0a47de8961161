/**
 * A PIN and a component, typed by real key events of the display (xdotool, no debugger in between): afterwards no copy of
 * either is in the memory of Electron's main process or of the main window's renderer, and the secret window's process
 * is gone. The same search finds them in the secret window while they are typed. While a component is shown, it is not in
 * main either, though accessibility is on as for a screen reader.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isInMemory, privateMemory } from '../processes/memory';
import { Place, type RunningApp } from './driver/app-under-test';
import { DisplayKeys } from './driver/display-keys';
import { press } from './driver/keyboard';
import { isAlive, statusOf } from './driver/processes-of';

/** Digits that nothing else has by chance. */
const PIN = '730914286517';

let place: Place;
let app: RunningApp;
let keys: DisplayKeys;
/** The first secret window, which asks for a PIN. */
let first: Page;

beforeAll(async () => {
  place = await Place.open();
  app = await place.start();
  keys = new DisplayKeys(place.display.env);
  await app.main.bindRehearsal(/^Review this example: First ceremony/, ['Carol']);
  first = await app.secretWindow();
});
afterAll(async () => {
  await app.close();
  await place.close();
});

test('main window and secret window are in the sandbox: seccomp filters on, no new privileges, no core dumps', async () => {
  await first.getByRole('heading', { level: 1 }).waitFor();
  const renderers = [await app.rendererOf('index.html'), await app.rendererOf('secret.html')];
  expect(new Set(renderers).size).toBe(2);
  for (const pid of renderers) {
    expect(statusOf(pid, 'Seccomp')).toBe('2');
    expect(statusOf(pid, 'NoNewPrivs')).toBe('1');
    expect(readFileSync(`/proc/${String(pid)}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
  }
});

test('a PIN', async () => {
  const own = await sitDown(first);
  await first.locator('#pin').focus();
  keys.type(PIN);
  await expect.poll(() => isInMemory(own, PIN)).toBe(true);
  await first.locator('#pin-again').focus();
  keys.type(PIN);
  keys.press('Return');
  await gone(first, own);
  await nowhereIn([PIN]);
});

test('a component', { timeout: 400_000 }, async () => {
  const { main } = app;
  await main.beginCeremony();
  await until('Each custodian copies one component and reads it back');
  await main.begin();
  // What Chromium does when a screen reader starts.
  await app.app.evaluate((electron) => {
    electron.app.setAccessibilitySupportEnabled(true);
  });
  // Whoever comes to the screen proves that it is them first.
  const proof = await app.secretWindow();
  const proving = await sitDown(proof);
  await proof.locator('#pin').focus();
  keys.type(PIN);
  keys.press('Return');
  await gone(proof, proving);
  // Four digits between zeros are there by chance too (a process id was, once), so what was there before does not count.
  const earlier = memoryOf(app.pid);
  const shown = await app.secretWindow();
  const showing = await sitDown(shown);
  await shown.bringToFront();
  const show = shown.getByRole('button', { name: /^Show (?:my share|again)$/ });
  if ((await show.count()) > 0) await press(shown, show);
  await shown.locator('.sheet-row').last().waitFor();
  // The debugger reads through main, so main is looked at as it was before anything was read.
  await sleep(1000);
  const before = memoryOf(app.pid);
  const there = memoryOf(showing);
  const lines = (await shown.locator('.sheet-row').allInnerTexts()).map((row) => row.trim().split(/\s+/));
  // Ten digits of each row, as they are typed.
  const rows = lines.map((line) => line.slice(1).join(''));
  expect(rows).toHaveLength(8);
  // Whole rows, halves as they are drawn, and single groups as strings that end: accessibility copied these (measured).
  const wholes = lines.flatMap((line) => [line.slice(1).join(''), line.slice(1, 3).join(' ')]);
  const groups = lines.map((line) => `\0${line[1] ?? ''}\0`);
  expect(before.has('First ceremony of the payments')).toBe(true);
  expect(wholes.filter((form) => there.has(form)).length).toBeGreaterThan(0);
  expect(wholes.filter((form) => before.has(form))).toEqual([]);
  expect(groups.filter((form) => before.has(form) && !earlier.has(form))).toEqual([]);
  await press(shown, shown.getByRole('checkbox'), 'Space');
  await press(shown, shown.getByRole('button', { name: 'Put it away' })).catch(() => undefined);
  await gone(shown, showing);

  const entry = await app.secretWindow();
  const entering = await sitDown(entry);
  await entry.locator('#row-1').focus();
  for (const [at, row] of rows.entries()) {
    keys.type(row);
    if (at === 6) await expect.poll(() => isInMemory(entering, rows[6]!)).toBe(true);
    keys.press('Return');
  }
  await gone(entry, entering);
  // Groups as they stand on a worksheet, and whole rows.
  await nowhereIn(rows.flatMap((row) => [row, `${row.slice(0, 4)} ${row.slice(4, 8)}`, row.slice(0, 8).toLowerCase()]));
});

/** Answers the call to the keyboard. Resolves with the process id of the window's renderer. */
async function sitDown(page: Page): Promise<number> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  const call = page.getByRole('button', { name: 'I am ' });
  if ((await call.count()) > 0) await press(page, call);
  return app.rendererOf('secret.html');
}

async function gone(page: Page, pid: number): Promise<void> {
  await expect.poll(() => page.isClosed() && !isAlive(pid)).toBe(true);
}

async function nowhereIn(secrets: readonly string[]): Promise<void> {
  for (const pid of [app.pid, await app.rendererOf('index.html')]) {
    // The search finds what is there.
    expect(isInMemory(pid, 'First ceremony of the payments')).toBe(true);
    for (const secret of secrets) expect({ pid, found: isInMemory(pid, secret) }).toEqual({ pid, found: false });
  }
}

/** What was in the memory of a process. */
interface Memory {
  has(text: string): boolean;
}

/** The memory of a process as it is now. */
function memoryOf(pid: number): Memory {
  const pieces = Array.from(privateMemory(pid, 256), (piece) => Buffer.from(piece));
  return {
    has: (text) =>
      [Buffer.from(text, 'latin1'), Buffer.from(text, 'utf16le')].some((form) =>
        pieces.some((piece) => piece.includes(form)),
      ),
  };
}

async function until(title: string): Promise<void> {
  for (;;) {
    const task = await app.main.nextTask(async () => {
      const page = app.takeSecretWindow();
      if (page === null) return;
      await sitDown(page);
      await page.locator('#pin').focus();
      keys.type(PIN);
      keys.press('Return');
      await expect.poll(() => page.isClosed()).toBe(true);
    });
    if (task === 'begin' && (await app.main.step()) === title) return;
    if (task === 'begin') await app.main.begin();
    else if (task === 'confirm') await app.main.confirm();
    else if (task === 'clock') await app.main.readClock();
    else throw new Error(task);
  }
}
