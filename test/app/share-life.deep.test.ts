/**
 * Shares a year later, in the packaged app by the keyboard alone: everybody proves presence at a window of their own, nobody
 * is played. A drill in which each custodian but one does something wrong first, and a new set for the same master key.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { freshSecret } from '../../hsm/shares/entropy';
import { schemeOf } from '../../hsm/shares/set-scheme';
import { SLIP39_WORDS } from '../../hsm/shares/slip39/word-list';
import { transcript } from '../ceremony/program';
import { axeOf } from './driver/axe';
import { Place, type RunningApp } from './driver/app-under-test';
import { verdicts } from './driver/bundles';
import type { Task } from './driver/main-window';
import { isAlive } from './driver/processes-of';
import { People } from './driver/secret-window';
import { KeptShares, type BoundLater } from './kept-shares';

/** The stock package: what recovers the master key without code of ours. */
const { recoverSecret } = createRequire(import.meta.url)('slip39') as {
  readonly recoverSecret: (mnemonics: readonly string[], passphrase: string) => readonly number[];
};

let place: Place;
let kept: KeptShares;
let app: RunningApp;

beforeAll(async () => {
  place = await Place.open();
  kept = await KeptShares.make(place, 'threshold-shares');
});
afterAll(async () => {
  await place.close();
  kept.remove();
});
beforeEach(async () => {
  app = await place.start();
});
afterEach(async () => {
  await app.close();
});

/** Rows of a share of 33 words. */
const ROWS = 11;

/** What is drawn in the fields of a share. */
async function shownIn(page: Page): Promise<string[]> {
  return (await page.locator('.key-field-shown').allInnerTexts()).map((text) => text.trim());
}

/** What somebody does at a window about a share before they do it right: other rows typed, or the window closed half-way. */
type Slip = (() => readonly string[]) | 'closes while it is shown' | 'closes while typing';

/** Everybody at their windows, with what they do wrong first. */
class Everybody extends People {
  /** By person and share, in order. */
  readonly slips = new Map<string, Slip[]>();
  /** Every time a share was to be typed: whose, and what the window said of the time before. */
  readonly entries: string[] = [];
  /** Rows that a window called wrong, where it named one, and what axe has against such a window. */
  readonly named: string[] = [];
  readonly violations: string[] = [];
  /** Processes of the windows in which shares were typed or shown. */
  readonly processes = new Set<number>();

  protected override async copy(page: Page, key: string): Promise<void> {
    this.processes.add(await app.rendererOf('secret.html'));
    const slips = this.slips.get(key);
    if (slips?.[0] !== 'closes while it is shown') {
      await super.copy(page, key);
      return;
    }
    slips.shift();
    await page.getByRole('button', { name: /^(?:Show my share|Hide now)/ }).waitFor();
    await page.close();
  }

  protected override async type(page: Page, key: string): Promise<void> {
    this.processes.add(await app.rendererOf('secret.html'));
    const refused = await page.locator('.secret-warning').allInnerTexts();
    this.entries.push([key, ...refused].join(' | '));
    // Whatever was typed in the window before, this one knows nothing of it, and begins at the first row.
    expect(await shownIn(page)).toEqual(Array.from({ length: ROWS }, () => ''));
    expect(await page.evaluate('document.activeElement.id')).toBe('row-1');
    if (refused.length > 0) {
      const wrong = page.locator('label', { hasText: 'was wrong' });
      this.named.push(...(await wrong.allInnerTexts()).map((label) => label.replaceAll(/\s+/g, ' ')));
      this.violations.push(...(await axeOf(page)));
    }
    const slip = this.slips.get(key)?.shift();
    if (slip === undefined) await super.type(page, key);
    else if (slip === 'closes while typing') {
      const half = this.rowsOf(key).slice(0, 5);
      await this.typeRows(page, half);
      expect((await shownIn(page)).slice(0, 6)).toEqual([...half, '']);
      await page.close();
    } else if (typeof slip === 'function') await this.typeRows(page, slip());
    else throw new Error(`${key} is typed, and was to be shown`);
  }

