/** The run screen in the real Electron, over a double of main: every task, at both sizes, light and dark, by keyboard. */
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { hexGroups } from '../../../ceremony/words';
import type { RunView } from '../../../ipc/view';
import { press, tabTo, typeInto } from '../driver/keyboard';
import { MockedApp } from './mocked-app';
import { RUNS, runAppView } from './run-views';
import { sampled } from '../../sampled';

const it = sampled(6);

const TROUBLE = { happened: 'The medium is full.', changed: 'Nothing was recorded.', next: 'Free some space.' };
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];
/** Buttons that are the one primary action of a task, where the task has one. */
const PRIMARY =
  /^(?:Begin: .*|Go on to step \d+|Show the secret window|Record the confirmations|Put it on record|Taken now|Choose a file…|Attach |Try again|Verify it now|Back to home)/;

/** Text below 14 px. */
const TOO_SMALL = `[...document.querySelectorAll('main *')]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''))
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 14)
  .map((one) => one.outerHTML.slice(0, 200))`;

let app: MockedApp;

beforeAll(async () => {
  app = await MockedApp.open(runAppView(RUNS['begin-plain']()), 'run');
}, 240_000);
afterAll(() => app.close());
beforeEach(async () => {
  await app.takeCalls();
});

const show = (run: RunView, theme: 'light' | 'dark' = 'light') => app.show({ ...runAppView(run), theme });
const button = (name: string | RegExp) => app.page.getByRole('button', { name });
const taskHeading = () => app.page.locator('#run-task-heading');

/** A run whose question nobody else has asked: the window has not seen it, and starts it with nothing typed. */
let asked = 1000;
function anew(run: RunView): RunView {
  asked += 1;
  const { task } = run;
  return 'question' in task ? { ...run, task: { ...task, question: `q${String(asked)}` } } : run;
}

it('units that are worked on at once stand in one table, each with its module and where it is', async () => {
  await show(RUNS['units-at-work']());
  const table = app.page.getByRole('table', { name: /Units at work/ });
  expect(await table.getByRole('row').allInnerTexts()).toEqual([
    expect.stringMatching(/^Unit\s+Module\s+Now$/),
    expect.stringMatching(/^Crypto unit A, rack 12\s+softhsm2\s+Done$/),
    expect.stringMatching(/^Crypto unit B, rack 31\s+units-b\s+At work$/),
  ]);
});

describe.each(SIZES)('at $width x $height', (size) => {
  beforeAll(() => app.resize(size));

  it.each(Object.keys(RUNS) as (keyof typeof RUNS)[])('%s fits, with its primary action in sight', async (name) => {
    const run = RUNS[name]();
    await show(run);
    expect(
      await app.page.evaluate<boolean>(
        '[document.documentElement, document.querySelector("main")].every((one) => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight)',
      ),
    ).toBe(true);
    expect(await app.page.evaluate(TOO_SMALL)).toEqual([]);
    const primary = button(PRIMARY).first();
    const needed = !['working', 'person', 'pad'].includes(run.task.kind) || name === 'person';
    if (needed) {
      const box = await primary.boundingBox();
      expect(box).not.toBeNull();
      expect(box!.y + box!.height).toBeLessThanOrEqual(size.height);
    }
    expect(await app.page.locator('[aria-current="step"]').count()).toBe(
      run.present === null && run.stage === '' ? 0 : 1,
    );
  });
});

