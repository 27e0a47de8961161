/**
 * Keys that stay in a unit, with the program killed after every line that is written: each key is made, wrapped, destroyed
 * and brought back once, and nothing untrue is on record.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles } from '../bundle/mutation/bundle-files';
import { CHECKOUT, keyrite, scratch, start, transcript, type Running } from './program';
import { unanswered } from './rotation-kills';
import { writeRotationPlans } from './small-plans';

const place = scratch();
afterAll(place.leave);

const linesIn = (bundle: string): number => {
  const path = join(bundle, 'transcript.jsonl');
  return existsSync(path) ? readFileSync(path).filter((byte) => byte === 0x0a).length : 0;
};

async function killedOnceThere(running: Running, isThere: () => boolean): Promise<number | null> {
  const over = new AbortController();
  void running.ended.then(() => {
    over.abort();
  });
  while (!over.signal.aborted && !isThere()) await sleep(1);
  running.child.kill('SIGKILL');
  return (await running.ended).code;
}

/** Kills a ceremony in a step, and each time that it goes on, a few lines later, until it comes to its end. Returns how often. */
async function killedAgainAndAgain(bundle: string, plan: string, step: string, fewest = 3): Promise<number> {
  const saysStep = (): boolean =>
    linesIn(bundle) > 0 && readFileSync(join(bundle, 'transcript.jsonl'), 'utf8').includes(`"step":"${step}"`);
  await killedOnceThere(start(['rehearse', plan, '--out', bundle, '--keep', `${bundle}-room`]), saysStep);
  let kills = 0;
  for (;;) {
    const before = linesIn(bundle);
    // The line that tells of going on, and some more: by now two, by now twenty.
    const more = fewest + ((kills * 7) % 19);
    const code = await killedOnceThere(start(['resume', bundle]), () => linesIn(bundle) >= before + more);
    if (code === 0) break;
    kills += 1;
    expect(kills).toBeLessThan(400);
  }
  expect(kills).toBeGreaterThan(1);
  expect(unanswered(bundle)).toEqual([]);
  return kills;
}

async function expectConsistent(bundle: string): Promise<void> {
  const files = await readFiles(bundle);
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  expect((await keyrite(['verify', bundle])).code).toBe(0);
}

it.each([
  ['small-keys', 'make-data'],
  ['small-rotation', 'make-late'],
])('%s is killed again and again', { timeout: 1_200_000 }, async (name, step) => {
  writeRotationPlans(place.folder);
  const bundle = join(place.folder, name);
  await killedAgainAndAgain(bundle, join(place.folder, `${name}.ceremony.yaml`), step);
  const made = transcript(bundle).filter(
    (line) =>
      (line.type === 'step.outcome' || line.body['verdict'] === 'applied') &&
      (line.body['act'] === 'unit-a/data' || line.body['act'] === 'unit-a/late'),
  );
  const steps = made.map((line) => line.step);
  expect(steps).toEqual([...new Set(steps)]);
  await expectConsistent(bundle);
});

it('a reshare is killed again and again: the old set is replaced once, by one that was read back whole', async () => {
  const bundle = join(place.folder, 'reshare');
  await killedAgainAndAgain(bundle, join(CHECKOUT, 'examples', 'reshare.ceremony.yaml'), 'reshare', 14);
  const facts = transcript(bundle).filter(({ type }) => type === 'fact.recorded');
  const replaced = facts.filter(({ body }) => body['fact'] === 'share-set.replaced');
  expect(replaced).toHaveLength(1);
  const by = (replaced[0]?.body['value'] as { readonly by: string }).by;
  const voided = facts.filter(({ body }) => body['fact'] === 'share-set.voided');
  expect(voided.map(({ body }) => (body['value'] as { readonly set: string }).set)).not.toContain(by);
  await expectConsistent(bundle);
}, 1_200_000);
