/** Each screen in each state, light and dark: axe finds nothing, the content policy is kept, nothing is cut off. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MockedApp } from './mocked-app';
import { SCREENS, view } from './views';

const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];
const THEMES = ['light', 'dark'] as const;

let app: MockedApp;

beforeAll(async () => {
  app = await MockedApp.open(view({ kind: 'home' }), 'screens');
}, 240_000);

afterAll(async () => {
  await app.close();
});

describe.each(SIZES)('at $width × $height', (size) => {
  describe.each(THEMES)('%s', (theme) => {
    test.each(Object.keys(SCREENS))('%s', async (name) => {
      await app.resize(size);
      const screen = SCREENS[name];
      expect(screen).toBeDefined();
      await app.show({ ...screen!(), theme });
      // Places that can be closed hold text too.
      await app.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
      expect(await app.axe()).toEqual([]);
      expect(app.takeConsole()).toEqual([]);
      expect(await app.page.evaluate(TOO_WIDE)).toEqual([]);
      expect(await app.page.evaluate(TOO_SMALL)).toEqual([]);
    });
  });
});

test('the content policy is on: inline style and HTML from text are refused', async () => {
  const refused = await app.page.evaluate<string>(
    `(() => { try { document.body.insertAdjacentHTML('beforeend', '<p>no</p>'); return 'taken'; } catch (error) { return error.name; } })()`,
  );
  expect(refused).toBe('TypeError');
  app.takeConsole();
});

/** What reaches past the right edge of the window: nobody scrolls sideways in a ceremony. */
const TOO_WIDE = `[...document.querySelectorAll('main *')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 200))`;

/** Text below 14 px. */
const TOO_SMALL = `[...document.querySelectorAll('body *')]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''))
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 14)
  .map((one) => one.outerHTML.slice(0, 200))`;
