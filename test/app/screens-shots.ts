/**
 * `npm run screens`: takes the pictures of `docs/screens/` from the packaged app in a real rehearsal, in which Alice Adler,
 * Carol Castro and Frank Fischer are there and the others are played. Every screen at 1280x800 and 1920x1080, light and dark; a secret
 * window in its own size.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { test } from 'vitest';
import { ROOT } from '../rules/lint-text';
import { Place, type RunningApp } from './driver/app-under-test';
import { press } from './driver/keyboard';
import { pidsOf } from './driver/processes-of';
import { People } from './driver/secret-window';
import { shootSeldom } from './screens-seldom';

const FOLDER = join(ROOT, 'docs/screens');
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;
const SCHEMES = ['light', 'dark'] as const;

/** Secret windows whose question is pictured, by their first heading. */
const SECRET_SHOTS: readonly (readonly [RegExp, string])[] = [
  [/^Make the PIN of your own token/, 'secret-make-pin'],
  [/^Enter part 1 of 2 of the user PIN/, 'secret-enter-pin'],
  [/^Your share/, 'secret-share-shown'],
  [/^Type your share/, 'secret-share-entry'],
];

let place: Place;
let app: RunningApp;
const taken = new Set<string>();

test('pictures of every screen', async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  // Larger than any window: Chromium takes a pixel off one that fills the screen.
  place = await Place.open({ size: { width: 2560, height: 1440 } });
  app = await place.start();
  const { main } = app;
  const people = new People();
  const served = async (): Promise<void> => {
    const page = app.takeSecretWindow();
    if (page === null) return;
    // A window whose question is over goes by itself, in front of the camera too.
    await shootSecret(page).catch((error: unknown) => {
      if (!page.isClosed()) throw error;
    });
    if (!page.isClosed()) await people.answer(page);
  };

  await main.screen('Key ceremonies');
  await app.page.getByText('Known answers').waitFor();
  await shoot('home');
  await main.press(/^Review this example: First ceremony/);
  await main.screen(/^First ceremony/);
  await shoot('review');
  await main.press('Back home');
  await main.bindRehearsal(/^Review this example: First ceremony/, ['Alice', 'Carol', 'Frank'], () =>
    shoot('binding-choice'),
  );
  await waitFor(/^Binding for a rehearsal/, served);
  await shoot('binding');
  await main.beginCeremony();
  const looks = async (): Promise<void> => {
    const step = (await main.step()).trim();
    if (step.startsWith('Make the master key')) await shoot('run-result');
    if (step.startsWith('What is on both units')) await shoot('run-result-inventory');
  };
  const next = () => main.nextTask(served, looks);
  for (let task = await next(); task !== 'closed'; task = await next()) {
    const step = (await main.step()).trim();
    if (task === 'begin') {
      if (step.startsWith('The workstation')) await shoot('run-begin');
      if (step.startsWith('Initialise both')) await shoot('run-cannot-be-undone');
      if (step.startsWith('Both units hold the same')) await shoot('run-master-key-loaded');
      if (step.startsWith('The purpose')) {
        await shootDialog('Raise an exception', 'run-exception');
        await shootDialog('Stop at the next safe point', 'run-stop');
      }
      if (step.startsWith('What is on both units')) {
        await beginAndBreak();
        continue;
      }
      await main.begin();
      if (step.startsWith('Everybody in the room')) await shootPersonTask(served);
    } else if (task === 'confirm') {
      if (step.startsWith('The workstation')) await shoot('run-preflight');
      if (step.startsWith('The purpose')) await shoot('run-confirm');
      if (step.startsWith('Create the root key')) await shoot('run-confirm-wrapping-key');
      await main.confirm();
    } else if (task === 'clock') {
      await shoot('run-clock');
      await main.readClock();
    } else if (task === 'ask') {
      await shoot('run-ask');
      await main.answer('Seals 4711 and 4712');
    } else if (task === 'decide') {
      await shoot('run-decide');
      await main.press('Try again');
    } else throw new Error(task);
  }
  await shoot('run-closed');
  await main.press('Verify it now');
  await app.page.getByRole('heading', { name: 'Verdict: Verified' }).waitFor();
  await shoot('verify');
  await app.page.getByRole('tab', { name: /^Transcript/ }).click();
  await app.page.getByRole('heading', { name: /^Line \d+: / }).waitFor();
  await shoot('audit-transcript');
  await main.press('Home');
  await main.screen('Key ceremonies');
  await shoot('home-after');
  await app.close();
  await place.close();
}, 600_000);

