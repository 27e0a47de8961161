/**
 * The auditor's screen in the packaged app, over real bundles and by the keyboard alone: opened, verified with a hash from
 * outside, walked to a finding's line in a copy that somebody changed, compared, and reported.
 */
import { chownSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { bundleIn, tamperedCopy } from './audit-bundles';
import { Place, type RunningApp } from './driver/app-under-test';
import { axeOf } from './driver/axe';
import { press, tabTo, typeInto } from './driver/keyboard';
import { hexGroups } from '../../ceremony/words';
import { textOf } from '../report/poppler';
import { PrintServer, QUEUES } from './print-server';

const CHANGED = 20;

let place: Place;
let prints: PrintServer;
let app: RunningApp;
let folders: { readonly good: string; readonly other: string; readonly tampered: string; readonly reports: string };
let planHash: string;

beforeAll(async () => {
  place = await Place.open();
  const root = join(place.home.folder, 'bundles');
  mkdirSync(root);
  const { folder: good, made } = await bundleIn(root, 'good');
  const { folder: other } = await bundleIn(root, 'other', { ceremony: 'software-other', skip: ['preflight'] });
  const reports = join(root, 'reports');
  mkdirSync(reports);
  const { uid, gid } = statSync(place.home.folder);
  chownSync(reports, uid, gid);
  folders = { good, other, tampered: tamperedCopy(root, good, CHANGED), reports };
  planHash = made.planHash;
  prints = await PrintServer.open();
  prints.serve(place.home.folder);
  app = await place.start();
});
afterAll(async () => {
  await app.close();
  await prints.close();
  await place.close();
});

/** What the system's dialogs answer from now on. */
async function choose(path: string): Promise<void> {
  await app.app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen });
  }, path);
}

const strip = () => app.page.locator('.audit-strip__verdict strong');
const button = (name: string | RegExp) => app.page.getByRole('button', { name });
const tab = (name: RegExp) => app.page.getByRole('tab', { name });
const chosenLine = () => app.page.locator('.audit-line[aria-selected="true"] .audit-line__number').textContent();
/** Every file of a folder with its content. */
const contentOf = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => `${name} ${readFileSync(join(folder, name)).toString('base64')}`)
    .join('\n');

test('a bundle is opened, verified with a hash from outside, compared, reported, and not touched', async () => {
  const { page, main } = app;
  const before = contentOf(folders.good);
  await main.screen('Key ceremonies');
  await main.press('Verify a bundle …');
  await main.screen('Verify a bundle');
  await choose(folders.good);
  await main.press('Choose the folder of a bundle …');
  await expect.poll(() => strip().textContent()).toBe('Not verified: consistent');
  await typeInto(page, page.getByLabel('Hash of the plan, if you have it'), planHash.toUpperCase());
  await main.press('Verify again');
  await expect.poll(() => strip().textContent()).toBe('Verified');
  expect(await axeOf(page)).toEqual([]);

  await choose(join(folders.reports, 'report.pdf'));
  await main.press('Save as PDF …');
  await page.getByText('Saved as PDF, outside the bundle').waitFor();
  expect(readFileSync(join(folders.reports, 'report.pdf')).subarray(0, 5).toString()).toBe('%PDF-');

  await press(page, button('Look for printers'));
  await page.getByText('3 printers are there').waitFor();
  await page.getByLabel('Printer', { exact: true }).selectOption(QUEUES.other);
  await press(page, button(/^Print$/));
  const handed = page.getByText(`Handed to printer ${QUEUES.other} as job 1`, { exact: true });
  await handed.waitFor();
  expect(await axeOf(page)).toEqual([]);
  const { bytes } = await prints.arrived(QUEUES.other, 1);
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
  const { summary } = await verifyBundle(new FileBundleFolder(folders.good));
  expect(await textOf(bytes)).toContain(`Root ${hexGroups(summary?.root ?? 'no root')}`);

  await tabTo(page, tab(/^Verdict/));
  await page.keyboard.press('End');
  await choose(folders.other);
  await press(page, button('Choose the folder of a bundle …'));
  const steps = page.getByRole('table', { name: 'Steps of both bundles' });
  await steps.waitFor();
  expect(await steps.getByRole('row', { name: /^Pre-flight/ }).textContent()).toContain('Another outcome');
  expect(await axeOf(page)).toEqual([]);

  await tabTo(page, tab(/^Comparison/));
  await page.keyboard.press('ArrowLeft');
  await typeInto(page, page.getByLabel('Find in all lines'), 'wie vorgelesen');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Lines with “wie vorgelesen”' }).waitFor();
  await page.getByText('“wie vorgelesen”: 1 line found').waitFor();
  const pane = page.getByRole('region', { name: /^Line \d+: Confirmation/ });
  await pane.waitFor();
  expect(await pane.textContent()).toContain('Its root is that of the lines');
  await press(page, pane.getByText(/^Its bytes/));
  await press(page, button('Copy the line'));
  await page.getByText('Copied, without the line feed').waitFor();
  const copied = await app.app.evaluate(({ clipboard }) => clipboard.readText());
  expect(readFileSync(join(folders.good, 'transcript.jsonl'), 'utf8').split('\n')).toContain(copied);
  expect(contentOf(folders.good)).toBe(before);
}, 240_000);

test('in a copy that somebody changed, each finding leads to its line', async () => {
  const { page, main } = app;
  await main.press('Verify a bundle');
  await main.screen('Verify a bundle');
  await choose(folders.tampered);
  await main.press('Choose the folder of a bundle …');
  await expect.poll(() => strip().textContent()).toBe('Not verified: refused');
  expect(await axeOf(page)).toEqual([]);
  await main.press(`Go to line ${String(CHANGED + 1)}`);
  await expect.poll(chosenLine).toBe(`Line ${String(CHANGED + 1)}`);
  const pane = page.getByRole('region', { name: `Line ${String(CHANGED + 1)}: ` });
  expect(await pane.textContent()).toContain('the chain is broken');
  // The line before it is the one that was changed: an arrow away, under a checkpoint whose root is another.
  await page.keyboard.press('ArrowUp');
  await expect.poll(chosenLine).toBe(`Line ${String(CHANGED)}`);
  const before = page.getByRole('region', { name: `Line ${String(CHANGED)}: ` });
  await before.waitFor();
  expect(await before.textContent()).toContain('Its root is not that of the lines');
  await page.keyboard.press('Enter');
  expect(await page.evaluate<string>('document.activeElement?.id')).toBe('audit-line-pane');
  expect(await axeOf(page)).toEqual([]);
}, 240_000);
