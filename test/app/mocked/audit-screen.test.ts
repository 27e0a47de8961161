/** The auditor's screen over a double of main: sound for axe in each state, and walked through by the keyboard alone. */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { press, tabTo, typeInto } from '../driver/keyboard';
import { auditStates, type AuditState, type AuditStates, LONG } from './audit-views';
import { MockedApp } from './mocked-app';
import { view } from './views';
import { sampled } from '../../sampled';

const test = sampled(6);

/** Colours differ by theme, places by size: each once is enough. */
const LOOKS = [
  { width: 1280, height: 800, theme: 'light' },
  { width: 1920, height: 1080, theme: 'dark' },
] as const;
const STATES = ['verified', 'refused', 'incomplete', 'long', 'compared'];

let app: MockedApp;
let made: AuditStates;

beforeAll(async () => {
  made = await auditStates();
  app = await MockedApp.open(view({ kind: 'home' }), 'audit');
}, 240_000);
afterAll(async () => {
  await app.close();
  made.remove();
});

const stateOf = (name: string): AuditState => {
  const state = made.states[name];
  if (state === undefined) throw new Error(`no state ${name}`);
  return state;
};
const tab = (name: string) => app.page.getByRole('tab', { name });
const lines = () => app.page.getByRole('listbox', { name: /times in UTC$/ });
const facets = () => app.page.getByRole('listbox', { name: 'Walk by' });
const focusIsOn = (what: string | RegExp) => expect.poll(() => app.focused()).toMatch(what);
const chosenLine = () => lines().locator('[aria-selected="true"] .audit-line__number').textContent();

/** From the tabs, of which one is reached by Tab, to the transcript. */
async function showTranscript(): Promise<void> {
  await tabTo(app.page, tab('Verdict'));
  await app.page.keyboard.press('ArrowRight');
}

/** Shows a state as if it had just been opened; main answers with its first page, and with one line in full. */
async function open(name: string, line = 0, theme: 'light' | 'dark' = 'light'): Promise<AuditState> {
  const state = stateOf(name);
  await app.show(view({ kind: 'home' }, { theme }));
  await app.answer('audit.place', { value: line });
  await app.answer('audit.lines', { value: state.page });
  await app.answer('audit.line', { value: await state.lineOf(line) });
  await app.show({ ...state.view, theme });
  return state;
}

describe.each(LOOKS)('$theme at $width × $height', ({ width, height, theme }) => {
  test.each(STATES)('%s: every part is sound for axe, and nothing is cut off', async (name) => {
    await app.resize({ width, height });
    await open(name, name === 'refused' ? 21 : 0, theme);
    for (const part of ['Verdict', 'Transcript', 'Comparison']) {
      await tab(part).click();
      if (part === 'Transcript') await app.page.getByRole('heading', { name: /^Line \d+: / }).waitFor();
      await app.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
      expect(await app.axe()).toEqual([]);
      expect(app.takeConsole()).toEqual([]);
      expect(await app.page.evaluate(TOO_WIDE)).toEqual([]);
      expect(await app.page.evaluate(TOO_SMALL)).toEqual([]);
    }
  });
});