describe('for everybody', () => {
  beforeAll(() => app.resize({ width: 1280, height: 800 }));

  it.each(['light', 'dark'] as const)('axe finds nothing in any task, %s', { timeout: 300_000 }, async (theme) => {
    for (const [name, make] of Object.entries(RUNS)) {
      const run = make();
      // Each of the two hundred lines costs axe as much as the first.
      await show({ ...run, transcript: { ...run.transcript, lines: run.transcript.lines.slice(-6) } }, theme);
      expect(await app.axe(), name).toEqual([]);
    }
  });

  it('axe finds nothing in the dialogs', { timeout: 240_000 }, async () => {
    const run = RUNS['begin-plain']();
    await show({ ...run, transcript: { ...run.transcript, lines: [] } });
    for (const name of ['Raise an exception', 'Stop at the next safe point', 'Somebody comes or goes']) {
      await button(name).click();
      expect(await app.axe()).toEqual([]);
      await app.page.keyboard.press('Escape');
    }
    // What axe itself does is not the window's.
    app.takeConsole();
  });

  const presentInSight = (): Promise<boolean> =>
    app.page.evaluate<boolean>(
      `(() => { const row = document.querySelector('[aria-current="step"]').getBoundingClientRect();
        const list = document.querySelector('.run-steps nav').getBoundingClientRect();
        return row.top >= list.top && row.bottom <= list.bottom; })()`,
    );

  it('has the present step in sight in a long list', async () => {
    await show(RUNS['confirm-everybody']());
    expect(await presentInSight()).toBe(true);
  });

  it('has it in sight still when the window becomes smaller, as does whoever must act', async () => {
    await app.resize({ width: 1920, height: 1080 });
    await show(anew(RUNS.ask()));
    await app.resize({ width: 1280, height: 800 });
    await app.page.waitForTimeout(100);
    expect(await presentInSight()).toBe(true);
  });

  it('names each unit by label, serial and identity: the beginning, and all of it by key', async () => {
    const run = RUNS.rotating();
    await show(run);
    const unit = app.page.getByRole('article', { name: 'Crypto unit A, rack 12' });
    const [first] = run.units;
    const groups = hexGroups(first!.identity ?? '');
    expect(await unit.innerText()).toContain(`${first!.label}, serial ${first!.serial ?? ''}`);
    expect(await unit.innerText()).toContain(groups.slice(0, 19));
    expect(await unit.innerText()).not.toContain(groups);
    await press(app.page, unit.locator('summary'));
    expect(await unit.innerText()).toContain(groups);
    await app.page.keyboard.press('Enter');
    await app.resize({ width: 1920, height: 1080 });
    expect(await unit.innerText()).toContain(groups);
    await app.resize({ width: 1280, height: 800 });
  });

  it('shows each state of a register in words, and says who enforces the quorums', async () => {
    await show(RUNS.rotating());
    const units = app.page.getByRole('region', { name: 'Crypto units', exact: true });
    const text = await units.innerText();
    expect(text).toContain('Full, committed');
    expect(text).toContain('Full, uncommitted');
    expect(text).toContain('Valid');
    expect(text).toContain('NEW patterns differ');
    expect(text).toContain('enforced by Keyrite only');
    await show(RUNS['begin-irreversible']());
    expect(await units.innerText()).toContain('Not read yet');
  });
});

describe('a small window, or one zoomed to twice its size', () => {
  it.each([
    { width: 640, height: 400 },
    { width: 1024, height: 768 },
  ])('$width x $height: nothing is cut off sideways, and every task can be reached', async (size) => {
    await app.resize(size);
    await show(anew(RUNS['begin-irreversible']()));
    expect(
      await app.page.evaluate<boolean>(
        '[...document.querySelectorAll("main, .run-region, .run-scroll")].every((one) => one.scrollWidth <= one.clientWidth)',
      ),
    ).toBe(true);
    const field = app.page.getByLabel('Type BEGIN: this cannot be undone');
    await tabTo(app.page, field);
    const box = await field.boundingBox();
    expect(box!.y + box!.height).toBeLessThanOrEqual(size.height);
    await app.resize({ width: 1280, height: 800 });
  });
});

describe('transcript', () => {
  const lastInSight = () =>
    app.page.evaluate<boolean>(
      `(() => { const box = document.querySelector('.run-transcript .run-scroll').getBoundingClientRect();
        const line = document.querySelector('.run-line:last-child').getBoundingClientRect();
        return line.top >= box.top && line.bottom <= box.bottom + 8; })()`,
    );
  const grown = (run: RunView, more: number): RunView => {
    const { size, lines } = run.transcript;
    const line = { at: new Date().toISOString(), type: 'fact.recorded', step: null, by: [], text: 'One more' };
    const added = Array.from({ length: more }, (_, place) => ({ ...line, seq: size + place }));
    return { ...run, transcript: { ...run.transcript, size: size + more, lines: [...lines, ...added].slice(-200) } };
  };

  it('follows the newest line, unless somebody scrolled back', async () => {
    const run = RUNS.rotating();
    await show(run);
    await app.page.evaluate(`document.querySelector('.run-transcript .run-scroll').scrollTop = 1e6`);
    expect(await lastInSight()).toBe(true);
    await show(grown(run, 3));
    expect(await lastInSight()).toBe(true);
    await app.page.evaluate(`document.querySelector('.run-transcript .run-scroll').scrollTop = 100`);
    await show(grown(run, 6));
    expect(await lastInSight()).toBe(false);
    await app.page.evaluate(`document.querySelector('.run-transcript .run-scroll').scrollTop = 1e6`);
    // The units beside it lose their patterns, and the region its height.
    await show({ ...grown(run, 6), units: RUNS['begin-irreversible']().units });
    expect(await lastInSight()).toBe(true);
  });
});

