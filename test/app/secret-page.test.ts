/** The page of the secret windows: what it shows, takes, hides and refuses, with real keys in the real Electron. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import type { Dialogue } from '../../hsm/dialogue';
import { SEAL_BYTES } from '../../hsm/sealed-exchange';
import { MAX_BODY_BYTES } from '../../hsm/secret-port';
import { freshSecret } from '../../hsm/shares/entropy';
import { schemeOf } from '../../hsm/shares/set-scheme';
import { readWordSheet, writeWordSheet } from '../../hsm/shares/word-sheet';
import { SLIP39_WORDS } from '../../hsm/shares/slip39/word-list';
import { readWorksheet, writeWorksheet } from '../../hsm/shares/worksheet';
import { press, tabTo } from './driver/keyboard';
import { findInMemory } from './secret-page/memory-scan';
import { CONTEXT, EXCHANGE, SecretPageApp, axe } from './secret-page/secret-page-app';
import { sampled } from '../sampled';

const test = sampled(6);

const SET = '3f2a91c0d5e64b7788990a1b2c3d4e5f';
const NAME = { set: SET, scheme: 'components', threshold: 3, count: 3, index: 2 } as const;
const COMPONENT = Buffer.from('f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff01', 'hex');
const SHEET = writeWorksheet(NAME, 'carol', COMPONENT);
/** The digits of the worksheet's rows without their numbers. */
const ROWS = SHEET.toString('latin1')
  .split('\n')
  .filter((line) => /^\d /.test(line))
  .map((line) => line.slice(1).replaceAll(' ', ''));

const WORD_NAME = { ...NAME, scheme: 'threshold', threshold: 2 } as const;
const WORDS = schemeOf('threshold').split(COMPONENT, 2, 3, freshSecret)[1] ?? Buffer.alloc(0);
const WORD_SHEET = writeWordSheet(WORD_NAME, 'carol', WORDS);
const WORD_ROWS = (WORDS.toString('latin1').match(/\w+ \w+ \w+/g) ?? []).map(String);

const PIN: Dialogue = {
  kind: 'pin',
  of: 'unit-a',
  role: 'user',
  part: 1,
  parts: 2,
  holder: 'carol',
  make: false,
  minimum: 4,
  maximum: 12,
  warning: null,
};
const FINAL_TRY: Dialogue = { kind: 'final-try', of: 'unit-a', role: 'user', holder: 'carol' };
const PASSPHRASE: Dialogue = {
  kind: 'passphrase',
  holder: 'carol',
  make: false,
  minimum: 1,
  maximum: 1024,
  wrong: false,
};
const SHOW: Dialogue = { kind: 'share-show', custodian: 'carol', set: SET, index: 2, of: 3, form: 'rows' };
const ENTER: Dialogue = {
  kind: 'share-enter',
  custodian: 'carol',
  set: SET,
  index: 2,
  of: 3,
  form: 'rows',
  refused: null,
};
const SEATED = { context: { ...CONTEXT, stillSeated: true } };
const HEX = { body: SHEET.toString('hex') };

let app: SecretPageApp;
beforeAll(async () => {
  app = await SecretPageApp.start();
});
afterAll(async () => {
  await app.close();
});
beforeEach(() => {
  app.takeConsole();
});

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const alertText = (page: Page) => page.locator('.secret-trouble').innerText();
const focused = (page: Page) =>
  page.evaluate<string>('document.activeElement.id || document.activeElement.textContent');
const given = (body: string) => ({
  message: expect.objectContaining({ kind: 'answer', exchange: EXCHANGE, answer: 'given' }) as unknown,
  body: Buffer.from(body, 'utf8').toString('hex'),
});
const DECLINED = {
  message: expect.objectContaining({ kind: 'answer', exchange: EXCHANGE, answer: 'refused' }) as unknown,
  body: '',
};

/** Everything on the page that a person, a script or an accessibility tool could read. */
const everything = (page: Page) =>
  page.evaluate<string>(
    `document.documentElement.outerHTML + document.body.innerText + [...document.querySelectorAll('input')].map((input) => input.value).join('')`,
  );

async function sit(page: Page): Promise<void> {
  await button(page, 'I am Carol Núñez, and alone at the screen').click();
}

/** Another window takes the focus; Playwright keeps it from pages unless told otherwise. */
async function lookAway(page: Page): Promise<void> {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Emulation.setFocusEmulationEnabled', { enabled: false });
  expect(await page.evaluate('document.hasFocus()')).toBe(true);
  await app.openOther();
  await expect.poll(() => page.evaluate('document.hasFocus()')).toBe(false);
  await app.closeOther();
}

async function typeRows(page: Page, rows: readonly string[]): Promise<void> {
  for (const row of rows) {
    await page.keyboard.type(row);
    await page.keyboard.press('Enter');
  }
}

describe('coming to the keyboard', () => {
  test('calls the person, says for what, and shows and takes nothing before', async () => {
    const page = await app.open(SHOW, HEX);
    await heading(page).getByText('Carol Núñez comes to the keyboard').waitFor();
    const text = await page.locator('body').innerText();
    expect(text).toContain('SECRET: for Carol Núñez only');
    expect(text).toContain('REHEARSAL');
    expect(text).toContain('END-OF-LIFE RUNTIME');
    expect(text).toContain('Everybody else looks away from screen and keyboard');
    expect(text).toContain(CONTEXT.step);
    expect(text).toContain(CONTEXT.doing);
    expect(await page.locator('input').count()).toBe(0);
    for (const row of ROWS) expect((await everything(page)).replaceAll(/\s|<[^>]*>/g, '')).not.toContain(row);
  });

  test('a key that was meant for another window answers nothing', async () => {
    const page = await app.open(PIN);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Space');
    expect(await heading(page).innerText()).toBe('Carol Núñez comes to the keyboard');
    expect(await app.heard()).toEqual([]);
  });

  test('goes on by keyboard alone, and is left out for the one who sits here', async () => {
    const page = await app.open(PIN);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await heading(page).innerText()).toBe('Enter part 1 of 2 of the user PIN of Unit A');
    const again = await app.open(PIN, SEATED);
    expect(await heading(again).innerText()).toBe('Enter part 1 of 2 of the user PIN of Unit A');
  });

  test('declining asks once more, keeps the focus, and says so to whoever asked', async () => {
    const page = await app.open(PIN);
    await button(page, 'I decline').click();
    expect(await focused(page)).toBe('Go back');
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('I decline');
    expect(await app.heard()).toEqual([]);
    await page.keyboard.press('Enter');
    await button(page, /^Decline$/).click();
    expect(await app.answer()).toMatchObject(DECLINED);
    expect(await heading(page).innerText()).toBe('You declined');
  });
});