  /** The rows of a worksheet, one of whose words is another one of the list. `word` counts from 1. */
  misspelt(key: string, word: number): string[] {
    const words = this.rowsOf(key).join(' ').split(' ');
    const place = SLIP39_WORDS.indexOf(words[word - 1] ?? '');
    words[word - 1] = SLIP39_WORDS[(place + 1) % SLIP39_WORDS.length] ?? '';
    return inRows(words);
  }

  rowsOf(key: string): readonly string[] {
    const rows = this.worksheets.get(key);
    if (rows === undefined) throw new Error(`nobody has ${key}`);
    return rows;
  }
}

/** A well-formed share of a set that no ceremony made. */
function shareOfNoSet(): string[] {
  const [share = Buffer.alloc(0)] = schemeOf('threshold').split(Buffer.alloc(32, 7), 3, 5, freshSecret);
  return inRows(share.toString('latin1').split(' '));
}

function inRows(words: readonly string[]): string[] {
  return Array.from({ length: words.length / 3 }, (_, row) => words.slice(row * 3, row * 3 + 3).join(' '));
}

/** What came of a ceremony at the main window. */
interface Carried {
  /** What every step left to look at, as it stood on the screen. */
  readonly looked: string[];
  /** What people were asked to decide, and what to say together. */
  readonly decided: string[];
  readonly confirmed: string[];
}

/** From the plan's example over the binding file to the sealed bundle. */
async function carryOut(example: RegExp, { file }: BoundLater, people: People): Promise<Carried> {
  const { main, page } = app;
  await main.screen('Key ceremonies');
  await main.press(example);
  await main.press(/^Accept this plan/);
  await main.screen('Binding');
  await app.app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
  }, file);
  await main.press(/^Open a binding file/);
  await main.beginCeremony();
  const carried: Carried = { looked: [], decided: [], confirmed: [] };
  const served = app.served(people);
  const asked = (): Promise<string> => page.locator('.run-task').first().innerText();
  const looks = async (): Promise<void> => void carried.looked.push(await asked());
  const next = (): Promise<Task> => main.nextTask(served, looks);
  for (let task = await next(); task !== 'closed'; task = await next()) {
    if (task === 'begin') {
      carried.looked.push(await asked());
      await main.begin();
    } else if (task === 'confirm') {
      carried.confirmed.push(await asked());
      await main.confirm();
    } else if (task === 'clock') await main.readClock();
    else if (task === 'ask') await main.answer('Seals 4711 to 4715');
    else if (task === 'decide') {
      carried.decided.push(await asked());
      await main.press(/^Try (?:it )?again/);
    } else throw new Error(`${task}: ${await page.locator('main').innerText()}`);
  }
  return carried;
}

/** The bundle, once both verifiers call it good. */
function goodBundle({ binding }: BoundLater): string {
  const bundle = place.ceremonies().find((one) => one.includes(binding.ceremony)) ?? '';
  expect(verdicts(bundle)).toEqual({
    keyrite: expect.stringContaining('consistent, 0 exceptions') as string,
    script: expect.stringContaining('consistent') as string,
  });
  return bundle;
}

/** What is on record of shares, each as act, number and holder. */
function toldIn(bundle: string): unknown[] {
  return transcript(bundle).flatMap(({ body }) => {
    if (body['fact'] !== 'share') return [];
    const { act, index, holder } = body['value'] as Readonly<Record<string, unknown>>;
    return [[act, index, holder]];
  });
}

/** No row of any worksheet is in any file of the bundle, and the windows where they were are gone. */
function expectNoShareLeft(bundle: string, people: Everybody): void {
  const rows = [...people.worksheets.values()].flat();
  expect(rows.length).toBeGreaterThan(50);
  const files = readdirSync(bundle, { recursive: true, encoding: 'utf8' }).map((name) => join(bundle, name));
  for (const file of files.filter((one) => statSync(one).isFile())) {
    const text = readFileSync(file, 'latin1');
    expect({ file, rows: rows.filter((row) => text.includes(row)) }).toEqual({ file, rows: [] });
  }
  expect(people.processes.size).toBeGreaterThan(0);
  expect([...people.processes].filter(isAlive)).toEqual([]);
}

