/**
 * Two days in the packaged app, by the keyboard alone: witness and auditor are there and the others are played. Clocks are
 * read, the ceremony pauses under seal, goes on from the home screen, and a file is brought.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transcript } from '../ceremony/program';
import { Place, type RunningApp } from './driver/app-under-test';
import { verdicts } from './driver/bundles';
import { press, tabTo, typeInto } from './driver/keyboard';
import type { Task } from './driver/main-window';
import { People } from './driver/secret-window';

let place: Place;
let app: RunningApp;

beforeAll(async () => {
  place = await Place.open();
  app = await place.start();
});
afterAll(async () => {
  await app.close();
  await place.close();
});

test('from the first day over a pause to a bundle that both verifiers accept', async () => {
  const { main, page } = app;
  const people = new People();
  const served = app.served(people);
  const seen = new Set<Task>();
  /** Carries the ceremony on until it is over in one way. */
  const until = async (end: Task, attach: () => Promise<void>): Promise<void> => {
    for (let task = await main.nextTask(served); task !== end; task = await main.nextTask(served)) {
      seen.add(task);
      if (task === 'begin') await main.begin();
      else if (task === 'confirm') await main.confirm();
      else if (task === 'clock') await main.readClock();
      else if (task === 'ask') await main.answer('Seal 4711');
      else if (task === 'attach') await attach();
      else throw new Error(`${task}: ${await page.locator('main').innerText()}`);
    }
  };
  const bound = async (title: RegExp): Promise<void> => {
    const heading = page.getByRole('heading', { level: 1, name: title });
    while ((await heading.count()) === 0) {
      await served();
      await sleep(20);
    }
  };

  await main.bindRehearsal(/^Review this example: Two days/, ['Erin Evans', 'Frank Fischer']);
  await bound(/^Binding for a rehearsal/);
  await main.beginCeremony();
  await until('paused', () => Promise.reject(new Error('no file is asked for on the first day')));
  const panel = await page.locator('.run-task').innerText();
  expect(panel).toContain('Seal Seal 4711');
  expect(panel).toContain('Session 2');
  await main.press('Back to home');

  await main.screen('Key ceremonies');
  expect(await page.getByText('Paused under seal').first().isVisible()).toBe(true);
  await main.press(/^Go on with two-days/);
  await tabTo(page, page.getByRole('radio', { name: /^Play everybody/ }));
  await page.keyboard.press('ArrowDown');
  // Who made the PIN of their token must be here again: the player does not know it.
  for (const name of [/^Erin Evans/, /^Frank Fischer/]) {
    await press(page, page.getByRole('checkbox', { name }), 'Space');
  }
  await main.press('Look at the binding');
  await bound(/^Binding for session 2/);
  expect(await page.getByRole('table', { name: /^What differs/ }).innerText()).toContain('unit-a');
  await main.press(/^Begin session 2/);

  // Somebody leaves and is back, said at the main window before the first step of the day.
  expect(await main.nextTask(served)).toBe('begin');
  await main.press('Somebody comes or goes');
  await typeInto(page, page.getByLabel('Why'), 'fetches the log');
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Put it on record' }));
  const alice = page.locator('.run-people__list .run-person').first();
  await alice.getByText('Away').waitFor();
  await main.press('Somebody comes or goes');
  const happened = page.getByRole('dialog').getByLabel('What happened');
  await tabTo(page, happened);
  await happened.selectOption('late');
  await press(page, page.getByRole('dialog').getByRole('button', { name: 'Put it on record' }));
  await alice.getByText('Present').waitFor();

  const log = join(place.home.folder, 'audit.log');
  writeFileSync(log, 'what the vendor’s tool wrote\n', { mode: 0o644 });
  const choose = async (): Promise<void> => {
    await app.app.evaluate(({ dialog }, file) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [file] });
    }, log);
    await main.press('Choose a file…');
    await page.getByText('audit.log').first().waitFor();
    await main.press('Attach 1 file');
    await page.getByRole('heading', { name: /brings the files$/ }).waitFor({ state: 'detached' });
  };
  await until('closed', choose);
  expect([...seen].sort()).toEqual(['ask', 'attach', 'begin', 'clock', 'confirm']);
  const [bundle] = place.ceremonies();
  const told = transcript(bundle!).filter(({ type }) => /^ceremony\.(?:paused|resumed)|^participant\.left/.test(type));
  expect(told).toMatchObject([
    { type: 'ceremony.paused' },
    { type: 'ceremony.resumed' },
    { type: 'participant.left', body: { participant: 'alice' } },
  ]);
  expect(verdicts(bundle!)).toEqual({
    keyrite: expect.stringContaining('consistent, 0 exceptions') as string,
    script: expect.stringContaining('consistent') as string,
  });
}, 600_000);
