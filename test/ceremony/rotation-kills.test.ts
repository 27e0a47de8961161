/** A rotation that is killed at a few random points; rotation-kills.deep.test.ts has more of both. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles } from '../bundle/mutation/bundle-files';
import { transcript } from './program';
import { killedRotation, unanswered, type KilledRotation } from './rotation-kills';

const KEYS = 100;
const KILLS = 3;

let rotation: KilledRotation;
beforeAll(async () => {
  rotation = await killedRotation(KEYS, KILLS, 5);
}, 120000);
afterAll(() => {
  rotation.leave();
});

it('is killed in the midst of it, as often as it should be', () => {
  expect(rotation.killedAt).toHaveLength(KILLS);
  expect(rotation.killedAt.every((count) => count > 0)).toBe(true);
  expect(rotation.killedAt).toEqual(rotation.killedAt.toSorted((one, other) => one - other));
});

it('loses no key: each opens to its old value under the master key that took the place of the other', () => {
  expect(Object.keys(rotation.before)).toHaveLength(KEYS);
  for (const [name, value] of Object.entries(rotation.before)) expect(rotation.after[name], name).toBe(value);
  expect(rotation.generations).toHaveLength(2);
  expect(rotation.generations).toContain(rotation.current);
});

it('is told truthfully: every act is answered, and both verifiers accept the record', async () => {
  expect(unanswered(rotation.bundle)).toEqual([]);
  const rotated = transcript(rotation.bundle).filter(
    (line) => line.step === 'rotate' && line.type === 'step.reconciled',
  );
  expect(rotated.length).toBeGreaterThan(0);
  const files = await readFiles(rotation.bundle);
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
});