describe('by the keyboard', () => {
  beforeEach(async () => {
    await app.resize({ width: 1280, height: 800 });
    await app.takeCalls();
  });

  test('the verdict has the focus; tabs are passed by the arrow keys', async () => {
    await open('verified');
    await focusIsOn(/^H2: Verdict: Verified/);
    await tabTo(app.page, tab('Verdict'));
    await app.page.keyboard.press('ArrowRight');
    await focusIsOn(/^BUTTON: tab/);
    expect(await tab('Transcript').getAttribute('aria-selected')).toBe('true');
    await app.page.keyboard.press('End');
    expect(await tab('Comparison').getAttribute('aria-selected')).toBe('true');
    await app.page.keyboard.press('ArrowRight');
    expect(await tab('Verdict').getAttribute('aria-selected')).toBe('true');
  });

  test('lines are walked by arrows, pages, Home and End; Enter opens the line, Escape leads back', async () => {
    const state = await open('verified');
    await showTranscript();
    await tabTo(app.page, lines());
    await app.takeCalls();
    await app.page.keyboard.press('ArrowDown');
    expect(await app.nextCall('audit.line')).toEqual({
      bundle: state.view.screen.kind === 'verify' ? state.view.screen.audit?.bundle : '',
      line: 1,
    });
    await app.page.keyboard.press('End');
    expect(await chosenLine()).toBe(`Line ${String(state.page.total - 1)}`);
    await app.page.keyboard.press('PageUp');
    const up = Number((await chosenLine())?.replace(/\D/g, ''));
    expect(up).toBeLessThan(state.page.total - 3);
    await app.page.keyboard.press('Home');
    expect(await chosenLine()).toBe('Line 0');
    await app.page.keyboard.press('Enter');
    expect(await app.page.evaluate<string>('document.activeElement?.id')).toBe('audit-line-pane');
    await app.page.keyboard.press('Escape');
    expect(await app.page.evaluate<string>('document.activeElement?.id')).toBe('audit-lines');
    // What is chosen is in sight.
    const [box, row] = [await lines().boundingBox(), await lines().locator('[aria-selected="true"]').boundingBox()];
    expect(row?.y).toBeGreaterThanOrEqual(Math.floor(box?.y ?? Infinity));
  });

  test('choosing follows the arrows in what to walk by: each filter asks main for its lines', async () => {
    await open('verified');
    await showTranscript();
    await tabTo(app.page, facets());
    await app.takeCalls();
    await app.answer('audit.place', { value: 0 });
    let before: unknown = { by: 'all' };
    // On a busy machine the list that was there may be asked for once more.
    const nextOther = async (): Promise<{ readonly filter: unknown }> => {
      for (;;) {
        const asked = (await app.nextCall('audit.lines')) as { readonly filter: unknown };
        if (isDeepStrictEqual(asked.filter, before)) continue;
        before = asked.filter;
        return asked;
      }
    };
    for (const filter of [
      { by: 'exceptions' },
      { by: 'failures' },
      { by: 'checkpoints' },
      { by: 'step', id: 'preflight' },
    ]) {
      await app.page.keyboard.press('ArrowDown');
      expect(await nextOther()).toMatchObject({ filter, from: 0, count: 200 });
    }
    await app.page.keyboard.press('End');
    expect(await nextOther()).toMatchObject({ filter: { by: 'unit', id: 'unit-a' } });
    await app.page.getByRole('heading', { name: 'Unit A' }).waitFor();
  });

  test('a long transcript: End asks for its last page, pages turn at their edges, and a line is gone to by number', async () => {
    const state = await open('long');
    await showTranscript();
    await tabTo(app.page, lines());
    expect(await lines().getByRole('option').count()).toBe(200);
    await app.takeCalls();
    await app.answer('audit.lines', { value: await state.pageOf({ by: 'all' }, LONG - 200) });
    await app.page.keyboard.press('End');
    expect(await app.nextCall('audit.lines')).toMatchObject({ filter: { by: 'all' }, from: LONG - 200 });
    await expect.poll(chosenLine).toBe(`Line ${String(LONG - 1)}`);
    expect(await lines().getByRole('option', { selected: true }).getAttribute('aria-posinset')).toBe(String(LONG));
    await app.answer('audit.lines', { value: await state.pageOf({ by: 'all' }, LONG - 400) });
    await lines().getByRole('option').first().click();
    await app.page.keyboard.press('ArrowUp');
    expect(await app.nextCall('audit.lines')).toMatchObject({ from: LONG - 400 });
    await expect.poll(chosenLine).toBe(`Line ${String(LONG - 201)}`);
    await app.answer('audit.lines', { value: await state.pageOf({ by: 'all' }, 12_200) });
    await typeInto(app.page, app.page.getByLabel('Go to line'), '12345');
    await app.page.keyboard.press('Enter');
    expect(await app.nextCall('audit.lines')).toMatchObject({ filter: { by: 'all' }, from: 12_200 });
    await expect.poll(chosenLine).toBe('Line 12345');
    expect(await app.page.evaluate<string>('document.activeElement?.id')).toBe('audit-lines');
    await typeInto(app.page, app.page.getByLabel('Go to line'), '100000');
    await app.page.getByText(/A number from 0 to 99/).waitFor();
  });

  test('each finding leads to its line', async () => {
    const state = await open('refused', 21);
    await app.takeCalls();
    await press(app.page, app.page.getByRole('button', { name: 'Go to line 21' }));
    expect(await app.nextCall('audit.lines')).toMatchObject({ filter: { by: 'all' }, from: 0 });
    expect(await tab('Transcript').getAttribute('aria-selected')).toBe('true');
    await expect.poll(chosenLine).toBe('Line 21');
    await expect.poll(() => app.page.evaluate<string>('document.activeElement?.id')).toBe('audit-lines');
    const pane = app.page.getByRole('region', { name: /^Line 21: / });
    expect(await pane.textContent()).toContain('the chain is broken');
    expect(state.view.screen).toMatchObject({ report: { verdict: 'refused' } });
  });

  test('what was typed for the verdict stays while the lines are looked at; it is verified again with it', async () => {
    await open('verified');
    const hash = 'ab'.repeat(32);
    await app.page.getByLabel('Hash of the plan, if you have it').fill(hash);
    await tab('Transcript').click();
    await tab('Verdict').click();
    await press(app.page, app.page.getByRole('button', { name: 'Verify again' }));
    expect(await app.nextCall('verify.again')).toEqual({ planHash: hash });
  });
});