describe('focus', () => {
  it('goes to the heading of a new task', async () => {
    await show(RUNS['begin-plain']());
    await show(anew(RUNS['confirm-preflight']()));
    expect(await app.focused()).toBe('H2: Read aloud, and confirm');
    await show(RUNS.person());
    expect(await app.focused()).toMatch(/comes to the secret window$/);
  });

  it('stays where a person types while notices and lines come in, and so does what was typed', async () => {
    const run = anew(RUNS.ask());
    await show(run);
    const field = app.page.getByLabel(/^What .* says$/);
    await typeInto(app.page, field, 'Envelope 0417');
    const { size, lines } = run.transcript;
    const line = {
      seq: size,
      at: new Date().toISOString(),
      type: 'fact.recorded',
      step: null,
      by: [],
      text: 'One more',
    };
    await show({
      ...run,
      notices: [{ kind: 'progress', text: 'Something goes on', at: new Date().toISOString() }],
      transcript: { ...run.transcript, size: size + 1, lines: [...lines.slice(1), line] },
    });
    await app.page.keyboard.type(' is with Ada');
    expect(await field.inputValue()).toBe('Envelope 0417 is with Ada');
  });

  it('is not taken from a dialog by a new task, and is at the task when the dialog closes', async () => {
    await show(anew(RUNS['begin-plain']()));
    await press(app.page, button('Raise an exception'));
    const field = app.page.getByLabel('What was expected');
    await typeInto(app.page, field, 'Envelope 0413');
    await show(anew(RUNS['confirm-preflight']()));
    await app.page.keyboard.type(' whole');
    expect(await field.inputValue()).toBe('Envelope 0413 whole');
    // Nor is what is written suddenly about another step.
    expect(await app.page.getByLabel('About which step').inputValue()).toBe('verify-new');
    await app.page.keyboard.press('Escape');
    expect(await app.focused()).not.toMatch(/^BODY/);
    // What was typed is there again.
    await press(app.page, button('Raise an exception'));
    expect(await field.inputValue()).toBe('Envelope 0413 whole');
    await field.fill('');
    await app.page.keyboard.press('Escape');
  });

  it('is not lost when the task that had it is gone', async () => {
    await show(anew(RUNS['begin-plain']()));
    await tabTo(app.page, button(/^Begin: /));
    await show(RUNS['working-short']());
    expect(await app.focused()).toBe('H2: Keyrite works, nobody has to do anything');
  });
});

describe('clock', () => {
  const fill = async (source: string, date: string, time: string): Promise<void> => {
    await typeInto(app.page, app.page.getByLabel('Which clock'), source);
    await typeInto(app.page, app.page.getByLabel('Date, by UTC'), date);
    await typeInto(app.page, app.page.getByLabel('Time, by UTC'), time);
  };

  it('sends what the clock shows at the moment that Enter is pressed, and no time of its own', async () => {
    const run = anew(RUNS.clock());
    await show(run);
    await fill(' wall clock ', '2026-11-23', '10:15:00');
    expect(await app.takeCalls()).toEqual([]);
    await app.page.keyboard.press('Enter');
    const reading = { source: 'wall clock', at: '2026-11-23T10:15:00.000Z' };
    expect(await app.nextCall('run.read-clock')).toEqual({ question: questionOf(run), reading });
    await show(anew(run));
    expect(await app.page.getByLabel('Which clock').inputValue(), 'the next person has heard nothing').toBe('');
  });

  it('asks again for what is no date and no time, and keeps what was typed', async () => {
    const run = anew(RUNS.clock());
    await show(run);
    await press(app.page, button(/^Taken now/));
    expect(await app.focused()).toMatch(/^INPUT/);
    await fill('watch', '2026-02-30', '25:00');
    await press(app.page, button(/^Taken now/));
    expect(await app.takeCalls()).toEqual([]);
    await app.page.getByText('As 2026-11-23').waitFor();
    await show(RUNS['working-short']());
    await show(run);
    expect(await app.page.getByLabel('Date, by UTC').inputValue()).toBe('2026-02-30');
    await app.page.getByLabel('Date, by UTC').fill('2026-02-28');
    await app.page.getByLabel('Time, by UTC').fill('23:59:59');
    await press(app.page, button(/^Taken now/));
    expect((await app.nextCall('run.read-clock')).reading).toEqual({ source: 'watch', at: '2026-02-28T23:59:59.000Z' });
  });

  it('takes that somebody has none, after a question', async () => {
    const run = anew(RUNS.clock());
    await show(run);
    await press(app.page, button('No clock to read'));
    expect(await app.takeCalls()).toEqual([]);
    await press(app.page, button('Put it on record'));
    expect(await app.nextCall('run.read-clock')).toEqual({ question: questionOf(run), reading: null });
  });
});