describe('PIN', () => {
  test('takes what is typed, shows nothing of it, and gives bytes of just its length', async () => {
    const page = await app.open(PIN, SEATED);
    const before = await page.screenshot();
    await page.keyboard.type('a');
    const one = await page.screenshot();
    await page.keyboard.type('b-7xQ');
    const six = await page.screenshot();
    expect(one.equals(before)).toBe(false);
    expect(six.equals(one)).toBe(true);
    const all = await everything(page);
    expect(all).not.toContain('ab-7xQ');
    expect(await page.locator('#pin').inputValue()).toBe('');
    await page.keyboard.press('Enter');
    expect(await app.answer()).toMatchObject({ ...given('ab-7xQ'), buffer: 6 + SEAL_BYTES });
    expect(await page.locator('input').count()).toBe(0);
  });

  test('has the focus in the moment it appears, so that no key is lost', async () => {
    const page = await app.open(PIN, { ...SEATED, silent: true });
    await page.evaluate(`(() => {
      new MutationObserver(() => {
        if (document.getElementById('pin') !== null) globalThis.focusedAtOnce ??= document.activeElement.id;
      }).observe(document.body, { childList: true, subtree: true });
    })()`);
    await app.post({ kind: 'question', exchange: EXCHANGE, dialogue: PIN }, '');
    await page.locator('#pin').waitFor();
    expect(await page.evaluate('focusedAtOnce')).toBe('pin');
  });

  test('Backspace takes back one character of any script, Ctrl-U and Ctrl-Backspace all', async () => {
    const page = await app.open(PIN, SEATED);
    await page.keyboard.type('wrong');
    await page.keyboard.press('Control+u');
    await page.keyboard.type('wrong');
    await page.keyboard.press('Control+Backspace');
    await page.keyboard.type('né☃');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('ñ1');
    // Half of a PIN is not called one.
    expect(await page.getByLabel('PIN, part 1 of 2').count()).toBe(1);
    await button(page, 'Give the part').click();
    expect(await app.answer()).toMatchObject(given('néñ1'));
  });

  test('takes an accent that is made of two keys', async () => {
    const page = await app.open(PIN, SEATED);
    const keys = await page.context().newCDPSession(page);
    await page.keyboard.type('caf');
    await keys.send('Input.imeSetComposition', { text: '´', selectionStart: 1, selectionEnd: 1 });
    await keys.send('Input.insertText', { text: 'é' });
    expect(await page.locator('#pin').inputValue()).toBe('');
    await page.keyboard.press('Enter');
    expect(await app.answer()).toMatchObject(given('café'));
  });

  test.each([
    ['too short', '123'],
    ['too long', '1234567890123'],
    ['too long in bytes', 'ééééééé'],
    ['far too long', 'x'.repeat(1100)],
  ])('one that is %s is not given, and all of it is wiped', async (_what, pin) => {
    const page = await app.open(PIN, SEATED);
    await page.keyboard.type(pin);
    await page.keyboard.press('Enter');
    await page.getByText('It is not taken, and was not given to the token: 4 to 12 bytes').waitFor();
    expect(await app.heard()).toEqual([]);
    expect(await focused(page)).toBe('pin');
    await page.keyboard.type('1234');
    await page.keyboard.press('Enter');
    expect(await app.answer()).toMatchObject(given('1234'));
  });

  test('one that is made is typed twice; two that differ are both wiped', async () => {
    const page = await app.open({ ...PIN, role: 'security-officer', parts: 1, make: true }, SEATED);
    expect(await heading(page).innerText()).toBe('Make the security officer PIN of Unit A');
    await page.keyboard.type('first-one');
    await page.keyboard.press('Enter');
    await page.keyboard.type('first-onE');
    await page.keyboard.press('Enter');
    await page.getByText('The two differ, so neither is taken. Make the PIN again').waitFor();
    expect(await app.heard()).toEqual([]);
    expect(await focused(page)).toBe('pin');
    await page.keyboard.type('2nd-one');
    await page.keyboard.press('Enter');
    await page.keyboard.type('2nd-one');
    await page.keyboard.press('Enter');
    expect(await app.answer()).toMatchObject({ ...given('2nd-one'), buffer: 7 + SEAL_BYTES });
  });

  test('says whose token a card PIN is of', async () => {
    const own = await app.open({ ...PIN, role: 'card', of: 'carol', parts: 1 }, SEATED);
    expect(await heading(own).innerText()).toBe('Enter the PIN of your own token');
    const other = await app.open({ ...PIN, role: 'card', of: 'dave', parts: 1 }, SEATED);
    expect(await heading(other).innerText()).toBe('Enter the PIN of the token of Dave Okafor');
  });

  test('warns when few tries are left', async () => {
    const page = await app.open({ ...PIN, warning: 'count-low' }, SEATED);
    await page.getByText('a wrong PIN was given before. The token allows few more').waitFor();
  });

  test.each([
    ['final-try', 'This is the final try. If the PIN is wrong, the token locks it'],
    ['locked', 'The token says that this PIN is locked'],
  ] as const)('%s: asks for YES before it takes anything', async (warning, words) => {
    const page = await app.open({ ...PIN, warning }, SEATED);
    await page.getByText(words).waitFor();
    expect(await page.locator('#pin').count()).toBe(0);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('yes');
    for (const wrong of ['yes', 'YE', 'YES!', '']) {
      await page.keyboard.type(wrong);
      await page.keyboard.press('Enter');
      await page.getByText('Type YES in capitals to go on, or decline').waitFor();
      expect(await page.locator('#pin').count()).toBe(0);
    }
    await page.keyboard.type('YES');
    await page.keyboard.press('Enter');
    await page.keyboard.type('1234');
    await page.keyboard.press('Enter');
    expect(await app.answer()).toMatchObject(given('1234'));
  });

  test('a final try at the token’s own pad takes YES and nothing else', async () => {
    const page = await app.open(FINAL_TRY, SEATED);
    expect(await heading(page).innerText()).toMatch(/^The device will ask for the user PIN of .* on its own pad$/);
    await page.getByText('This is the final try. If the PIN is wrong, the token locks it').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('YES');
    await page.keyboard.press('Enter');
    expect(await app.answer()).toMatchObject(given(''));
  });

  test('the keyboard can be tested: what is typed there shows, goes when it is left, and is never given', async () => {
    const page = await app.open(PIN, SEATED);
    await button(page, 'Test the keyboard first').click();
    await page.getByLabel('Type anything here to test the keyboard').focus();
    await page.keyboard.type('zyß');
    await page.getByText('zyß').waitFor();
    await page.locator('#pin').focus();
    expect(await everything(page)).not.toContain('zyß');
    await page.keyboard.type('1234');
    await page.keyboard.press('Enter');
    expect(await app.answer()).toMatchObject(given('1234'));
  });

  test('says when Caps Lock is on', async () => {
    const page = await app.open(PIN, SEATED);
    const keys = await page.context().newCDPSession(page);
    const capsLock = (modifiers: number) =>
      page.evaluate(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {
        key: 'a', bubbles: true, modifierCapsLock: ${String(modifiers === 1)} }))`);
    await capsLock(1);
    await page.getByText('Caps Lock is on').waitFor();
    await capsLock(0);
    await page.getByText('Caps Lock is on').waitFor({ state: 'detached' });
    await keys.detach();
  });
});

describe('the passphrase of a key file', () => {
  test('is called for in words of its own, taken unseen, and given', async () => {
    const page = await app.open(PASSPHRASE);
    expect(await page.locator('body').innerText()).toContain(
      'Carol Núñez is asked to enter the passphrase of their key file',
    );
    await sit(page);
    expect(await heading(page).innerText()).toBe('Enter the passphrase of your key file');
    expect(await focused(page)).toBe('passphrase');
    await page.keyboard.type('a long Ω phrase');
    expect(await everything(page)).not.toContain('long Ω');
    await button(page, 'Give the passphrase').click();
    expect(await app.answer()).toMatchObject(given('a long Ω phrase'));
  });

  test('says when the one before was wrong, and does not take none', async () => {
    const page = await app.open({ ...PASSPHRASE, wrong: true }, SEATED);
    await page.getByText('The one typed before does not open the file. Nothing counts the tries').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('It is not taken, and was not tried on the file: 1 to 1024 bytes').waitFor();
    expect(await app.heard()).toEqual([]);
  });

  test('is made twice alike', async () => {
    const page = await app.open({ ...PASSPHRASE, make: true, minimum: 12 }, SEATED);
    expect(await heading(page).innerText()).toBe('Make the passphrase of your key file');
    for (const typed of ['a long phrase', 'a long phrasf']) {
      await page.keyboard.type(typed);
      await page.keyboard.press('Enter');
    }
    await page.getByText('The two differ, so neither is taken. Make the passphrase again').waitFor();
    for (let time = 0; time < 2; time += 1) {
      await page.keyboard.type('a long phrase');
      await page.keyboard.press('Enter');
    }
    expect(await app.answer()).toMatchObject(given('a long phrase'));
  });
});

describe('a share that is shown', () => {
  const rowsOnPage = async (page: Page) =>
    (await page.locator('.sheet-row').allInnerTexts()).map((row) => row.replaceAll(/\s/g, '').slice(1));

  test('shows every row once its custodian is seated, and ends when it was compared', async () => {
    const page = await app.open(SHOW, HEX);
    await sit(page);
    expect(await rowsOnPage(page)).toEqual(ROWS);
    expect(await page.locator('.sheet-heading').allInnerTexts()).toContain('Share 2 of 3');
    await button(page, 'Put it away').click();
    expect(await alertText(page)).toContain('row by row');
    expect(await app.heard()).toEqual([]);
    expect(await page.evaluate('document.activeElement.type')).toBe('checkbox');
    await page.keyboard.press('Space');
    await button(page, 'Put it away').click();
    expect(await app.answer()).toMatchObject(given(''));
    const after = await everything(page);
    for (const row of ROWS) expect(after).not.toContain(row.slice(0, 4));
  });

  test('for one who sits here already it waits until it is asked for, and must have been shown', async () => {
    const page = await app.open(SHOW, { ...SEATED, ...HEX });
    expect(await rowsOnPage(page)).toEqual([]);
    await page.getByLabel('I have copied it, and compared it row by row').check();
    await button(page, 'Put it away').click();
    expect(await alertText(page)).toContain('has not been shown yet');
    expect(await app.heard()).toEqual([]);
    await button(page, 'Show my share').click();
    expect(await rowsOnPage(page)).toEqual(ROWS);
  });

  test('fits the window as it opens: nothing of it is behind a scroll bar', async () => {
    const page = await app.open(SHOW, HEX);
    // Its own size, src-main/main.ts.
    await app.resize(page, 1180, 770);
    await sit(page);
    expect(await rowsOnPage(page)).toEqual(ROWS);
    const [content, shown] = await page.evaluate<[number, number]>(
      '(({ scrollHeight, clientHeight }) => [scrollHeight, clientHeight])(document.querySelector(".secret-body"))',
    );
    expect(content).toBeLessThanOrEqual(shown);
    await app.resize(page, 1280, 800);
  });

  test.each([
    ['Escape', async (page: Page) => page.keyboard.press('Escape'), 'Your share is hidden'],
    ['the button', async (page: Page) => button(page, /Hide now/).click(), 'Your share is hidden'],
    ['looking away', async (page: Page) => lookAway(page), 'Hidden because you looked away'],
  ] as const)('%s takes it off the page; it can be shown again', async (_how, hide, words) => {
    const page = await app.open(SHOW, HEX);
    await sit(page);
    expect(await rowsOnPage(page)).toEqual(ROWS);
    await hide(page);
    await page.getByText(words).waitFor();
    const text = await everything(page);
    for (const row of ROWS) expect(text).not.toContain(row.slice(0, 4));
    expect(await focused(page)).toBe('Show again');
    await page.keyboard.press('Enter');
    expect(await rowsOnPage(page)).toEqual(ROWS);
  });

  test('goes from the page after five minutes without a key', async () => {
    const page = await app.open(SHOW, HEX);
    await page.clock.install();
    await sit(page);
    await page.clock.fastForward('04:50');
    await page.keyboard.press('Shift');
    await page.clock.fastForward('04:50');
    expect(await rowsOnPage(page)).toEqual(ROWS);
    await page.clock.fastForward('00:20');
    await page.getByText('no key was pressed for five minutes').waitFor();
    expect(await rowsOnPage(page)).toEqual([]);
  });

  test.each([
    ['nothing', ''],
    ['no row', Buffer.from('KEYRITE SHARE\n').toString('hex')],
    ['control characters', Buffer.from('1 0001 \u001b[2J\n').toString('hex')],
    ['a line without end', Buffer.from(`1 ${'0'.repeat(4000)}\n`).toString('hex')],
  ])('%s is not shown as one', async (_what, body) => {
    const page = await app.open(SHOW, { body });
    await sit(page);
    expect(await heading(page).innerText()).toBe('Your share cannot be shown');
    await button(page, 'Decline').click();
    expect(await app.answer()).toMatchObject(DECLINED);
  });
});

describe('a share that is typed', () => {
  test('goes on from row to row, and is what the share process reads', async () => {
    const page = await app.open(ENTER);
    await sit(page);
    expect(await focused(page)).toBe('row-1');
    await page.keyboard.type(ROWS[0]!.toLowerCase().replace(/^(.{4})(.{4})/, '$1 $2  '));
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('row-2');
    await typeRows(page, ROWS.slice(1));
    const { body, buffer } = await app.answer();
    const typed = Buffer.from(body, 'hex');
    expect(readWorksheet(typed, NAME, 'carol').equals(COMPONENT)).toBe(true);
    expect(buffer).toBe(typed.length + SEAL_BYTES);
    expect(await page.locator('.key-field').count()).toBe(0);
  });

  test('says what is wrong with a row as it is typed', async () => {
    const page = await app.open(ENTER, SEATED);
    await page.keyboard.type('0O');
    expect(await alertText(page)).toContain('that key is no digit');
    await page.keyboard.press('Backspace');
    expect(await alertText(page)).toBe('');
    await page.keyboard.type('12345');
    await page.keyboard.press('Enter');
    expect(await alertText(page)).toContain('Row 1: digits are missing');
    expect(await focused(page)).toBe('row-1');
    await page.keyboard.press('Control+u');
    await page.keyboard.type(`${ROWS[0]!}7`);
    expect(await alertText(page)).toContain('Row 1: it is full');
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe('row-2');
    await button(page, 'Give my share').click();
    expect(await alertText(page)).toContain('Row 2: digits are missing');
    expect(await focused(page)).toBe('row-2');
    expect(await app.heard()).toEqual([]);
    await typeRows(page, ROWS.slice(1));
    const typed = Buffer.from((await app.answer()).body, 'hex');
    expect(readWorksheet(typed, NAME, 'carol').equals(COMPONENT)).toBe(true);
  });

  const typedRow = (page: Page, row: number) =>
    page
      .locator('.key-field-shown')
      .nth(row - 1)
      .innerText();

  test.each([
    ['Escape', async (page: Page) => page.keyboard.press('Escape'), 'Your share is hidden'],
    ['the button', async (page: Page) => button(page, /Hide now/).click(), 'Your share is hidden'],
    ['looking away', async (page: Page) => lookAway(page), 'Hidden because you looked away'],
  ] as const)('%s hides what was typed; it is kept, and typing goes on', async (_how, hide, words) => {
    const page = await app.open(ENTER, SEATED);
    await typeRows(page, ROWS.slice(0, 2));
    await page.keyboard.type('12');
    await hide(page);
    await page.getByText(words).waitFor();
    const text = await everything(page);
    for (const row of ROWS.slice(0, 2)) expect(text).not.toContain(row.slice(0, 4));
    // Neither what nor how much: a whole row and two digits look the same, and an empty one shows that it is.
    expect(await typedRow(page, 1)).toMatch(/^•+$/);
    expect(await typedRow(page, 3)).toBe(await typedRow(page, 1));
    expect(await typedRow(page, 4)).toBe('');
    expect(await axe(page)).toEqual([]);
    // Whoever sits down meanwhile types nothing into it.
    expect(await focused(page)).toBe('Show again');
    await page.keyboard.type('34');
    await button(page, 'Give my share').click();
    expect(await alertText(page)).toContain('What you typed is hidden');
    expect(await app.heard()).toEqual([]);
    expect(await focused(page)).toBe('Show again');
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('row-3');
    expect(await alertText(page)).toBe('');
    expect((await typedRow(page, 3)).replaceAll(/[\s·]/g, '')).toBe('12');
    await page.keyboard.press('Control+u');
    await typeRows(page, ROWS.slice(2));
    const typed = Buffer.from((await app.answer()).body, 'hex');
    expect(readWorksheet(typed, NAME, 'carol').equals(COMPONENT)).toBe(true);
  });

  test('hides words too, after five minutes without a key, and never before anything is typed', async () => {
    const page = await app.open({ ...ENTER, form: 'words' }, SEATED);
    await page.clock.install();
    await page.keyboard.press('Escape');
    await page.clock.fastForward('06:00');
    expect(await focused(page)).toBe('row-1');
    await page.keyboard.type(WORD_ROWS[0]!);
    await page.clock.fastForward('04:50');
    await page.keyboard.press('Shift');
    await page.clock.fastForward('04:50');
    expect(await typedRow(page, 1)).toBe(WORD_ROWS[0]);
    await page.clock.fastForward('00:20');
    await page.getByText('no key was pressed for five minutes').waitFor();
    // Single words stand in the page for other reasons: `describe`, for one.
    expect(await everything(page)).not.toContain(WORD_ROWS[0]!);
    expect(await typedRow(page, 1)).toMatch(/^•+$/);
    await button(page, 'Show again').click();
    expect(await typedRow(page, 1)).toBe(WORD_ROWS[0]);
    expect(await focused(page)).toBe('row-1');
  });

  test('the keyboard can be tested before anything is typed, by keyboard alone, and its layout is told', async () => {
    const page = await app.open(ENTER, SEATED);
    await page.getByText('Keyboard layout: QWERTY, English. The keys q y z ; - give q y z ; -').waitFor();
    await page.keyboard.press('Shift+Tab');
    expect(await focused(page)).toBe('Test the keyboard first');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('keyboard-test');
    await page.keyboard.type('zyß');
    await page.getByText('zyß').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('row-1');
    expect(await everything(page)).not.toContain('zyß');
    await typeRows(page, ROWS);
    const typed = Buffer.from((await app.answer()).body, 'hex');
    expect(readWorksheet(typed, NAME, 'carol').equals(COMPONENT)).toBe(true);
  });

  const keys = (given: string) =>
    `{ getLayoutMap: async () => new Map(['KeyQ', 'KeyY', 'KeyZ', 'Semicolon', 'Minus'].map((key, at) => [key, ${JSON.stringify(given)}.split(' ')[at]])) }`;
  test.each([
    [
      'a German one',
      keys('q z y ö ß'),
      'Keyboard layout: QWERTZ, German or Austrian. The keys q y z ; - give q z y ö ß',
    ],
    [
      'one of its own',
      keys('a b c d e'),
      'Keyboard layout: one without a name here. The keys q y z ; - give a b c d e',
    ],
    ['none', 'undefined', 'The system does not tell the layout of the keyboard: test it'],
    ['an empty one', '{ getLayoutMap: async () => new Map() }', 'The system does not tell the layout'],
    ['a refusal', '{ getLayoutMap: () => Promise.reject(new Error("no")) }', 'The system does not tell the layout'],
  ])('says what the keys give, or that nobody tells: %s', async (_what, keyboard, words) => {
    for (const dialogue of [ENTER, PIN]) {
      const page = await app.open(dialogue, { ...SEATED, silent: true });
      await page.evaluate(`Object.defineProperty(navigator, 'keyboard', { value: ${keyboard} })`);
      await app.post({ kind: 'question', exchange: EXCHANGE, dialogue }, '');
      await page.getByText(words).waitFor();
    }
  });

  test('names the row that was refused', async () => {
    const refused = 'row 3: a digit is wrong, or two are swapped; the check digits at its end do not fit';
    const page = await app.open({ ...ENTER, refused }, SEATED);
    await page.getByText(`Not taken: ${refused}. Look at row 3 on your worksheet`).waitFor();
    expect(await page.getByText('was wrong').count()).toBe(1);
    expect(await page.locator('label[for="row-3"]').innerText()).toContain('was wrong');
    const other = await app.open({ ...ENTER, refused: 'this is a share of another set' }, SEATED);
    await other.getByText('Not taken: this is a share of another set').waitFor();
    expect(await other.getByText('was wrong').count()).toBe(0);
  });
});

describe('a share of words', () => {
  test('is shown in rows of three, each with the number of its first word', async () => {
    const page = await app.open({ ...SHOW, form: 'words' }, { body: WORD_SHEET.toString('hex') });
    await sit(page);
    const rows = await page.locator('.sheet-row').allInnerTexts();
    expect(rows.map((row) => row.trim().split(/\s+/).slice(1).join(' '))).toEqual(WORD_ROWS);
    expect(await page.locator('body').innerText()).toContain('33 words, three in a row');
    expect(await axe(page)).toEqual([]);
  });

  test('is typed three words to a row, four letters of each being enough', async () => {
    const page = await app.open({ ...ENTER, form: 'words' });
    await sit(page);
    expect(await focused(page)).toBe('row-1');
    await page.keyboard.type('two w0');
    expect(await alertText(page)).toContain('Words 1–3: that key is no letter');
    await page.keyboard.press('Enter');
    expect(await alertText(page)).toBe('Words 1–3: it has 3 words');
    await page.keyboard.press('Control+u');
    expect(await axe(page)).toEqual([]);
    for (const row of WORD_ROWS.slice(0, -1)) {
      await page.keyboard.type(
        row
          .split(' ')
          .map((word) => word.slice(0, 4).toUpperCase())
          .join(' '),
      );
      await page.keyboard.press('Enter');
    }
    await page.keyboard.type(`${WORD_ROWS.at(-1) ?? ''} `);
    await page.keyboard.press('Enter');
    const typed = Buffer.from((await app.answer()).body, 'hex');
    expect(readWordSheet(typed, WORD_NAME, 'carol').toString()).toBe(WORD_ROWS.join(' '));
  });

  test('names the row of the word that was refused', async () => {
    const page = await app.open({ ...ENTER, form: 'words', refused: 'word 8 is wrong' }, SEATED);
    await page.getByText('Not taken: word 8 is wrong. Look at words 7–9 on your worksheet').waitFor();
    expect(await page.locator('label[for="row-3"]').innerText()).toContain('was wrong');
  });
});

/** A worksheet of either scheme, of a key of any length, and where in it tests go wrong. */
const SHEETS = (['components', 'threshold'] as const).flatMap((name) =>
  ([16, 24, 32] as const).map((bytes) => {
    const scheme = schemeOf(name);
    const of = { ...(name === 'components' ? NAME : WORD_NAME) };
    const [, share = Buffer.alloc(0)] = scheme.split(COMPONENT.subarray(0, bytes), of.threshold, 3, freshSecret);
    const lines = scheme.write(of, 'carol', share).toString('latin1').split('\n');
    const rows = lines.flatMap((line) => /^ *\d+ +(.*)$/.exec(line)?.[1]?.trim().replaceAll(/ +/g, ' ') ?? []);
    const dialogue: Dialogue = { ...ENTER, form: scheme.form, ...(bytes === 32 ? {} : { bytes }) };
    const read = (typed: Uint8Array) => scheme.read(typed, of, 'carol', bytes);
    return { what: `${scheme.form} of ${String(bytes)} bytes`, form: scheme.form, share, rows, dialogue, read };
  }),
);
type Sheet = (typeof SHEETS)[number];

/** How a row is called on the worksheet, by its place from 0. */
function nameOfRow({ form, rows }: Sheet, row: number): string {
  if (form === 'rows') return `Row ${String(row + 1)}`;
  const before = rows.slice(0, row).join(' ').split(' ').filter(Boolean).length;
  return `Words ${String(before + 1)}–${String(before + (rows[row] ?? '').split(' ').length)}`;
}

/** The rows with one digit or word of a row taken for another one; what the share process says of that. */
function refusalOf({ form, rows, read }: Sheet, row: number, another: (word: string) => string): string {
  const slip = (text: string): string =>
    form === 'rows' ? text.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) : text.replace(/\w+$/, another);
  const typed = rows.map((text, at) => `${form === 'rows' ? String(at + 1) : ''} ${at === row ? slip(text) : text}`);
  try {
    read(Buffer.from(typed.join('\n')));
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('it was taken');
}

const nextOnTheList = (word: string): string => SLIP39_WORDS[(SLIP39_WORDS.indexOf(word) + 1) % 1024] ?? '';

describe('the fields of a share, by the keyboard alone', () => {
  const invalid = (page: Page) =>
    page.evaluate<string[]>(`[...document.querySelectorAll('[aria-invalid="true"]')].map(({ id }) => id)`);
  const described = (page: Page) =>
    page.evaluate<string>(
      `document.getElementById(document.activeElement.getAttribute('aria-describedby')).textContent`,
    );

  test.each(SHEETS)(
    '$what: what a row lacks is said at that row, the focus goes there, the others stay',
    async (sheet) => {
      const { rows, form, dialogue, read, share } = sheet;
      const page = await app.open(dialogue);
      await press(page, button(page, /^I am Carol/));
      expect(await page.locator('.key-field').count()).toBe(rows.length);
      const middle = Math.floor(rows.length / 2);
      // All but the last digit, or the last word.
      const [, part = '', missing = ''] =
        (form === 'rows' ? /^(.*)(.)$/ : /^(.*)( \w+)$/).exec(rows[middle] ?? '') ?? [];
      await typeRows(page, rows.slice(0, middle));
      await page.keyboard.type(part);
      await page.keyboard.press('ArrowDown');
      await typeRows(page, rows.slice(middle + 1));
      const place = `row-${String(middle + 1)}`;
      expect(await focused(page)).toBe(place);
      expect(await invalid(page)).toEqual([place]);
      const lacks = form === 'rows' ? 'digits are missing, it has 10' : 'it has 3 words';
      expect(await alertText(page)).toBe(`${nameOfRow(sheet, middle)}: ${lacks}`);
      expect(await described(page)).toBe(await alertText(page));
      expect(await page.getByLabel(nameOfRow(sheet, middle), { exact: true }).getAttribute('id')).toBe(place);
      expect(await axe(page)).toEqual([]);
      expect(await app.heard()).toEqual([]);
      await page.keyboard.type(missing);
      expect(await invalid(page)).toEqual([]);
      await page.keyboard.press('Enter');
      expect(await focused(page)).toBe(`row-${String(middle + 2)}`);
      await press(page, button(page, 'Give my share'));
      expect(read(Buffer.from((await app.answer()).body, 'hex')).equals(share)).toBe(true);
    },
  );

  test.each(SHEETS)(
    '$what: what the share process refuses is named at its field, and all is typed again',
    async (sheet) => {
      const { rows, dialogue, read, share } = sheet;
      const last = rows.length - 1;
      const slips = [
        [0, nextOnTheList],
        [Math.floor(rows.length / 2), () => 'zyxwv'],
        [last, nextOnTheList],
      ] as const;
      for (const [row, another] of slips) {
        const refused = refusalOf(sheet, row, another);
        const name = nameOfRow(sheet, row);
        const page = await app.open({ ...dialogue, refused });
        await press(page, button(page, /^I am Carol/));
        const warning = await page.locator('.secret-warning[role="alert"]').innerText();
        expect(warning).toContain(`Not taken: ${refused}. Look at ${name.toLowerCase()} on your worksheet`);
        expect(await page.getByText('was wrong').count()).toBe(1);
        expect(await page.getByLabel(/was wrong/).getAttribute('id')).toBe(`row-${String(row + 1)}`);
        expect(await page.locator('label', { hasText: 'was wrong' }).innerText()).toContain(name);
        expect(await focused(page)).toBe('row-1');
        expect(await axe(page)).toEqual([]);
        if (row !== last) continue;
        // Tab goes on from field to field as Enter does, and after the last one to the button.
        for (const text of rows) {
          await page.keyboard.type(text);
          await page.keyboard.press('Tab');
        }
        expect(await focused(page)).toBe('Give my share');
        await page.keyboard.press('Enter');
        expect(read(Buffer.from((await app.answer()).body, 'hex')).equals(share)).toBe(true);
      }
    },
  );

  test.each(SHEETS)('$what: a key that no share has is said at its field, and not kept', async (sheet) => {
    const { form, rows, dialogue } = sheet;
    const page = await app.open(dialogue, SEATED);
    await tabTo(page, page.locator(`#row-${String(rows.length)}`));
    await page.keyboard.type(form === 'rows' ? 'G' : '7');
    expect(await alertText(page)).toContain(
      `${nameOfRow(sheet, rows.length - 1)}: that key is no ${form === 'rows' ? 'digit' : 'letter'}`,
    );
    expect(await invalid(page)).toEqual([`row-${String(rows.length)}`]);
    expect(await described(page)).toBe(await alertText(page));
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Backspace');
    expect([await alertText(page), await invalid(page)]).toEqual(['', []]);
    await page.keyboard.press('Enter');
    // Nothing stands there: the row lacks all of it.
    expect(await alertText(page)).toMatch(/: (?:digits are missing, it has 10|it has [23] words)$/);
    expect(await app.heard()).toEqual([]);
  });
});