describe('what the screen says', () => {
  test.each([
    ['verified', 'Verified'],
    ['refused', 'Not verified: refused'],
    ['incomplete', 'Not verified: incomplete'],
  ])('%s is said at the top, whatever part is shown', async (name, words) => {
    await open(name);
    for (const part of ['Verdict', 'Transcript', 'Comparison']) {
      await tab(part).click();
      expect(await app.page.locator('.audit-strip__verdict strong').textContent()).toBe(words);
    }
  });

  test('a transcript that changed since is not called verified', async () => {
    const { view: shown } = stateOf('verified');
    const { screen } = shown;
    if (screen.kind !== 'verify' || screen.audit === null) throw new Error('no walk');
    await open('verified');
    await app.show({ ...shown, screen: { ...screen, audit: { ...screen.audit, same: false } } });
    expect(await app.page.locator('.audit-strip__verdict').textContent()).toMatch(/^Changed since/);
    expect(await app.axe()).toEqual([]);
  });

  test('hashes are shown in words where they are asked for', async () => {
    await open('verified');
    await tab('Transcript').click();
    const pane = app.page.getByRole('region', { name: /^Line 0: / });
    await pane.waitFor();
    const before = await pane.locator('.audit-hash__words').count();
    await app.page.getByText('Hashes in words too').click();
    expect(before).toBe(0);
    expect(await pane.locator('.audit-hash__words').count()).toBeGreaterThan(5);
  });

  test('a search tells how far it is, can be stopped, and shows what it found', async () => {
    const { view: shown, page } = stateOf('verified');
    const { screen } = shown;
    if (screen.kind !== 'verify' || screen.audit === null) throw new Error('no walk');
    await open('verified');
    await tab('Transcript').click();
    const search = { text: 'ada', state: 'running', looked: 12_000, found: 3 } as const;
    await app.show({ ...shown, screen: { ...screen, audit: { ...screen.audit, search } } });
    await app.page.getByText('“ada”: 3 lines so far, 12 000 looked at').waitFor();
    await app.page.getByRole('button', { name: 'Stop' }).click();
    await app.nextCall('audit.stop-search');
    await app.show({
      ...shown,
      screen: { ...screen, audit: { ...screen.audit, search: { ...search, state: 'done' } } },
    });
    await app.answer('audit.place', { value: 0 });
    await app.answer('audit.lines', { value: { ...page, total: 3, lines: page.lines.slice(4, 7) } });
    await app.page.getByLabel('Find in all lines').fill('ada');
    await app.takeCalls();
    await app.page.keyboard.press('Enter');
    expect(await app.nextCall('audit.search')).toMatchObject({ text: 'ada' });
    await app.page.getByRole('heading', { name: 'Lines with “ada”' }).waitFor();
    await app.answer('audit.search', { trouble: { happened: 'No.', changed: 'Nothing.', next: 'Look again.' } });
    await app.page.getByRole('button', { name: 'Find' }).click();
    await app.page.locator('.trouble-alert').waitFor();
    await app.page.getByRole('button', { name: 'Put this message away' }).click();
    await app.answer('audit.search', { value: null });
  });

  test('two bundles are told apart by mode, and differences by more than a colour', async () => {
    await open('compared');
    await tab('Comparison').click();
    const steps = app.page.getByRole('table', { name: 'Steps of both bundles' });
    const heads = await steps.getByRole('columnheader').allTextContents();
    expect(heads).toEqual(['Step', 'Rehearsal', 'Production', 'Differs in']);
    const all = await steps.getByRole('row').count();
    await app.page.getByText('Only what differs', { exact: true }).first().click();
    expect(await steps.getByRole('row').count()).toBeLessThan(all);
    expect(await steps.getByRole('row', { name: /^Pre-flight/ }).textContent()).toContain('Another outcome');
    await app.page.getByRole('button', { name: 'Choose the folder of a bundle …' }).first().click();
    await app.nextCall('audit.compare-folder');
    await app.page.getByRole('button', { name: 'Put the comparison away' }).click();
    await app.nextCall('audit.drop-comparison');
  });

  test('a report is saved by main, which asks where', async () => {
    await open('verified');
    const button = (name: string) => app.page.getByRole('button', { name });
    await button('Save as PDF …').click();
    expect(await app.nextCall('audit.save-report')).toEqual({ form: 'pdf', paper: 'A4' });
    await app.page.getByText('Saved as PDF, outside the bundle').waitFor();
    await app.page.getByText('Letter', { exact: true }).click();
    await button('Save as PDF …').click();
    expect(await app.nextCall('audit.save-report')).toEqual({ form: 'pdf', paper: 'Letter' });
    await button('Save as HTML …').click();
    expect(await app.nextCall('audit.save-report')).toEqual({ form: 'html' });
    await app.page.getByText('Saved as HTML, outside the bundle').waitFor();
  });

  test.each(['light', 'dark'] as const)(
    'in %s, a report is printed: printers are looked for, one is chosen, and the job is named',
    async (theme) => {
      const button = (name: string) => app.page.getByRole('button', { name, exact: true });
      const sound = async (): Promise<void> => {
        expect(await app.axe()).toEqual([]);
        expect(app.takeConsole()).toEqual([]);
        expect(await app.page.evaluate(TOO_WIDE)).toEqual([]);
      };
      const next = 'Save the report as PDF and print that from where a printer is.';
      await app.answer('audit.printers', { value: { found: 'none', why: 'There is no printer.', next } });
      await open('verified', 0, theme);
      await press(app.page, button('Look for printers'));
      await app.page.getByText(next).waitFor();
      await sound();

      const printers = ['lab', 'office', 'x'.repeat(127)];
      await app.answer('audit.printers', { value: { found: 'printers', printers, usual: null } });
      await app.page.keyboard.press('Enter');
      await app.page.getByText('3 printers are there').waitFor();
      await focusIsOn('BUTTON: Look for printers again');
      await app.page.getByText('Choose a printer first').waitFor();
      await app.takeCalls();
      await press(app.page, button('Print'));
      expect(await app.takeCalls()).toEqual([]);
      await sound();

      await app.answer('audit.printers', { value: { found: 'printers', printers, usual: 'office' } });
      await app.answer('audit.print-report', { value: { printer: 'lab', job: 12 } });
      await button('Look for printers again').click();
      const choice = app.page.getByLabel('Printer', { exact: true });
      await expect.poll(() => choice.inputValue()).toBe('office');
      await choice.selectOption('lab');
      await press(app.page, button('Print'));
      expect(await app.nextCall('audit.print-report')).toEqual({ printer: 'lab', paper: 'A4' });
      await app.page.getByText('Handed to printer lab as job 12').waitFor();
      await sound();

      const trouble = { happened: 'It did not take it.', changed: 'Nothing was printed.', next: 'Print again.' };
      await app.answer('audit.print-report', { trouble });
      await app.page.keyboard.press('Enter');
      await app.page.locator('.trouble-alert').waitFor();
      expect(await app.page.getByText(/^Handed to printer/).count()).toBe(0);
      await button('Put this message away').click();
    },
  );
});

/** What reaches past the right edge of the window: nobody scrolls sideways. */
const TOO_WIDE = `[...document.querySelectorAll('main *')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 200))`;

/** Text below 14 px. */
const TOO_SMALL = `[...document.querySelectorAll('body *')]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''))
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 14)
  .map((one) => one.outerHTML.slice(0, 200))`;
