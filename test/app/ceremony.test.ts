/**
 * The first ceremony in the packaged app, from home to a bundle that both verifiers accept, by the keyboard alone: once
 * with everybody played, looking at every screen with axe; once with nobody played, each person at secret windows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest';
import { Place, type RunningApp } from './driver/app-under-test';
import { axeInBothSchemes } from './driver/axe';
import { verdicts } from './driver/bundles';
import { isAlive, pidsOf } from './driver/processes-of';
import { People } from './driver/secret-window';

const STEPS = 20;

/** Steps at which axe looks: each kind of task and picture once; all of them in the deep run. */
const LOOKED_AT = process.env['KEYRITE_DEEP'] === '1' ? Array.from({ length: STEPS }, (_, at) => at + 1) : [1, 4, 13];

let place: Place;
let app: RunningApp;

beforeAll(async () => {
  place = await Place.open();
});
afterAll(async () => {
  await place.close();
});
beforeEach(async () => {
  app = await place.start();
});
afterEach(async () => {
  await app.close();
});

test('everybody played: every screen is sound for axe, light and dark, and the bundle verifies', async () => {
  const { main } = app;
  const wrong: string[] = [];
  const look = async (name: string): Promise<void> => {
    wrong.push(...(await axeInBothSchemes(app.page)).map((line) => `${name}, ${line}`));
  };
  await main.screen('Key ceremonies');
  await look('home');
  await main.press(/^Review this example: First ceremony/);
  await main.screen(/^First ceremony/);
  await look('review');
  await main.press(/^Accept this plan/);
  await main.screen('Binding');
  await look('choice of a binding');
  await main.press('Make the throw-away tokens');
  await main.screen(/^Binding for a rehearsal/);
  await look('binding');
  await main.beginCeremony();
  const steps: string[] = [];
  for (let task = await main.nextTask(); task !== 'closed'; task = await main.nextTask()) {
    expect(task).toBe('begin');
    steps.push((await main.step()).trim());
    if (LOOKED_AT.includes(steps.length)) await look(`step ${String(steps.length)}`);
    await main.begin();
  }
  expect(steps).toHaveLength(STEPS);
  await look('closed');
  await main.press('Verify it now');
  await app.page.getByRole('heading', { name: /^Verdict: / }).waitFor();
  await look('verify');
  expect(wrong).toEqual([]);
  const [bundle] = place.ceremonies();
  expect(verdicts(bundle!)).toEqual({
    keyrite: expect.stringContaining('consistent, 0 exceptions') as string,
    script: expect.stringContaining('consistent') as string,
  });
}, 600_000);

test('nobody played: each PIN and component is typed by its holder in a window of its own', async () => {
  const { main } = app;
  const before = place.ceremonies();
  const people = new People();
  const served = app.served(people);
  await main.screen('Key ceremonies');
  // Chromium may have a spare one for a moment, which shows nothing.
  const renderers = await app.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => window.webContents.getOSProcessId()),
  );
  await main.bindRehearsal(/^Review this example: First ceremony/, null);
  const made = app.page.getByRole('heading', { level: 1, name: /^Binding for a rehearsal/ });
  while ((await made.count()) === 0) {
    await served();
    await sleep(20);
  }
  expect(people.asked).toHaveLength(9);
  await main.beginCeremony();
  for (let task = await main.nextTask(served); task !== 'closed'; task = await main.nextTask(served)) {
    if (task === 'begin') await main.begin();
    else if (task === 'confirm') await main.confirm();
    else if (task === 'clock') await main.readClock();
    else if (task === 'ask') await main.answer('Seals 4711 and 4712');
    else throw new Error(`${task}: ${await app.page.locator('main').innerText()}`);
  }
  expect(people.worksheets.size).toBe(3);
  expect(people.asked.filter(({ heading }) => heading.startsWith('Type your share'))).toHaveLength(3);
  await expect.poll(() => pidsOf(app.pid, 'renderer')).toEqual(renderers);
  expect(renderers.every(isAlive)).toBe(true);
  const bundle = place.ceremonies().find((one) => !before.includes(one));
  expect(verdicts(bundle!).keyrite).toContain('consistent, 0 exceptions');
  expect(verdicts(bundle!).script).toContain('consistent');
}, 600_000);
