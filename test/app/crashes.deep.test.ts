/**
 * What is killed in the middle of an act on a token: a module worker, the main window's renderer, the whole app. The act is
 * caught while the worker waits for a PIN that the rehearsal's player is told to give late: its intent is on record, its
 * outcome is not. Each time the app goes on from what the record and the devices say, and the one bundle verifies.
 */
import { chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPlayerFile, writePlayerFile } from '../../workstation/rehearsal/player-file';
import { Place, type RunningApp } from './driver/app-under-test';
import { verdicts } from './driver/bundles';
import { press } from './driver/keyboard';
import { environmentOf, isAlive, pidsOf, processesOf } from './driver/processes-of';

/** Longer than any test waits: the act is not over by itself. */
const LATE_MS = 600_000;

interface Line {
  readonly type: string;
  readonly step?: string;
  readonly body: Readonly<Record<string, unknown>>;
}

let place: Place;
let app: RunningApp;
let bundle: string;
let player: string;

beforeAll(async () => {
  place = await Place.open();
  app = await place.start();
  await app.main.bindRehearsal(/^Review this example: First ceremony/, []);
  player = await playerFile();
  await app.main.screen(/^Binding for a rehearsal/);
  for (const of of ['unit-a', 'unit-b']) giveLate(of);
  await app.main.beginCeremony();
  await begunUpTo('Initialise both crypto units');
  bundle = place.ceremonies()[0] ?? '';
});
afterAll(async () => {
  await app.close();
  await place.close();
});

test('a module worker ended by SIGSEGV in the middle of an act: the device is read again, and the act is tried again', async () => {
  await app.main.begin();
  await underWay('unit-a');
  const workers = pidsOf(app.pid, 'module worker');
  expect(workers.length).toBeGreaterThan(0);
  for (const pid of workers) process.kill(pid, 'SIGSEGV');
  expect(await app.main.nextTask()).toBe('decide');
  const words = await app.page.locator('.run-task').innerText();
  expect(words).toMatch(/ended without a word/);
  expect(words).toMatch(/What was changed/);
  const about = linesOf('unit-a/user-pin');
  expect(about.map(({ type }) => type)).toEqual(['step.intent', 'step.failed', 'step.reconciled']);
  // Read again from the token itself: it is there, and has no user PIN.
  expect(about.at(-1)?.body).toMatchObject({
    verdict: 'not-applied',
    observed: { token: { initialised: true, userPinSet: false } },
  });
  await app.main.press('Try again');
  await underWay('unit-b');
  expect(
    linesOf('unit-a/user-pin')
      .map(({ type }) => type)
      .slice(3),
  ).toEqual(['step.intent', 'step.outcome']);
});

test('the main window’s renderer killed in the middle of an act: the window comes back and shows the act, which goes on', async () => {
  const step = await app.main.step();
  const before = app.page;
  const [worker] = pidsOf(app.pid, 'module worker');
  const renderer = await app.rendererOf('index.html');
  process.kill(renderer, 'SIGKILL');
  await expect.poll(() => app.page !== before).toBe(true);
  await expect.poll(() => app.main.step().catch(() => '')).toBe(step);
  expect(await app.main.task()).toBe('working');
  expect(await app.rendererOf('index.html')).not.toBe(renderer);
  expect(isAlive(worker!)).toBe(true);
  await underWay('unit-b');
});

test('the app killed by SIGKILL in the middle of an act: nothing of it survives, and it goes on to a bundle that verifies', async () => {
  await underWay('unit-b');
  const below = [...pidsOf(app.pid, 'module worker'), ...pidsOf(app.pid, 'other utility')];
  expect(below.length).toBeGreaterThan(0);
  await app.kill();

  app = await place.start();
  const { main } = app;
  await main.screen('Key ceremonies');
  await main.press(/^Go on with first-ceremony/);
  await press(app.page, app.page.getByRole('button', { name: 'Go on with this rehearsal' }));
  expect(await finish()).toBe('closed');
  expect(below.filter(isAlive)).toEqual([]);
  expect(transcript().filter(({ type }) => type === 'ceremony.resumed')).toHaveLength(1);
  const about = linesOf('unit-b/user-pin');
  expect(about.map(({ type }) => type)).toEqual(['step.intent', 'step.reconciled', 'step.intent', 'step.outcome']);
  expect(about[1]?.body).toMatchObject({ verdict: 'not-applied', observed: { token: { userPinSet: false } } });
  expect(verdicts(bundle).keyrite).toContain('consistent, 0 exceptions');
  expect(verdicts(bundle).script).toContain('consistent');
});

/** Carries out every step before the one of that title, which is then about to begin. */
async function begunUpTo(title: string): Promise<void> {
  for (;;) {
    const task = await app.main.nextTask();
    if ((await app.main.step()) === title && task === 'begin') return;
    await doTask(task);
  }
}

async function finish(): Promise<string> {
  for (;;) {
    const task = await app.main.nextTask();
    if (task === 'closed' || task === 'stopped') return task;
    await doTask(task);
  }
}

async function doTask(task: string): Promise<void> {
  if (task === 'begin') await app.main.begin();
  else if (task === 'decide') await app.main.press('Try again');
  else throw new Error(`${task}: ${await app.page.locator('main').innerText()}`);
}

/**
 * Waits until making a unit's user PIN is under way: its intent is the last that the record says of it, and the player has
 * the worker's question, which it counts before it waits. Before that the worker could be killed too early to have asked.
 */
async function underWay(unit: string): Promise<void> {
  const act = `${unit}/user-pin`;
  await expect.poll(() => linesOf(act).at(-1)?.type, { timeout: 60_000, interval: 20 }).toBe('step.intent');
  const due = (): number => readPlayerFile(player).faults.find(({ match }) => match['of'] === unit)?.times ?? 0;
  await expect.poll(due, { timeout: 60_000, interval: 20 }).toBe(0);
}

/** What the record says of an act, in order. */
function linesOf(act: string): Line[] {
  return transcript().filter(({ body }) => body['act'] === act);
}

/** The file of the player of the rehearsal that is being made: in the room that the modules' workers are started for. */
async function playerFile(): Promise<string> {
  const until = performance.now() + 60_000;
  while (performance.now() < until) {
    for (const { pid } of processesOf(app.pid)) {
      const [room] = /\/[^\0:]*\/keyrite-room-[^/\0]+/.exec(environmentOf(pid)) ?? [];
      if (room !== undefined) return join(room, 'player.json');
    }
    await sleep(10);
  }
  throw new Error('no worker of a rehearsal is started');
}

/** Has the player give a unit's user PIN late, the first time that it is asked to make it. */
function giveLate(of: string): void {
  const memory = readPlayerFile(player);
  const fault = { match: { role: 'user', make: true, of }, do: 'delay', times: 1, milliseconds: LATE_MS } as const;
  writePlayerFile(player, { ...memory, faults: [...memory.faults, fault] });
  const { user } = place.stage;
  if (user !== null) chownSync(player, user.uid, user.gid);
}

function transcript(): Line[] {
  return readFileSync(join(bundle, 'transcript.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}
