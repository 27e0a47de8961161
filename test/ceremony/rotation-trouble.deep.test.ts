/**
 * A rotation that is called off, and stores that are not what they were: what is refused says so, nothing is lost, and once
 * the store is right again the same ceremony goes on.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles } from '../bundle/mutation/bundle-files';
import { keyrite, scratch, start, transcript } from './program';
import { STORED_KEYS, writeRotationPlans } from './small-plans';

let place = scratch();
afterEach(() => {
  place.leave();
  place = scratch();
});
const bundle = (): string => join(place.folder, 'bundle');
const room = (): string => join(place.folder, 'room');
const store = (): string => join(room(), 'key-stores', 'backup');

it('is called off before the activation: the current master key serves as before, and still opens its keys', async () => {
  const plan = writeRotationPlans(place.folder, { calledOff: true });
  const ended = await keyrite(['rehearse', plan, '--out', bundle(), '--keep', room()]);
  expect(ended.code, ended.stderr).toBe(0);
  const files = await readFiles(bundle());
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  const lines = transcript(bundle());
  const told = (step: string, act: string): Record<string, unknown> =>
    (lines.find((line) => line.type === 'step.outcome' && line.step === step && line.body['act'] === act)?.body[
      'result'
    ] ?? {}) as Record<string, unknown>;
  const { from, to } = told('rotate', 'unit-a/rotate');
  expect(readdirSync(store()).toSorted()).toEqual([from, to].toSorted());
  expect(told('activate', 'unit-a/clear')['registers']).toMatchObject({
    new: { status: 'empty' },
    current: { status: 'valid', pattern: from },
  });
  // Brought back after it, under the master key that stayed.
  expect(told('restore', 'unit-a/data')['masterKey']).toBe(from);
});

/** Rehearses to the step, and kills the program there. */
async function killedAt(step: string): Promise<void> {
  const running = start(['rehearse', writeRotationPlans(place.folder), '--out', bundle(), '--keep', room()]);
  const path = join(bundle(), 'transcript.jsonl');
  const isThere = (): boolean => existsSync(path) && readFileSync(path, 'utf8').includes(`"step":"${step}"`);
  while (running.child.exitCode === null && !isThere()) await sleep(5);
  running.child.kill('SIGKILL');
  await running.ended;
}

const goesOn = async (): Promise<string> => {
  const ended = await keyrite(['resume', bundle()]);
  return ended.code === 0 ? '' : ended.stderr;
};

it('stops where a key is damaged, missing or strange, and goes on when the store is right again', async () => {
  await killedAt('generate');
  const [old = ''] = readdirSync(store());
  const generation = join(store(), old);
  const file = (name: string): string => join(generation, `${name}.wrappedkey.json`);
  const aside = join(place.folder, 'aside.json');
  copyFileSync(file('data'), aside);

  // One bit of what is wrapped is another.
  const text = readFileSync(aside, 'utf8');
  const wrapped = /"wrapped":"(.)/.exec(text)?.[1] ?? '';
  writeFileSync(file('data'), text.replace(`"wrapped":"${wrapped}`, `"wrapped":"${wrapped === 'A' ? 'B' : 'A'}`));
  expect(await goesOn()).toMatch(/unwrapping the key data failed|wrapped key data, unwrapped again, is not the key/);
  expect(readdirSync(store()).filter((one) => one !== old && readdirSync(join(store(), one)).length > 0)).toEqual([]);

  // It was announced with a key that is gone by now.
  rmSync(file('data'));
  expect(await goesOn()).toMatch(/are not those with which the rotation began/);

  copyFileSync(aside, file('data'));
  // The folder is another one: without keys it does not pass for a store that has none.
  renameSync(store(), `${store()}.away`);
  mkdirSync(store());
  expect(await goesOn()).toMatch(
    /has no key that is wrapped under the current master key|is not there as it was wrapped/,
  );
  rmSync(store(), { recursive: true });
  renameSync(`${store()}.away`, store());

  expect(await goesOn()).toBe('');
  const rotated = transcript(bundle()).find(
    (line) => line.type === 'step.outcome' && line.body['act'] === 'unit-a/rotate',
  );
  expect((rotated?.body['result'] as Record<string, unknown>)['keys']).toBe(STORED_KEYS.length + 1);
  const files = await readFiles(bundle());
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
});