test('pictures of what a rehearsal seldom shows', () => shootSeldom(SIZES, file), 600_000);

/** The main window, in every size and scheme. */
async function shoot(name: string): Promise<void> {
  if (taken.has(name)) return;
  taken.add(name);
  for (const { width, height } of SIZES) {
    await resize(width, height);
    for (const colorScheme of SCHEMES) {
      await app.page.emulateMedia({ colorScheme });
      await sleep(250);
      await app.page.screenshot({ path: file(name, `${String(width)}x${String(height)}-${colorScheme}`) });
    }
  }
  await app.page.emulateMedia({ colorScheme: 'light' });
}

async function shootSecret(page: Page): Promise<void> {
  const heading = page.getByRole('heading', { level: 1 });
  await heading.waitFor();
  const call = page.getByRole('button', { name: 'I am ' });
  if ((await call.count()) > 0) {
    await shootWindow(page, 'secret-call');
    await press(page, call);
  }
  const question = (await heading.textContent()) ?? '';
  const name = SECRET_SHOTS.find(([wanted]) => wanted.test(question))?.[1];
  if (name === undefined) return;
  if (name === 'secret-share-shown') {
    const show = page.getByRole('button', { name: /^Show (?:my share|again)$/ });
    if ((await show.count()) > 0) await press(page, show);
  }
  await shootWindow(page, name);
  if (name !== 'secret-share-shown') return;
  await page.keyboard.press('Escape');
  await shootWindow(page, 'secret-share-hidden');
}

async function shootWindow(page: Page, name: string): Promise<void> {
  if (taken.has(name)) return;
  taken.add(name);
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await sleep(250);
    await page.screenshot({ path: file(name, colorScheme) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** What the room sees while Alice Adler is at her secret window. */
async function shootPersonTask(served: () => Promise<void>): Promise<void> {
  for (let look = 0; look < 500; look += 1) {
    if ((await app.main.task()) === 'person') {
      await shoot('run-person');
      return;
    }
    await sleep(10);
  }
  await served();
}

async function shootDialog(opens: string, name: string): Promise<void> {
  await app.main.press(opens);
  await shoot(name);
  await app.page.keyboard.press('Escape');
}

/** Begins the step and ends its module worker, so that something does not work. */
async function beginAndBreak(): Promise<void> {
  await app.main.begin();
  for (let look = 0; look < 1000; look += 1) {
    const [worker] = pidsOf(app.pid, 'module worker');
    if (worker !== undefined) {
      process.kill(worker, 'SIGSEGV');
      return;
    }
    await sleep(2);
  }
}

async function waitFor(title: RegExp, meanwhile: () => Promise<void>): Promise<void> {
  const heading = app.page.getByRole('heading', { level: 1, name: title });
  while ((await heading.count()) === 0) {
    await meanwhile();
    await sleep(20);
  }
}

async function resize(width: number, height: number): Promise<void> {
  await app.app.evaluate(
    ({ BrowserWindow }, size) => {
      const window = BrowserWindow.getAllWindows().find((one) => one.webContents.getURL().endsWith('/index.html'));
      window?.setContentSize(size.width, size.height);
    },
    { width, height },
  );
  await sleep(200);
}

function file(name: string, variant: string): string {
  return join(FOLDER, `${name}-${variant}.png`);
}