/** Names of the people in a position, in the plan's order. */
function namesIn({ binding: { people } }: BoundLater, position: string): string[] {
  return people.flatMap((one) => (one.position === position ? [one.name] : []));
}

/** The id of whoever has the share of a key such as `Carol Castro/number 1 of 5`. */
function idOf({ binding: { people } }: BoundLater, key: string): string {
  return people.find(({ name }) => name === key.split('/')[0])?.id ?? '';
}

/** The step's own text on the main window once it is over. */
const afterStep = ({ looked }: Carried, said: string): string | undefined => looked.find((text) => text.includes(said));

test('a drill: each share alone; what is wrong is named at once, and who entered what before', async () => {
  const bound = await kept.bind('share-drill');
  const people = new Everybody();
  kept.tellThem(people, bound.binding);
  const names = namesIn(bound, 'custodians');
  expect(names).toHaveLength(5);
  const keys = names.map((name, at) => `${name}/number ${String(at + 1)} of 5`);
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = keys;
  people.slips.set(first, [() => people.misspelt(first, 8)]);
  people.slips.set(second, ['closes while typing', () => people.rowsOf(first), () => people.rowsOf(fourth)]);
  people.slips.set(third, [shareOfNoSet]);
  // Who has lost the right one keeps at it until the window has had enough.
  people.slips.set(
    fifth,
    Array.from({ length: 5 }, () => shareOfNoSet),
  );
  const carried = await carryOut(/^Review this example: Drill of the shares/, bound, people);

  const notHanded = expect.stringMatching(/ \| Not taken: everything in it is well formed, but this is not/) as string;
  expect(people.entries).toEqual([
    first,
    expect.stringMatching(/ \| Not taken: word 8 is wrong\. Look at words 7–9 on your worksheet/),
    second,
    second,
    expect.stringMatching(
      new RegExp(
        ` \\| Not taken: this is share 1 of the same set, which was already entered by ${names[0] ?? ''} at \\d\\d:\\d\\d UTC: share 2 of set`,
      ),
    ),
    expect.stringMatching(/ \| Not taken: this is share 4 of the same set: share 2 of set/),
    third,
    notHanded,
    fourth,
    fifth,
    ...Array.from({ length: 4 }, () => notHanded),
  ]);
  expect(people.named).toEqual(['Words 7–9 was wrong']);
  expect(people.violations).toEqual([]);
  // Each came to the screen by their own token, right before their share and after whoever came before.
  const entered = people.asked.flatMap(({ heading }, at) => (heading.startsWith('Type ') ? [at] : []));
  for (const name of names) {
    const at = entered.find((one) => people.asked[one]?.person === name) ?? 0;
    expect(people.asked[at - 1]).toEqual({ person: name, heading: 'Enter the PIN of your own token' });
  }
  expect(carried.decided).toEqual([expect.stringContaining('the window closed before')]);
  expect(carried.confirmed.filter((text) => text.includes('has not proven'))).toEqual([
    expect.stringContaining(`${names[4] ?? ''} has not proven share 5`),
  ]);
  expect(afterStep(carried, '4 of 5 shares are good; 3 are needed')).toContain(`${names[0] ?? ''} has proven share 1`);

  const bundle = goodBundle(bound);
  expect(toldIn(bundle)).toEqual(
    ['carol', 'dave', 'erin', 'frank', 'grace'].map((id, at) => [at < 4 ? 'proven' : 'wrong', at + 1, id]),
  );
  const present = transcript(bundle).filter(({ type, step }) => type === 'participant.present' && step === 'drill');
  expect(present.map(({ by }) => by)).toEqual([['carol'], ['dave'], ['erin'], ['frank'], ['grace']]);
  expectNoShareLeft(bundle, people);
});