describe('what is not asked here', () => {
  test('the port of another exchange is closed, and nothing shows', async () => {
    const page = await app.open(SHOW, { ...HEX, handed: ['ff'.repeat(16)] });
    await expect.poll(async () => (await app.state()).closed).toContain(0);
    expect(await page.locator('body').innerText()).toBe('One moment');
  });

  test('messages that are no handover, and a second port, are passed over', async () => {
    const page = await app.open(PIN, { ...SEATED, silent: true });
    const strangers = await page.evaluate<string[]>(`(async () => {
      const said = [];
      const hand = (data, origin = location.origin) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => said.push('message ' + data.kind);
        port1.onclose = () => said.push('closed');
        port1.postMessage({ kind: 'question', exchange: '${EXCHANGE}', dialogue: {}, body: new Uint8Array(0) });
        window.postMessage(data, origin, [port2]);
      };
      hand({ channel: 'keyrite:port', exchange: '${EXCHANGE}' });
      hand({ channel: 'keyrite:other', exchange: '${EXCHANGE}' });
      hand({ channel: 'keyrite:port', exchange: '${EXCHANGE}', more: 1 });
      hand('keyrite:port');
      window.postMessage(null, location.origin);
      await new Promise((done) => setTimeout(done, 200));
      return said;
    })()`);
    expect(strangers.filter((said) => said.startsWith('message'))).toEqual([]);
    expect((await app.state()).closed).toEqual([]);
    await app.post({ kind: 'question', exchange: EXCHANGE, dialogue: PIN }, '');
    await page.locator('#pin').waitFor();
  });

  const question = { kind: 'question', exchange: EXCHANGE, dialogue: SHOW };
  test.each([
    ['of another exchange', { ...question, exchange: 'ee'.repeat(16) }, HEX.body],
    ['oversized', question, '00'.repeat(MAX_BODY_BYTES + 1)],
    ['of another kind', { ...question, kind: 'command' }, HEX.body],
    ['of an unknown dialogue', { ...question, dialogue: { kind: 'password' } }, HEX.body],
    ['with more than belongs to it', { ...question, more: true }, HEX.body],
    ['without bytes', { ...question, body: SHEET.toString('latin1') }, null],
  ])('a question %s ends the window with nothing shown', async (_what, message, body) => {
    const page = await app.open(SHOW, { ...SEATED, silent: true });
    await app.post(message, body);
    await app.finished();
    expect(await heading(page).innerText()).toBe('Nothing is asked here');
    await expect.poll(async () => (await app.state()).closed).toContain(0);
    expect(await app.heard()).toEqual([]);
    for (const row of ROWS) expect(await everything(page)).not.toContain(row.slice(0, 4));
  });

  test('a second question ends it too', async () => {
    const page = await app.open(SHOW, HEX);
    await sit(page);
    await app.post({ ...question, dialogue: PIN }, '');
    await app.finished();
    expect(await heading(page).innerText()).toBe('Nothing is asked here');
    expect(await page.locator('.sheet-row').count()).toBe(0);
  });

  test('the page blanks at once when the port closes', async () => {
    const page = await app.open(SHOW, HEX);
    await sit(page);
    await page.locator('.sheet-row').first().waitFor();
    await app.closePort();
    await heading(page).getByText('Over').waitFor();
    expect(await page.locator('.sheet-row').count()).toBe(0);
    const entry = await app.open(PIN, SEATED);
    await entry.keyboard.type('1234');
    await app.closePort();
    await heading(entry).getByText('Over').waitFor();
    expect(await entry.locator('input').count()).toBe(0);
    expect((await app.state()).finished).toBe(1);
  });
});