describe('files', () => {
  it('are chosen by main, listed with their hashes, taken off, and attached', async () => {
    const none = anew(RUNS['attach-none']());
    await show(none);
    await press(app.page, button('Choose a file…'));
    expect(await app.nextCall('run.choose-file')).toEqual({ question: questionOf(none) });
    const some = anew(RUNS.attach());
    await show(some);
    const { task } = some;
    const sha256 = task.kind === 'attach' ? (task.files[1]?.sha256 ?? '') : '';
    const list = await app.page.locator('.run-files').innerText();
    expect(list).toContain('/media/operator/VENDOR/seals.zip');
    expect(list.replaceAll(/\s/g, '')).toContain(sha256);
    await press(app.page, button(/^Take off the list: Фотография/));
    expect(await app.nextCall('run.drop-file')).toEqual({ question: questionOf(some), place: 1, sha256 });
    await press(app.page, button('Attach 3 files'));
    expect(await app.nextCall('run.attach')).toEqual({ question: questionOf(some), none: false });
  });

  it('that there are not is said after a question', async () => {
    const run = anew(RUNS['attach-none']());
    await show(run);
    await press(app.page, button('No file'));
    expect(await app.page.getByRole('dialog').innerText()).toContain('is an exception');
    expect(await app.takeCalls()).toEqual([]);
    await press(app.page, button('No file is attached'));
    expect(await app.nextCall('run.attach')).toEqual({ question: questionOf(run), none: true });
  });
});

describe('people', () => {
  const dialog = () => app.page.getByRole('dialog');
  const choose = async (label: string, value: string): Promise<void> => {
    await tabTo(app.page, dialog().getByLabel(label, { exact: true }));
    await dialog().getByLabel(label, { exact: true }).selectOption(value);
  };
  const open = async (run: RunView): Promise<void> => {
    await show(anew(run));
    await press(app.page, button('Somebody comes or goes'));
  };

  it('who leave are said with why; without it nothing is sent', async () => {
    await open(RUNS['begin-plain']());
    await choose('Who', 'carol');
    await press(app.page, button('Put it on record'));
    expect(await app.takeCalls()).toEqual([]);
    await typeInto(app.page, dialog().getByLabel('Why'), 'her train leaves');
    await press(app.page, button('Put it on record'));
    const change = { kind: 'left', participant: 'carol', reason: 'her train leaves' };
    expect(await app.nextCall('run.change-people')).toEqual(change);
    await dialog().waitFor({ state: 'hidden' });
  });

  it('who come late and who take a place are chosen among those who can', async () => {
    await open(RUNS['people-waiting']());
    await choose('What happened', 'late');
    expect(await dialog().getByLabel('Who', { exact: true }).locator('option').allInnerTexts()).toEqual([
      'Дмитрий Сергеевич Воскресенский, Custodian',
    ]);
    await press(app.page, button('Put it on record'));
    expect(await app.nextCall('run.change-people')).toEqual({ kind: 'late', participant: 'dmitri' });
    await open(RUNS['people-waiting']());
    await choose('What happened', 'replaced');
    await choose('Whose place', 'erin');
    await choose('The alternate', 'dmitri');
    await typeInto(app.page, dialog().getByLabel('Why'), 'ill');
    await press(app.page, button('Put it on record'));
    const change = { kind: 'replaced', participant: 'erin', by: 'dmitri', reason: 'ill' };
    expect(await app.nextCall('run.change-people')).toEqual(change);
  });

  it('who sign paper are named, and main asks for the scan', async () => {
    await open(RUNS['begin-plain']());
    await choose('What happened', 'paper');
    await typeInto(app.page, dialog().getByLabel('Name of whoever signed'), 'Paula Paper');
    await typeInto(app.page, dialog().getByLabel('What they are here as'), 'guest');
    await app.answer('run.paper-signature', { value: false });
    await press(app.page, button('Choose the scan…'));
    expect(await app.nextCall('run.paper-signature')).toEqual({ name: 'Paula Paper', role: 'guest' });
    // The dialog of the system was cancelled: what was typed stays.
    expect(await dialog().getByLabel('Name of whoever signed').inputValue()).toBe('Paula Paper');
    await app.answer('run.paper-signature', { value: true });
    await press(app.page, button('Choose the scan…'));
    await dialog().waitFor({ state: 'hidden' });
  });

  it('what was said stands under People until it is on record; whoever left is away', async () => {
    await show(RUNS['people-waiting']());
    const panel = await app.page.getByRole('region', { name: 'People' }).innerText();
    expect(panel).toContain('2 wait for the next safe point');
    expect(await app.page.getByText('2 wait for the next safe point').isVisible()).toBe(true);
    expect(panel).toContain('her train leaves at noon');
    expect(panel).toContain('Away');
    await show(RUNS['ended-paused']());
    expect(await button('Somebody comes or goes').count()).toBe(0);
  });
});

describe('pause', () => {
  it('shows the seals and the root to write down, and how to go on', async () => {
    await show(RUNS['ended-paused']());
    expect(await taskHeading().innerText()).toBe('Paused under seal');
    const panel = await app.page.locator('.run-task').innerText();
    expect(panel).toContain('Seal 0417');
    expect(panel).toContain('Session 2');
    const run = RUNS['ended-paused']();
    const paused = run.task.kind === 'ended' ? run.task.paused : undefined;
    const table = await app.page.getByRole('table', { name: 'Root, to be read aloud' }).innerText();
    for (const word of paused?.rootWords.split(' ') ?? []) expect(table).toContain(word);
    await press(app.page, button('Back to home'));
    expect(await app.nextCall('home.show')).toEqual({});
  });
});

