/**
 * Shares in every form of custody, in the packaged app: the four custodians are there, the others are played. Dave closes his
 * window half-way and then gives a wrong passphrase, Frank mistypes a row of his printed sheet.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transcript } from '../ceremony/program';
import { writeFormsPlan } from '../ceremony/small-plans';
import { Place, type RunningApp } from './driver/app-under-test';
import { verdicts } from './driver/bundles';
import { press, tabTo } from './driver/keyboard';
import type { Task } from './driver/main-window';
import { People } from './driver/secret-window';

const PASSPHRASE = 'seven quiet herons over the reservoir';

const folder = mkdtempSync(join(tmpdir(), 'keyrite-app-forms-'));
let place: Place;
let app: RunningApp;

beforeAll(async () => {
  place = await Place.open();
  app = await place.start();
});
afterAll(async () => {
  await app.close();
  await place.close();
  rmSync(folder, { recursive: true });
});

/** The custodians at their windows. What was asked of them about shares, in order. */
class Custodians extends People {
  readonly told: string[] = [];
  #closed = false;
  #wrong = false;
  #slip = false;

  override async answer(page: Page): Promise<void> {
    const heading = page.getByRole('heading', { level: 1 });
    await heading.waitFor();
    const call = (await heading.textContent()) ?? '';
    const typesShare = (await page.getByText(/type their share|the file of their share/).count()) > 0;
    const again = /file of your share|^Type your share/.test(call);
    if (!typesShare && !again) {
      await super.answer(page);
      return;
    }
    const gone = page.waitForEvent('close');
    if (!again) await press(page, page.getByRole('button', { name: 'I am ' }));
    const question = (await heading.textContent()) ?? '';
    const refused = await page.locator('.secret-warning').allInnerTexts();
    this.told.push([question, ...refused].join(' | '));
    if (question.startsWith('Make ')) await this.#make(page);
    else if (question.startsWith('Enter ')) await this.#enter(page);
    else await this.#typeSheet(page);
    await gone;
  }

  async #make(page: Page): Promise<void> {
    await tabTo(page, page.getByLabel('New passphrase'));
    await page.keyboard.type(PASSPHRASE);
    if (!this.#closed) {
      this.#closed = true;
      await page.close();
      return;
    }
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByLabel('The same again'));
    await page.keyboard.type(PASSPHRASE);
    await lastKey(page);
  }

  async #enter(page: Page): Promise<void> {
    await tabTo(page, page.locator('#share-key'));
    await page.keyboard.type(this.#wrong ? PASSPHRASE : PASSPHRASE.toUpperCase());
    this.#wrong = true;
    await lastKey(page);
  }

  async #typeSheet(page: Page): Promise<void> {
    const rows = printedRows();
    await tabTo(page, page.locator('#row-1'));
    for (const [at, row] of rows.entries()) {
      const slip = !this.#slip && at === 4;
      await page.keyboard.type(slip ? (row.startsWith('0') ? `1${row.slice(1)}` : `0${row.slice(1)}`) : row);
      await lastKey(page);
    }
    this.#slip = true;
  }
}

async function lastKey(page: Page): Promise<void> {
  await page.keyboard.press('Enter').catch((error: unknown) => {
    if (!page.isClosed()) throw error;
  });
}

/** The rows of the sheet that lies where the rehearsal's printer is, as its QR code has them. */
function printedRows(): string[] {
  const binding = readFileSync(join(place.ceremonies()[0] ?? '', 'binding.json'), 'utf8');
  const { room } = JSON.parse(binding) as { room: string };
  const sheet = readdirSync(room, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('-4.pdf')) ?? '';
  const picture = join(folder, 'sheet');
  execFileSync('pdftoppm', ['-r', '150', '-png', '-singlefile', join(room, sheet), picture]);
  const text = execFileSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', `${picture}.png`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString();
  return [...text.matchAll(/^\d (.*)$/gm)].map(([, row]) => (row ?? '').replaceAll(' ', ''));
}

test('each custodian gets a share in its form, and brings it back', async () => {
  const plan = writeFormsPlan(join(place.home.folder, 'forms.ceremony.yaml'));
  chmodSync(plan, 0o644);
  const { main } = app;
  await main.screen('Key ceremonies');
  await app.app.evaluate(({ dialog }, file) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [file] });
  }, plan);
  const people = new Custodians();
  const served = app.served(people);
  await main.bindRehearsal(/^Open a plan/, ['Carol', 'Dave', 'Erin', 'Frank']);
  const made = app.page.getByRole('heading', { level: 1, name: /^Binding for a rehearsal/ });
  while ((await made.count()) === 0) await served();
  await main.beginCeremony();
  const decided: string[] = [];
  // A passphrase takes seconds each time it is used, on a busy machine many.
  const next = async (tries = 4): Promise<Task> => {
    try {
      return await main.nextTask(served);
    } catch (error) {
      if (tries === 0 || (await main.task()) === 'stopped') throw error;
      return next(tries - 1);
    }
  };
  for (let task = await next(); task !== 'closed'; task = await next()) {
    if (task === 'begin') await main.begin();
    else if (task === 'confirm') await main.confirm();
    else if (task === 'clock') await main.readClock();
    else if (task === 'ask') await main.answer('Seals 4711 and 4712');
    else if (task === 'decide') {
      decided.push(await app.page.locator('.run-task').innerText());
      await main.press(/^Try (?:it )?again/);
    } else throw new Error(`${task}: ${await app.page.locator('main').innerText()}`);
  }
  expect(decided).toEqual([expect.stringContaining('the window closed before') as string]);
  expect(people.told).toEqual([
    'Make the passphrase of the file of your share, number 2 of 4',
    'Make the passphrase of the file of your share, number 2 of 4',
    'Enter the passphrase of the file of your share, number 2 of 4',
    expect.stringMatching(/^Enter .* \| Not taken: this passphrase does not open the file/) as string,
    'Type your share, number 4 of 4, from the worksheet',
    expect.stringMatching(/^Type .* \| Not taken: row 5: /) as string,
  ]);
  const bundle = place.ceremonies()[0] ?? '';
  const forms = transcript(bundle).flatMap(({ body }) => {
    const { custody } = (body['result'] ?? {}) as { custody?: { form: string } };
    return custody === undefined ? [] : [custody.form];
  });
  expect(forms).toEqual(['age-file', 'age-file', 'own-token', 'printed']);
  expect(readFileSync(join(bundle, 'transcript.jsonl'), 'utf8')).not.toContain(PASSPHRASE);
  expect(verdicts(bundle)).toEqual({
    keyrite: expect.stringContaining('consistent, 0 exceptions') as string,
    script: expect.stringContaining('consistent') as string,
  });
}, 600_000);
