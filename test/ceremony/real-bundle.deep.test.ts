/**
 * The bundle that a rehearsal leaves today, corrupted: both verifiers find each change. The mutation suite
 * (`test/bundle/mutations.test.ts`) does the same, and more of it, to the bundle of a released version, which stays the same.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles, sameFiles, type Files } from '../bundle/mutation/bundle-files';
import type { JsonObject } from '../../ceremony/canonical-json';
import type { Corruption } from '../bundle/mutation/corruption';
import type { LooseLine } from '../bundle/mutation/forgery';
import { signedAgain } from '../bundle/mutation/insider';
import { judgeByPython } from '../bundle/mutation/third-verifier';
import { evenly, mutations, subjectOf } from '../bundle/mutations';
import { keyrite, scratch } from './program';

/** How many corruptions go to verifyBundle, and how many of these to verify.sh. */
const SAMPLES = process.env['KEYRITE_DEEP'] === '1' ? { ts: 300, sh: 15 } : { ts: 60, sh: 8 };

const room = scratch();
let original: Files = new Map();
let sample: readonly Corruption[] = [];

beforeAll(async () => {
  const out = join(room.folder, 'bundle');
  const ended = await keyrite(['rehearse', '--out', out]);
  expect(ended.code, ended.stderr).toBe(0);
  original = await readFiles(out);
  sample = evenly([...mutations(subjectOf(original), 'real')], SAMPLES.ts, 'real sample');
});
afterAll(room.leave);

describe('changes to a bundle of today', () => {
  it('are to one that holds, and that still does when a forger changes nothing', { timeout: 240_000 }, async () => {
    for (const files of [original, signedAgain(original)]) {
      expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
      expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
    }
  });

  // verify.sh once looked at forms only where a plan had kept shares.
  it(
    'are refused by all where a share is told to be on a medium that nobody planned',
    { timeout: 240_000 },
    async () => {
      const handedOut = (line: LooseLine): boolean =>
        line.type === 'step.outcome' && (line.body['result'] as JsonObject | null)?.['readBack'] === true;
      const custody = { form: 'pdf', medium: 'stick' };
      const files = signedAgain(original, {
        lines: (all) => {
          const at = all.findIndex(handedOut);
          expect(at).toBeGreaterThan(0);
          return all.map((line, place) =>
            place === at
              ? { ...line, body: { ...line.body, result: { ...(line.body['result'] as JsonObject), custody } } }
              : line,
          );
        },
      });
      expect(await judge(files)).toMatchObject({ verdict: 'refused' });
      expect(await judgeByScript(files)).toMatchObject({ verdict: 'refused' });
      expect(await judgeByPython(files)).toBe('refused');
    },
  );

  it('are found by both verifiers, with the same verdict', { timeout: 1_200_000 }, async () => {
    const forScript = new Set(evenly(sample, SAMPLES.sh, 'real script sample'));
    const wrong: string[] = [];
    for (const corruption of sample) {
      const files = corruption.make();
      if (sameFiles(files, original)) continue;
      const { verdict, said } = await judge(files, corruption.outside);
      const script = forScript.has(corruption) ? await judgeByScript(files, corruption.outside) : null;
      const accepted = verdict !== 'refused' && verdict !== 'incomplete';
      if (accepted || (script !== null && script.verdict !== verdict))
        wrong.push(`${corruption.name}: ${verdict} ${said}; ${script?.verdict ?? ''} ${script?.said ?? ''}`);
    }
    expect(wrong).toEqual([]);
  });
});