describe('nothing gets out', () => {
  test('not by clipboard, selection, dragging or menu; and nothing but keys comes in', async () => {
    const page = await app.open(SHOW, HEX);
    await sit(page);
    await app.fillClipboards('before');
    const row = page.locator('.sheet-row').first();
    await row.click({ clickCount: 3 });
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+c');
    await page.keyboard.press('Control+x');
    await row.dragTo(page.locator('.sheet-row').nth(5));
    expect(await page.evaluate('String(getSelection())')).toBe('');
    expect(await app.clipboards()).toEqual(['before', 'before']);
    expect(
      await page.evaluate(
        `['copy', 'cut', 'paste', 'drop', 'dragstart', 'contextmenu'].map((name) =>
          document.body.dispatchEvent(new Event(name, { bubbles: true, cancelable: true })))`,
      ),
    ).toEqual([false, false, false, false, false, false]);
  });

  test('what is typed is never the text of a field, nor can it be selected', async () => {
    const page = await app.open(ENTER, SEATED);
    await app.fillClipboards('before');
    await page.keyboard.type(ROWS[0]!);
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Shift+Home');
    await page.keyboard.press('Control+c');
    await page.keyboard.press('Control+v');
    await page.keyboard.press('Shift+Insert');
    expect(await page.locator('.key-field-shown').first().innerText()).toContain(ROWS[0]!.slice(0, 4));
    expect(await alertText(page)).toBe('');
    expect(await page.evaluate(`[...document.querySelectorAll('input')].map((input) => input.value).join('')`)).toBe(
      '',
    );
    expect(await app.clipboards()).toEqual(['before', 'before']);
    expect(await page.evaluate('String(getSelection())')).toBe('');
  });

  test('main holds nothing of what is typed while the window is open; of a plain field it would', async () => {
    // Rows that no worksheet here has: main plays the worker, and has seen those.
    const row = 'C0FFEE1D07';
    const secrets = [Buffer.from('9D4C-kPin-27', 'latin1'), Buffer.from(row, 'latin1')];
    const plain = await app.open(PIN, SEATED);
    await plain.evaluate(`{
      const field = document.createElement('input');
      document.querySelector('main').append(field);
      field.focus();
    }`);
    await plain.keyboard.type('plain-3Xw-field');
    expect(findInMemory(app.mainPid, Buffer.from('plain-3Xw-field', 'latin1'))).toBeGreaterThan(0);
    const pin = await app.open(PIN, SEATED);
    await pin.keyboard.type('9D4C-kPin-27');
    const [pinProcess] = await app.rendererPids();
    expect(findInMemory(pinProcess!, secrets[0]!)).toBeGreaterThan(0);
    expect(findInMemory(app.mainPid, secrets[0]!)).toBe(0);
    const share = await app.open(ENTER, SEATED);
    await typeRows(
      share,
      Array.from({ length: 7 }, () => row),
    );
    const [shareProcess] = await app.rendererPids();
    expect(findInMemory(shareProcess!, secrets[1]!)).toBeGreaterThan(0);
    expect(findInMemory(app.mainPid, secrets[1]!)).toBe(0);
  });

  test('the page says nothing on its console and keeps nothing of what ended', async () => {
    for (const dialogue of [PIN, SHOW, ENTER]) {
      const page = await app.open(dialogue, HEX);
      await sit(page);
      await page.keyboard.press('Tab');
      await page.evaluate(`dispatchEvent(new Event('pagehide'))`);
      expect(await page.locator('#app').innerHTML()).toBe('');
    }
    expect(app.takeConsole()).toEqual([]);
  });

  test('its script writes to no storage and no console', () => {
    const sources = ['secret-exchange.ts', 'typed-bytes.ts', 'key-field.tsx', 'unseen-fields.tsx', 'share-entry.tsx'];
    for (const name of sources) {
      const text = readFileSync(new URL(`../../src-renderer/secret/${name}`, import.meta.url), 'utf8');
      expect(text).not.toMatch(/console\.|localStorage|sessionStorage|indexedDB/);
    }
  });
});

