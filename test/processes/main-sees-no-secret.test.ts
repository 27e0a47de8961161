/** SECURITY: what a person gives to a worker never enters main, which holds the link's other end. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { endSurvivors } from '../../workstation/survivors';
import { buildPrograms } from './build-programs';
import { isInMemory } from './memory';

let folder: string;
let remove: () => void;
let main: ChildProcess;

beforeAll(async () => {
  ({ folder, remove } = await buildPrograms({
    'trial-main': 'test/processes/trial-main.ts',
    'trial-worker': 'test/processes/trial-worker.ts',
    person: 'cli/person/process.ts',
  }));
});
afterAll(() => {
  remove();
});
afterEach(() => main.kill('SIGKILL'));

async function startMain(
  ceremony: string,
  act: 'ask' | 'hang',
): Promise<{ person: number; worker: number; control: string }> {
  const player = join(folder, `${ceremony}.json`);
  main = fork(join(folder, 'trial-main.cjs'), [folder, ceremony, player, act], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (main.stdout === null) throw new Error('no output');
  const [line] = (await once(main.stdout, 'data')) as [Buffer];
  return JSON.parse(line.toString()) as { person: number; worker: number; control: string };
}

test('a PIN that went from the person process to two workers is not in the memory of main', async () => {
  const { person, control } = await startMain('memory', 'ask');
  const { pins } = JSON.parse(readFileSync(join(folder, 'memory.json'), 'utf8')) as { pins: { pin: string }[] };
  const pin = pins[0]?.pin ?? '';
  expect(pin).toHaveLength(24);
  const pid = main.pid ?? 0;
  expect(isInMemory(person, pin)).toBe(true);
  expect(isInMemory(pid, control)).toBe(true);
  expect(isInMemory(pid, pin)).toBe(false);
});

test('children of a main that was killed end by themselves, and one that hangs is found and ended', async () => {
  const { person, worker } = await startMain('survivors', 'hang');
  main.kill('SIGKILL');
  await once(main, 'exit');
  await expect.poll(() => isAlive(person), { timeout: 3000 }).toBe(false);
  expect(isAlive(worker)).toBe(true);
  const scripts = ['trial-worker.cjs', 'person.cjs'];
  expect(await endSurvivors('another-ceremony', scripts)).toEqual([]);
  expect(await endSurvivors('survivors', ['other.cjs'])).toEqual([]);
  expect(isAlive(worker)).toBe(true);
  expect(await endSurvivors('survivors', scripts)).toEqual([worker]);
  expect(isAlive(worker)).toBe(false);
});

/** Neither gone nor only waiting to be collected. */
function isAlive(pid: number): boolean {
  const stat = `/proc/${String(pid)}/stat`;
  return existsSync(stat) && !readFileSync(stat, 'utf8').includes(') Z ');
}