test('a new set for the same master key: old shares entered, new ones shown and read back, the old ones destroyed', async () => {
  const bound = await kept.bind('reshare');
  const people = new Everybody();
  kept.tellThem(people, bound.binding);
  const keysOf = (names: readonly string[], of: number): string[] =>
    names.map((name, at) => `${name}/number ${String(at + 1)} of ${String(of)}`);
  const old = keysOf([...namesIn(bound, 'custodians'), ...namesIn(bound, 'leaving')], 5);
  const fresh = keysOf(namesIn(bound, 'new-custodians'), 4);
  const successor = `${namesIn(bound, 'successor')[0] ?? ''}/number 5 of 5`;
  expect([old.length, fresh.length]).toEqual([5, 4]);
  const [carol = '', dave = '', erin = '', frank = '', leaving = ''] = old;
  const [first = '', second = '', third = '', fourth = ''] = fresh;
  people.slips.set(successor, [() => people.misspelt(successor, 20)]);
  people.slips.set(dave, [() => people.rowsOf(carol)]);
  people.slips.set(first, ['closes while it is shown']);
  people.slips.set(second, ['closes while typing']);
  people.slips.set(fourth, [() => people.rowsOf(third)]);
  const carried = await carryOut(/^Review this example: New custodians/, bound, people);

  const nameOf = (key: string): string => key.split('/')[0] ?? '';
  const alreadyEntered = (index: number, by: string): unknown =>
    expect.stringMatching(
      new RegExp(
        ` \\| Not taken: this is share ${String(index)} of the same set, which was already entered by ${by} at \\d\\d:\\d\\d UTC: `,
      ),
    );
  expect(people.entries).toEqual([
    leaving,
    successor,
    expect.stringMatching(/ \| Not taken: word 20 is wrong\. Look at words 19–21 on your worksheet/),
    carol,
    dave,
    alreadyEntered(1, nameOf(carol)),
    erin,
    first,
    second,
    second,
    third,
    fourth,
    alreadyEntered(3, nameOf(third)),
  ]);
  expect(people.named).toEqual(['Words 19–21 was wrong']);
  expect(people.violations).toEqual([]);
  // Whose window closed is shown the share anew, and reads it back; nobody else is shown one twice.
  const shown = people.asked.flatMap(({ person, heading }) =>
    heading.startsWith('Your share, ') ? [`${person}/${heading.replace('Your share, ', '')}`] : [],
  );
  expect(shown).toEqual([successor, first, first, second, second, third, fourth]);
  expect(carried.decided).toEqual([
    expect.stringContaining('share 1, has not answered: the window closed before'),
    expect.stringContaining('share 2, has not answered: the window closed before'),
  ]);
  expect(afterStep(carried, '5 of 5 shares of set')).toContain('are destroyed; 3 were needed');

  const bundle = goodBundle(bound);
  expect(toldIn(bundle)).toEqual([
    ['transferred', 5, 'grace'],
    ...['carol', 'dave', 'erin', 'frank', 'grace'].map((id, at) => ['destroyed', at + 1, id]),
    ['destroyed', 5, idOf(bound, successor)],
  ]);
  // The pattern on the screen is that of the old set's record.
  const exhibit = /\nVerification pattern\n([^]*?)Said while/.exec(afterStep(carried, 'Step 4 is done') ?? '')?.[1];
  const pattern = (exhibit?.match(/^[0-9a-f]{4}$/gm) ?? []).join('');
  expect(pattern).toBe(bound.binding.shareSets?.sets[0]?.pattern);
  // The stock package finds one master key in three of the old shares, and in any two of the new ones.
  const masterKeyIn = (...keys: readonly string[]): string =>
    Buffer.from(
      recoverSecret(
        keys.map((key) => people.rowsOf(key).join(' ')),
        '',
      ),
    ).toString('hex');
  const masterKey = masterKeyIn(carol, dave, erin);
  expect(masterKeyIn(carol, frank, successor)).toBe(masterKey);
  for (const pair of [
    [first, second],
    [second, fourth],
    [third, first],
  ])
    expect(masterKeyIn(...pair)).toBe(masterKey);
  expectNoShareLeft(bundle, people);
});