it('a name is asked for on one line', async () => {
  const run = anew(RUNS['ask-name']());
  await show(run);
  await typeInto(app.page, app.page.getByLabel(/^What .* say$/), 'Wilma Wagner');
  await press(app.page, button('Put it on record'));
  expect(await app.nextCall('run.answer')).toEqual({ question: questionOf(run), text: 'Wilma Wagner' });
});

describe('begin', () => {
  it('begins a step that can be undone with one press', async () => {
    const run = anew(RUNS['begin-plain']());
    await show(run);
    await press(app.page, button(/^Begin: Both units hold the same new master key$/));
    expect(await app.nextCall('run.begin-step')).toEqual({ question: questionOf(run) });
  });

  it('asks for a word before a step that cannot be undone', async () => {
    const run = anew(RUNS['begin-irreversible']());
    await show(run);
    expect(await app.page.getByText('cannot be brought back').count()).toBeGreaterThan(0);
    await press(app.page, button(/^Begin: /));
    await typeInto(app.page, app.page.getByLabel('Type BEGIN: this cannot be undone'), 'BEGI');
    await app.page.keyboard.press('Enter');
    expect(await app.takeCalls()).toEqual([]);
    await app.page.keyboard.type('N');
    await app.page.keyboard.press('Enter');
    expect(await app.nextCall('run.begin-step')).toEqual({ question: questionOf(run) });
  });
});

describe('what a step left', () => {
  it('stands alone before the next step can begin, and is folded below it then', async () => {
    const run = anew(RUNS['result-set']());
    await show(run);
    expect(await app.focused()).toBe('H2: Step 8 is done: compare, and write down');
    expect(await app.page.getByRole('heading', { level: 1 }).innerText()).toBe(
      'Make the master key as three components',
    );
    expect(await button(/^Begin: /).count()).toBe(0);
    const task = app.page.locator('.run-task');
    expect(await task.innerText()).toContain(hexGroups(run.set?.set ?? ''));
    expect(
      await task
        .getByRole('table', { name: /^Verification pattern/ })
        .locator('td')
        .count(),
    ).toBe(16);
    // Nothing is asked of main: the question is the same, and so is a view of it that comes meanwhile.
    await press(app.page, button('Go on to step 9'));
    await show(run);
    expect(await app.takeCalls()).toEqual([]);
    expect(await app.focused()).toBe('H2: Ready to begin');
    expect(await app.page.getByRole('heading', { level: 1 }).innerText()).toBe(
      'Each custodian copies one component and reads it back',
    );
    await press(app.page, app.page.locator('summary', { hasText: 'What step 8 left' }));
    expect(await task.getByText('Set id').isVisible()).toBe(true);
    await typeInto(app.page, app.page.getByLabel('Type BEGIN: this cannot be undone'), 'BEGIN');
    await app.page.keyboard.press('Enter');
    expect(await app.nextCall('run.begin-step')).toEqual({ question: questionOf(run) });
    // Another question is another look.
    await show(anew(run));
    expect(await taskHeading().innerText()).toBe('Step 8 is done: compare, and write down');
  });

  it('lists every object of each unit, and says how many are not listed', async () => {
    await show(anew(RUNS['result-inventory']()));
    const task = app.page.locator('.run-task');
    expect(await task.getByRole('table').count()).toBe(2);
    expect(await task.innerText()).toContain('Crypto unit B, rack 31: 16 objects');
    expect(await task.innerText()).toContain('12 more objects, in the transcript');
    expect(await task.innerText()).toContain('not extractable, brought in; may sign, wrap, unwrap');
  });

  it('holds nobody up where it is no more than what was said', async () => {
    const run = anew(RUNS['begin-plain']());
    const notice = { kind: 'warning' as const, text: 'unit-a: PIN count low', at: new Date().toISOString() };
    await show({ ...run, result: { step: 'load', index: 9, values: [], inventories: [], notices: [notice] } });
    expect(await taskHeading().innerText()).toBe('Ready to begin');
    expect(await app.page.locator('.run-task').innerText()).toContain('unit-a: PIN count low');
  });
});

