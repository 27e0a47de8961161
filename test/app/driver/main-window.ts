/** The main window as people use it, by the names that stand on screen and with the keyboard alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { press, tabTo, typeInto } from './keyboard';

/** How long to wait for the next thing to do, in milliseconds. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 15;

/** Heading over what the step before leaves; beginning the next one is offered behind it. */
const LOOK_FIRST = /^Step \d+ is done: /;

/** What the run asks for, by the heading of the task. */
export type Task =
  | 'begin'
  | 'look'
  | 'confirm'
  | 'ask'
  | 'clock'
  | 'attach'
  | 'decide'
  | 'person'
  | 'closed'
  | 'paused'
  | 'stopped'
  | 'working';

/** Main window of a running app. */
export class MainWindow {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name });
  }

  async press(name: string | RegExp): Promise<void> {
    await press(this.page, this.button(name).first());
  }

  /** Waits for a screen by its first heading. */
  async screen(name: string | RegExp): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name }).waitFor({ timeout: PATIENCE_MS });
  }

  /** From home to the binding of a rehearsal of an example. `me`: names of those whom nobody plays; null: nobody is played. `chosen`: done before the tokens are made. */
  async bindRehearsal(
    example: RegExp,
    me: readonly string[] | null,
    chosen: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    await this.screen('Key ceremonies');
    await this.press(example);
    await this.press(/^Accept this plan/);
    await this.screen('Binding');
    if (me === null || me.length > 0) {
      await tabTo(this.page, this.page.getByRole('radio', { checked: true }));
      const steps = me === null ? 2 : 1;
      for (let step = 0; step < steps; step += 1) await this.page.keyboard.press('ArrowDown');
    }
    for (const name of me ?? []) {
      await press(this.page, this.page.getByRole('checkbox', { name: new RegExp(`^${name}`) }), 'Space');
    }
    await chosen();
    await this.press('Make the throw-away tokens');
  }

  /** From the binding into the run. */
  async beginCeremony(): Promise<void> {
    await this.screen(/^Binding for a rehearsal/);
    await this.press(/^Begin the ceremony/);
  }

  /** Heading of the present task, as it stands now. */
  async heading(): Promise<string> {
    const heading = this.page.locator('#run-task-heading');
    return (await heading.count()) === 0 ? '' : ((await heading.first().textContent()) ?? '');
  }

  async task(): Promise<Task> {
    const heading = await this.heading();
    if (heading === 'Ready to begin') return 'begin';
    if (LOOK_FIRST.test(heading)) return 'look';
    if (heading === 'Read aloud, and confirm') return 'confirm';
    if (heading.endsWith('and it is written down')) return 'ask';
    if (heading.endsWith('reads a clock of their own')) return 'clock';
    if (/ brings? the files$/.test(heading)) return 'attach';
    if (heading.startsWith('Something did not work')) return 'decide';
    if (heading.endsWith('comes to the secret window')) return 'person';
    if (heading.startsWith('The evidence bundle is sealed')) return 'closed';
    if (heading === 'Paused under seal') return 'paused';
    if (/^(?:Stopped|Broken off)/.test(heading)) return 'stopped';
    return 'working';
  }

  /** Title of the present step. */
  async step(): Promise<string> {
    return (await this.page.locator('.run-present__head :is(h1, h2)').first().textContent()) ?? '';
  }

  /**
   * Waits until the run asks for something (or is over). `others`: does other work meanwhile, such as a secret window's;
   * `looks`: done before what a step left is said to have been looked at.
   */
  async nextTask(
    others: () => Promise<void> = () => Promise.resolve(),
    looks: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Task> {
    let until = performance.now() + PATIENCE_MS;
    while (performance.now() < until) {
      const began = performance.now();
      await others();
      // People at a secret window take their time, and the run waits for them.
      until += performance.now() - began;
      const task = await this.task();
      if (task === 'look') {
        await looks();
        await this.press(/^Go on to step /);
        await this.page.getByRole('heading', { name: 'Ready to begin' }).waitFor();
      } else if (task !== 'working' && task !== 'person') return task;
      await sleep(LOOK_MS);
    }
    throw new Error(`nothing is asked for: ${await this.heading()}\n${await this.page.locator('main').innerText()}`);
  }

  /** Begins the present step; types the word where it cannot be undone. */
  async begin(): Promise<void> {
    const before = await this.middle();
    const word = this.page.getByLabel(/type BEGIN/i);
    if ((await word.count()) > 0) {
      await typeInto(this.page, word, 'BEGIN');
      await this.page.keyboard.press('Enter');
    } else {
      await this.press(/^Begin: /);
    }
    await this.gone(before);
  }

  /** Ticks everybody who is asked, and records it. */
  async confirm(): Promise<void> {
    const before = await this.middle();
    for (const box of await this.page.getByRole('checkbox').all()) {
      if (await box.isChecked()) continue;
      await tabTo(this.page, box);
      await this.page.keyboard.press('Space');
    }
    await this.press('Record the confirmations');
    await this.gone(before);
  }

  async answer(text: string): Promise<void> {
    await typeInto(this.page, this.page.getByLabel(/^What /).first(), text);
    await this.press('Put it on record');
  }

  /** Types what a clock that is right shows, and says that it is now. */
  async readClock(): Promise<void> {
    const before = await this.middle();
    const [date = '', time = ''] = new Date().toISOString().slice(0, 19).split('T');
    await typeInto(this.page, this.page.getByLabel('Which clock'), 'wrist watch');
    await typeInto(this.page, this.page.getByLabel('Date, by UTC'), date);
    await typeInto(this.page, this.page.getByLabel('Time, by UTC'), time);
    await this.page.keyboard.press('Enter');
    await this.gone(before);
  }

  /** What stands in the middle: the present step and its task. */
  private async middle(): Promise<string> {
    return `${await this.step()}\n${(await this.page.locator('.run-task').first().innerText()).trim()}`;
  }

  /** Waits until `before` is no longer what stands in the middle. */
  private async gone(before: string): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < until) {
      if ((await this.middle()) !== before) return;
      await sleep(LOOK_MS);
    }
    throw new Error(`the task does not end:\n${before}`);
  }
}
