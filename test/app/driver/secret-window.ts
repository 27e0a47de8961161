/**
 * People at the secret windows, by the keyboard alone: they make PINs and keep them, copy the share that is shown to a
 * worksheet, and type it from there.
 */
import type { Page } from 'playwright-core';
import { press, tabTo } from './keyboard';

/** How long a window may take to ask, in milliseconds. */
const PATIENCE_MS = 30_000;

/** What the people keep in their heads and on their worksheets. */
export class People {
  /** PINs by what they are for, in the words of the window. */
  readonly pins = new Map<string, string>();
  /** Rows of digits by person and share, in the words of the window. */
  readonly worksheets = new Map<string, readonly string[]>();
  /** What was asked, in the order it was asked: heading and person. */
  readonly asked: { readonly person: string; readonly heading: string }[] = [];

  /** Answers the one question of a window, to the window's end; a window whose question is over by itself only ends. */
  async answer(page: Page): Promise<void> {
    const gone = page.waitForEvent('close', { timeout: PATIENCE_MS });
    gone.catch(() => undefined);
    try {
      await this.#answerQuestion(page);
    } catch (error) {
      const over = page.getByRole('heading', { level: 1, name: 'Over', exact: true });
      if (!page.isClosed() && (await over.count().catch(() => 1)) === 0) throw error;
    }
    await gone;
  }

  async #answerQuestion(page: Page): Promise<void> {
    const person = /^SECRET: for (.+) only$/.exec(await this.#whose(page))?.[1] ?? '';
    const call = page.getByRole('button', { name: 'I am ' });
    const heading = page.getByRole('heading', { level: 1 });
    await heading.waitFor({ timeout: PATIENCE_MS });
    if ((await call.count()) > 0) await press(page, call);
    const question = (await heading.textContent()) ?? '';
    if (question === 'Over') return;
    this.asked.push({ person, heading: question });
    if (question.startsWith('Make ')) await this.#makePin(page, this.#key(person, question));
    else if (question.startsWith('Enter ')) await this.#enterPin(page, this.#key(person, question));
    else if (question.startsWith('Your share, '))
      await this.copy(page, `${person}/${question.replace('Your share, ', '')}`);
    else if (question.startsWith('Type your share, ')) {
      await this.type(
        page,
        `${person}/${question.replace('Type your share, ', '').replace(', from the worksheet', '')}`,
      );
    } else throw new Error(`a secret window asks what nobody knows: ${question}`);
  }

  #whose(page: Page): Promise<string> {
    return page.locator('.secret-whose').innerText({ timeout: PATIENCE_MS });
  }

  /** A person's own token is told by the person; a unit's PIN by the unit. */
  #key(person: string, question: string): string {
    const which = question.replace(/^(?:Make|Enter) /, '');
    return which.endsWith('your own token') ? `${which} of ${person}` : which;
  }

  async #makePin(page: Page, key: string): Promise<void> {
    const pin = this.pins.get(key) ?? newPin(this.pins.size);
    this.pins.set(key, pin);
    await tabTo(page, page.getByLabel('New PIN'));
    await page.keyboard.type(pin);
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByLabel('The same again'));
    await page.keyboard.type(pin);
    await lastKey(page, 'Enter');
  }

  async #enterPin(page: Page, key: string): Promise<void> {
    const pin = this.pins.get(key);
    if (pin === undefined) throw new Error(`nobody made ${key}`);
    await tabTo(page, page.getByLabel(/^PIN(?:, part \d of \d)?$/));
    await page.keyboard.type(pin);
    await lastKey(page, 'Enter');
  }

  /** Copies the share that is shown to a worksheet. `key`: as of {@link worksheets}. */
  protected async copy(page: Page, key: string): Promise<void> {
    const show = page.getByRole('button', { name: /^Show (?:my share|again)$/ });
    if ((await show.count()) > 0) await press(page, show);
    const rows = await page.locator('.sheet-row').allInnerTexts();
    this.worksheets.set(
      key,
      rows.map((row) => row.trim().split(/\s+/).slice(1).join(' ')),
    );
    await press(page, page.getByRole('checkbox'), 'Space');
    await tabTo(page, page.getByRole('button', { name: 'Put it away' }));
    await lastKey(page, 'Enter');
  }

  /** Types the share of a worksheet. `key`: as of {@link worksheets}. */
  protected async type(page: Page, key: string): Promise<void> {
    const rows = this.worksheets.get(key);
    if (rows === undefined) throw new Error(`nobody copied ${key}`);
    await this.typeRows(page, rows);
  }

  /** Types rows, Enter after each: after the last the share is given. */
  protected async typeRows(page: Page, rows: readonly string[]): Promise<void> {
    await tabTo(page, page.locator('#row-1'));
    for (const row of rows) {
      await page.keyboard.type(row);
      await lastKey(page, 'Enter');
    }
  }
}

/** A key upon which the window may be gone before it comes up again. */
async function lastKey(page: Page, key: string): Promise<void> {
  await page.keyboard.press(key).catch((error: unknown) => {
    if (!page.isClosed()) throw error;
  });
}

/** Digits that are found nowhere else by chance, and differ from PIN to PIN. */
function newPin(count: number): string {
  return `${String(7_390_412_658n + BigInt(count) * 104_729n)}${String(10 + count)}`;
}