describe('working', () => {
  it('offers nothing at first', async () => {
    await show(RUNS['working-short']());
    expect(await button('End the process that works').count()).toBe(0);
  });

  it('says how long nothing has answered, and ends the process only after a question', async () => {
    const worker = { id: '3.17', name: 'the worker of module units', voidsSet: false };
    const shares = { id: '4.2', name: 'the share process', voidsSet: true };
    await app.answer('run.stuck', { value: [worker, shares] });
    await show(RUNS['working-long']());
    expect(await app.page.locator('.run-working__long').innerText()).toMatch(/^Nothing has answered for 1 min/);
    await press(app.page, button('End the process that works'));
    expect(await app.nextCall('run.stuck')).toEqual({});
    const dialog = app.page.getByRole('dialog');
    await dialog.getByText('What ends is the worker of module units.').waitFor();
    expect(await dialog.getByText('What ends is the share process.').innerText()).toMatch(/the set of shares is void/);
    expect(await app.takeCalls()).toEqual([]);
    await press(app.page, button('End the process').last());
    expect(await app.nextCall('run.end-worker')).toEqual({ processes: ['3.17', '4.2'] });
  });
});

describe('person', () => {
  it('names who comes and what everybody else does, and shows the window', async () => {
    await show(RUNS.person());
    const panel = app.page.locator('.run-task');
    expect(await panel.innerText()).toContain('Дмитрий Сергеевич Воскресенский');
    expect(await panel.innerText()).toContain('Looks away');
    await press(app.page, button('Show the secret window'));
    expect(await app.nextCall('run.show-secret-window')).toEqual({});
  });

  it('asks nobody to come whom the rehearsal plays', async () => {
    await show(RUNS['person-played']());
    expect(await taskHeading().innerText()).toMatch(/^The rehearsal plays /);
    expect(await button('Show the secret window').count()).toBe(0);
  });
});

describe('pad', () => {
  it('names who acts at the device, opens nothing, and can be ended once that is confirmed', async () => {
    await show(RUNS.pad());
    expect(await taskHeading().innerText()).toMatch(/^Ben Brown and Carol Chu enter the user PIN/);
    const panel = await app.page.locator('.run-task').innerText();
    expect(panel).toContain('no window opens');
    expect(panel).toContain('the token allows few more');
    expect(await button('Show the secret window').count()).toBe(0);
    await app.answer('run.stuck', { value: [{ id: '3.17', name: 'the worker of module units', voidsSet: false }] });
    await press(app.page, button('End the process that works'));
    expect(await app.nextCall('run.stuck')).toEqual({});
    await app.page.getByRole('dialog').getByText('What ends is the worker of module units.').waitFor();
    await press(app.page, button('End the process').last());
    expect(await app.nextCall('run.end-worker')).toEqual({ processes: ['3.17'] });
  });
});

describe('confirm', () => {
  const tick = (name: RegExp) => press(app.page, app.page.getByRole('checkbox', { name }), 'Space');

  it('records only when everybody is ticked', async () => {
    const run = anew(RUNS['confirm-preflight']());
    await show(run);
    await tick(/^Ada Aker/);
    await tick(/^Benedikt/);
    await press(app.page, button('Record the confirmations'));
    expect(await app.takeCalls()).toEqual([]);
    await tick(/^فريدة/);
    await press(app.page, button('Record the confirmations'));
    expect(await app.nextCall('run.confirm')).toEqual({ question: questionOf(run), by: ['ada', 'ben', 'farida'] });
  });

  it('sends those who did when somebody does not, after a question that names who is missing', async () => {
    const run = anew(RUNS['confirm-preflight']());
    await show(run);
    await tick(/^Ada Aker/);
    await press(app.page, button('Somebody does not confirm'));
    expect(await app.page.getByRole('dialog').innerText()).toContain('فريدة المصري');
    await press(app.page, button('Put it on record'));
    expect(await app.nextCall('run.confirm')).toEqual({ question: questionOf(run), by: ['ada'] });
  });

  it('keeps the ticks when the request fails', async () => {
    await show(anew(RUNS['confirm-preflight']()));
    for (const name of [/^Ada Aker/, /^Benedikt/, /^فريدة/]) await tick(name);
    await app.answer('run.confirm', { trouble: TROUBLE });
    await press(app.page, button('Record the confirmations'));
    await app.page.getByText(TROUBLE.happened).waitFor();
    for (const box of await app.page.getByRole('checkbox').all()) expect(await box.isChecked()).toBe(true);
    await app.answer('run.confirm', { value: null });
    await press(app.page, button('Record the confirmations'));
    await app.page.getByText(TROUBLE.happened).waitFor({ state: 'detached' });
  });

  it('keeps the ticks while something else comes in between, and no other question has them', async () => {
    const run = anew(RUNS['confirm-preflight']());
    await show(run);
    await tick(/^Ada Aker/);
    await show(RUNS['working-short']());
    await show(RUNS.person());
    await show(run);
    const ticked = async () => {
      const boxes = await app.page.getByRole('checkbox').all();
      return Promise.all(boxes.map((box) => box.isChecked()));
    };
    expect(await ticked()).toEqual([true, false, false]);
    await show(anew(run));
    expect(await ticked()).toEqual([false, false, false]);
    await show(RUNS['ended-stopped']());
    await show(run);
    expect(await ticked()).toEqual([false, false, false]);
  });

  it('shows a fingerprint as a table of groups and words', async () => {
    await show(anew(RUNS['confirm-fingerprint']()));
    expect(await app.page.locator('.run-statement table td').count()).toBe(16);
  });
});

