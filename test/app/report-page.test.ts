/** `report.html` and the script in a real browser: no script runs, nothing is asked for, axe finds nothing, and it looks as approved. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import esbuild from 'esbuild';
import type { ElectronApplication, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPlan } from '../../ceremony/plan/read';
import { scriptDocument } from '../../ceremony/plan/script/script-document';
import type { PrintDocument } from '../../ceremony/print/document';
import { renderHtml } from '../../ceremony/print/html';
import { makeAppHome } from '../../scripts/app/app-user.mjs';
import { type Display, openDisplay } from '../../scripts/app/display.mjs';
import { stageApp } from '../../scripts/app/stage-app.mjs';
import { electronRuntime } from '../../scripts/setup/electron-runtime.mjs';
import { documentPrinter } from '../../workstation/report-pdf/document-printer';
import { FIRST } from '../plan/examples';
import { APPROVED, differenceFromApproved, isTolerated, readGreyPng, type GreyPicture } from '../report/grey-picture';
import { documentOf } from '../report/reported-bundle';
import { ROOT } from '../rules/lint-text';
import { axeOf } from './driver/axe';
import { launchApp } from './driver/launch';

const PAGES = ['report', 'refused', 'script'] as const;
/** Major version of the Electron whose pictures were looked at: the development runtime. */
const APPROVED_ON = 25;
const quiet = (): void => undefined;

let app: ElectronApplication;
let end: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-report-page-'));
  let display: Display | null = null;
  try {
    await esbuild.build({
      absWorkingDir: ROOT,
      entryPoints: ['test/app/report-page/report-main.ts'],
      outfile: join(folder, 'main.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['electron'],
      logLevel: 'silent',
    });
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'keyrite-report-page', version: '0.0.0', main: 'main.cjs' }),
    );
    const { plan, sha256 } = readPlan(FIRST);
    await writePage(folder, 'report', await documentOf({ reproducible: true }));
    await writePage(folder, 'refused', await documentOf({ reproducible: true, finalSigners: ['ada'] }));
    await writePage(folder, 'script', scriptDocument(plan, sha256));
    const runtime = await electronRuntime(ROOT, quiet);
    const stage = await stageApp({ root: ROOT, runtime, app: folder, purpose: 'report-page' });
    display = await openDisplay({ width: 1280, height: 1024 });
    const home = makeAppHome(stage.user);
    app = await launchApp({ launcher: stage.launcher, env: display.env, home: home.folder });
    const shown = display;
    end = async () => {
      await app.close();
      await shown.close();
      home.remove();
    };
  } catch (error) {
    await display?.close();
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);

afterAll(async () => {
  await end();
});

describe.each(PAGES)('%s.html in a browser', (name) => {
  test('has no violation that axe finds, and asks for nothing', { timeout: 240_000 }, async () => {
    const { page, said } = await open(name);
    expect(await page.evaluate('document.title')).toMatch(/: (?:report|script)$/);
    expect(await axeOf(page)).toEqual([]);
    const asked = await page.evaluate<string[]>(
      'performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("data:"))',
    );
    expect(asked).toEqual([]);
    expect(said).toEqual([]);
  });

  test('is set in the typeface that it carries, and nothing is wider than the window', async () => {
    const { page } = await open(name);
    await page.evaluate('document.fonts.ready.then(() => undefined)');
    const loaded = await page.evaluate<string[]>(
      '[...document.fonts].filter((face) => face.status === "loaded").map((face) => face.family + " " + face.weight)',
    );
    expect(loaded.map((one) => one.replaceAll('"', ''))).toEqual(
      expect.arrayContaining(['IBM Plex Sans 400', 'IBM Plex Sans 600', 'IBM Plex Mono 400']),
    );
    await page.setViewportSize({ width: 800, height: 900 });
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });
});

/** Where the page is scrolled to: its beginning, and headings. */
const LOOKED_AT = ['', 'Steps', 'Checkpoints and signatures'];

/** Resolves when the page is drawn as it is. */
const DRAWN = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))))';

test('looks as somebody approved it', { timeout: 240_000 }, async () => {
  const { page } = await open('report');
  await page.evaluate('document.fonts.ready.then(() => undefined)');
  const major = await app.evaluate(() => Number(process.versions.electron.split('.')[0]));
  for (const [place, title] of LOOKED_AT.entries()) {
    await page.evaluate(
      title === ''
        ? 'scrollTo(0, 0)'
        : `[...document.querySelectorAll('h2')].find((one) => one.textContent === ${JSON.stringify(title)}).scrollIntoView()`,
    );
    await page.evaluate(DRAWN);
    const name = `report-html-${String(place + 1)}`;
    const picture = await pictureOfWindow();
    const share = differenceFromApproved(name, picture);
    // Chromium sets lines a little otherwise in each version, so only the runtime of the approved pictures is held to
    // each pixel; on every one there is about as much ink.
    if (major === APPROVED_ON) expect(isTolerated(share), `${name}: ${String(share)} of it looks different`).toBe(true);
    const ink = inkOf(picture) / inkOf(readGreyPng(readFileSync(join(APPROVED, `${name}.png`))));
    expect(Math.abs(ink - 1), `ink of ${name}`).toBeLessThan(0.15);
  }
});

test('a script in the file does not run', async () => {
  const { page, said } = await open('report');
  await page.evaluate(`(() => { const made = document.createElement('script');
    made.textContent = 'window.ran = true'; document.body.append(made); })()`);
  expect(await page.evaluate('window.ran === undefined')).toBe(true);
  expect(said.join('\n')).toContain('Content Security Policy');
});

async function writePage(folder: string, name: string, document: PrintDocument): Promise<void> {
  writeFileSync(join(folder, `${name}.html`), renderHtml(document, await documentPrinter.faces(document)));
}

/** What the window shows, in grey. */
async function pictureOfWindow(): Promise<GreyPicture> {
  const { width, height, bgra } = await app.evaluate(async ({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    const image = await window!.webContents.capturePage();
    return { ...image.getSize(), bgra: image.toBitmap().toString('base64') };
  });
  const colours = Buffer.from(bgra, 'base64');
  const pixels = new Uint8Array(width * height);
  for (let at = 0; at < pixels.length; at += 1) {
    const [blue = 0, green = 0, red = 0] = colours.subarray(at * 4, at * 4 + 3);
    pixels[at] = Math.round(0.3 * red + 0.59 * green + 0.11 * blue);
  }
  return { width, height, pixels };
}

/** How dark a picture is, all of it together. */
function inkOf({ pixels }: GreyPicture): number {
  return pixels.reduce((sum, grey) => sum + 255 - grey, 0);
}

async function open(name: string): Promise<{ readonly page: Page; readonly said: string[] }> {
  const waiting = app.waitForEvent('window');
  await app.evaluate(async ({ BrowserWindow, app: main }, file) => {
    for (const window of BrowserWindow.getAllWindows()) window.destroy();
    const window = new BrowserWindow({
      width: 1100,
      height: 900,
      useContentSize: true,
      webPreferences: { sandbox: true },
    });
    void window.loadFile(`${main.getAppPath()}/${file}.html`);
  }, name);
  const page = await waiting;
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  await page.waitForLoadState('load');
  return { page, said };
}
