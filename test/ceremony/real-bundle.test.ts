/**
 * A bundle that a real rehearsal left, changed in every way: both verifiers find each change, the sums left as they are
 * or made right again.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import {
  mutations,
  readFiles,
  readerOf,
  seededRandom,
  writeFiles,
  type Files,
  type Mutation,
} from '../bundle/mutations';
import { CHECKOUT, keyrite, scratch } from './program';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const SCRIPT = join(CHECKOUT, 'ceremony', 'bundle', 'verify.sh');

const room = scratch();
let original: Files = new Map();
let all: Mutation[] = [];

beforeAll(async () => {
  const out = join(room.folder, 'bundle');
  const ended = await keyrite(['rehearse', '--out', out]);
  expect(ended.code, ended.stderr).toBe(0);
  original = await readFiles(out);
  all = [...mutations(original, 'real')];
});
afterAll(room.leave);

/** A seeded sample; all of them in the deep suite. */
function sample(count: number): readonly Mutation[] {
  if (DEEP) return all;
  const random = seededRandom('real sample');
  return Array.from({ length: count }, () => all[random(all.length)]).filter((one) => one !== undefined);
}

describe('changes to a real bundle', () => {
  it('are found by keyrite verify, every one', { timeout: 1_200_000 }, async () => {
    expect(all.length).toBeGreaterThan(500);
    const passed: string[] = [];
    for (const { name, files } of sample(250)) {
      const { verdict } = await verifyBundle(readerOf(files));
      if (verdict !== 'refused' && verdict !== 'incomplete') passed.push(name);
    }
    expect(passed).toEqual([]);
  });

  it('are found by verify.sh with the same verdict', { timeout: 1_200_000 }, async () => {
    const wrong: string[] = [];
    for (const [index, { name, files }] of sample(30).entries()) {
      if (DEEP && index % 4 !== 0) continue;
      const place = scratch();
      await writeFiles(place.folder, files);
      const { status, stdout } = spawnSync('sh', [SCRIPT, place.folder], { timeout: 60_000 });
      const said = /^verdict: ([a-z]+)/m.exec(stdout.toString())?.[1];
      const { verdict } = await verifyBundle(readerOf(files));
      if (status !== 1 || said !== verdict) wrong.push(`${name}: verify.sh ${String(said)}, keyrite verify ${verdict}`);
      place.leave();
    }
    expect(wrong).toEqual([]);
  });
});