describe('ask', () => {
  it('puts on record what was written, not nothing', async () => {
    const run = anew(RUNS.ask());
    await show(run);
    await press(app.page, button('Put it on record'));
    expect(await app.takeCalls()).toEqual([]);
    // The focus is where the text goes.
    await app.page.keyboard.type('0413: component 1');
    await app.answer('run.answer', { trouble: TROUBLE });
    await press(app.page, button('Put it on record'));
    expect(await app.nextCall('run.answer')).toEqual({ question: questionOf(run), text: '0413: component 1' });
    await app.page.getByText(TROUBLE.happened).waitFor();
    expect(await app.page.getByLabel(/^What .* says$/).inputValue()).toBe('0413: component 1');
    await app.answer('run.answer', { value: null });
    await press(app.page, button('Put it on record'));
    expect(await app.nextCall('run.answer')).toEqual({ question: questionOf(run), text: '0413: component 1' });
  });
});

describe('what is being written', () => {
  const field = () => app.page.getByLabel(/^What .* says$/);

  it('stays while something else comes in between, until it is on record', async () => {
    const run = anew(RUNS.ask());
    await show(run);
    await typeInto(app.page, field(), '0413: component 1');
    await show(RUNS['working-short']());
    await show(RUNS.person());
    await show(run);
    expect(await field().inputValue()).toBe('0413: component 1');
    await press(app.page, button('Put it on record'));
    await app.nextCall('run.answer');
    await show(RUNS['working-short']());
    await show(run);
    expect(await field().inputValue()).toBe('');
  });

  it('goes with its run: questions are numbered anew in the next', async () => {
    const run = anew(RUNS.ask());
    await show(run);
    await typeInto(app.page, field(), '0413: component 1');
    await show(RUNS['ended-stopped']());
    await show(run);
    expect(await field().inputValue()).toBe('');
  });

  it('is shown as not recorded, when it is an exception and the run ends', async () => {
    const run = anew(RUNS['begin-plain']());
    await show(run);
    await press(app.page, button('Raise an exception'));
    await typeInto(app.page, app.page.getByLabel('What happened'), 'Envelope 0413 was torn');
    for (const name of ['ended-stopped', 'ended-closed'] as const) {
      await show(RUNS[name]());
      const text = await app.page.locator('.run-task').innerText();
      expect(text).toContain('An exception was being written, and was not recorded');
      expect(text).toContain('Envelope 0413 was torn');
      expect(await app.axe()).toEqual([]);
    }
    app.takeConsole();
    await show(run);
    await press(app.page, button('Raise an exception'));
    expect(await app.page.getByLabel('What happened').inputValue()).toBe('Envelope 0413 was torn');
    await app.page.getByLabel('What happened').fill('');
    await app.page.keyboard.press('Escape');
    await show(RUNS['ended-stopped']());
    expect(await app.page.locator('.run-task').innerText()).not.toContain('not recorded');
  });
});

describe('decide', () => {
  it('offers the ways that the engine offers, and no others', async () => {
    const run = anew(RUNS.decide());
    await show(run);
    for (const [name, decision] of [
      [/^Try again/, 'again'],
      [/^Go on all the same/, 'exception'],
      [/^Stop here/, 'stop'],
    ] as const) {
      await press(app.page, button(name));
      expect(await app.nextCall('run.decide')).toEqual({ question: questionOf(run), decision });
    }
    const only = anew(run);
    if (only.task.kind !== 'decide') throw new RangeError('task: expected decide');
    await show({ ...only, task: { ...only.task, options: ['again', 'stop'] } });
    expect(await button(/^Go on all the same/).count()).toBe(0);
  });
});