const SCREENS: readonly (readonly [string, Dialogue, string])[] = [
  ['pin', PIN, ''],
  ['pin-made', { ...PIN, make: true, warning: 'count-low' }, ''],
  ['final-try', { ...PIN, warning: 'final-try' }, ''],
  ['final-try-at-pad', FINAL_TRY, ''],
  ['passphrase', { ...PASSPHRASE, wrong: true }, ''],
  ['passphrase-made', { ...PASSPHRASE, make: true }, ''],
  ['share-shown', SHOW, HEX.body],
  ['share-typed', { ...ENTER, refused: 'row 3: a digit is wrong, or two are swapped' }, ''],
  ['words-shown', { ...SHOW, form: 'words' }, WORD_SHEET.toString('hex')],
  ['words-typed', { ...ENTER, form: 'words', refused: 'word 8 is wrong' }, ''],
];

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  beforeAll(() => app.setTheme(theme));

  test.each(SCREENS)('%s: axe finds nothing, and all of it can be reached at 200 %', async (_name, dialogue, body) => {
    const page = await app.open(dialogue, { body });
    expect(await axe(page)).toEqual([]);
    await sit(page);
    expect(await axe(page)).toEqual([]);
    await app.resize(page, 1280, 800);
    expect(
      await page.evaluate(`document.querySelector('main').scrollHeight <= document.querySelector('main').clientHeight`),
    ).toBe(true);
    await app.resize(page, 1280, 800, 2);
    expect(
      await page.evaluate(`document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth`),
    ).toBe(true);
    const last = button(page, 'I decline');
    await last.focus();
    expect(await last.evaluate((element) => element.getBoundingClientRect().bottom <= innerHeight)).toBe(true);
    await app.resize(page, 1280, 800, 1);
  });
});