describe('ended', () => {
  it('says the verdict, the root, where it is; copies, verifies, goes home', async () => {
    await show(RUNS['ended-closed']());
    const text = await app.page.locator('.run-task').innerText();
    expect(text).toContain('Verified');
    expect(text).toContain('/media/operator/EVIDENCE');
    await press(app.page, button('Verify it now'));
    expect(await app.nextCall('verify.ceremony')).toEqual({
      ceremony: 'first-ceremony-2026-11-23',
      planHash: RUNS['ended-closed']().planSha256,
    });
    await press(app.page, button('Copy the bundle to…'));
    expect(await app.nextCall('run.copy-bundle')).toEqual({});
    await press(app.page, button('Back to home'));
    expect(await app.nextCall('home.show')).toEqual({});
    expect(await button('Raise an exception').count()).toBe(0);
  });

  it('does not call a bundle done that a medium lacks: which, why, and the copy first', async () => {
    await show(RUNS['ended-not-copied']());
    const task = app.page.locator('.run-task');
    expect(await task.getAttribute('data-tone')).toBe('caution');
    expect(await task.getByRole('heading', { level: 2 }).innerText()).toBe('Sealed, but not on evidence-usb');
    expect(await task.innerText()).toContain('is the medium mounted?');
    expect(await task.getByRole('button').first().innerText()).toBe('Copy the bundle to…');
    await press(app.page, button('Copy the bundle to…'));
    expect(await app.nextCall('run.copy-bundle')).toEqual({});
  });

  it('has the root that is to be written down in sight at once, and the place of the bundle once', async () => {
    for (const size of SIZES) {
      await app.resize(size);
      await show(RUNS['ended-closed']());
      const root = await app.page.getByRole('table', { name: 'Root, to be read aloud' }).boundingBox();
      const read = await app.page.locator('.run-task__read').boundingBox();
      expect(root!.y + root!.height).toBeLessThanOrEqual(read!.y + read!.height);
    }
    await app.resize(SIZES[0]!);
    const text = await app.page.locator('.run-task').innerText();
    expect(text.split(RUNS['ended-closed']().folder)).toHaveLength(2);
  });

  it('keeps the words of exceptions that were raised and are not on record', async () => {
    const run = RUNS['ended-stopped']();
    if (run.task.kind !== 'ended') throw new RangeError('task: expected ended');
    const raised = { step: 'seals', kind: 'materials' as const, expected: 'Whole', happened: 'Torn', decided: '0417' };
    await show({ ...run, task: { ...run.task, notRecorded: [raised, { ...raised, happened: 'Wet' }] } });
    const text = await app.page.locator('.run-task').innerText();
    for (const words of ['before this exception was on record', 'Torn', 'Wet', 'exception sheet'])
      expect(text).toContain(words);
    expect(await app.axe()).toEqual([]);
    app.takeConsole();
  });

  it('says how to go on after a stop', async () => {
    await show(RUNS['ended-stopped']());
    expect(await app.page.locator('.run-task').innerText()).toContain('home screen to go on with it');
  });
});

describe('at any moment', () => {
  it('raises an exception about a step, and keeps what was typed when that fails', async () => {
    await show(anew(RUNS['begin-plain']()));
    await press(app.page, button('Raise an exception'));
    const dialog = app.page.getByRole('dialog');
    const kinds = await dialog
      .getByLabel('What it is about')
      .locator('option')
      .evaluateAll((all) => all.length);
    // Leaving a step out is decided when it has failed, never here.
    expect(kinds).toBe(7);
    await press(app.page, button('Put it on record'));
    expect(await app.takeCalls()).toEqual([]);
    await app.page.keyboard.type('Envelope 0413 whole');
    await dialog.getByLabel('What it is about').selectOption('materials');
    await typeInto(app.page, dialog.getByLabel('What happened'), 'It was torn');
    await typeInto(app.page, dialog.getByLabel('What was decided'), '0417 is used');
    await app.answer('run.raise-exception', { trouble: TROUBLE });
    await press(app.page, button('Put it on record'));
    await dialog.getByText(TROUBLE.happened).waitFor();
    await app.takeCalls();
    await app.answer('run.raise-exception', { value: null });
    await press(app.page, button('Put it on record'));
    expect(await app.nextCall('run.raise-exception')).toEqual({
      step: 'verify-new',
      kind: 'materials',
      expected: 'Envelope 0413 whole',
      happened: 'It was torn',
      decided: '0417 is used',
    });
    await dialog.waitFor({ state: 'hidden' });
  });

  it('stops at the next safe point after a question that says that nothing is lost', async () => {
    await show(anew(RUNS['begin-plain']()));
    await press(app.page, button('Stop at the next safe point'));
    expect(await app.page.getByRole('dialog').innerText()).toContain('Nothing is lost');
    await press(app.page, button('Stop there'));
    expect(await app.nextCall('run.stop')).toEqual({});
    await show(RUNS.decide());
    expect(await app.page.locator('.run-steps').innerText()).toContain('Stops at the next safe point');
  });

  it('shows root and plan hash large, one at a time, and folds them on Escape', async () => {
    await show(anew(RUNS['begin-plain']()));
    const whole = app.page.locator('.run-hash__whole');
    await press(app.page, app.page.locator('.run-hash summary').first());
    expect(await whole.first().isVisible()).toBe(true);
    await press(app.page, app.page.locator('.run-hash summary').last());
    await whole.first().waitFor({ state: 'hidden' });
    await app.page.keyboard.press('Escape');
    await whole.last().waitFor({ state: 'hidden' });
  });
});

it('has said nothing on the console all the while', () => {
  expect(app.takeConsole()).toEqual([]);
});

function questionOf({ task }: RunView): string {
  if (!('question' in task)) throw new RangeError(`task: expected one with a question, got ${task.kind}`);
  return task.question;
}
