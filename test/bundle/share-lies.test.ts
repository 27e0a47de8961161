/** Shares that live on, in bundles: a truthful one that all three verifiers accept, and every lie about it, which none does. */
import { beforeAll, expect, it } from 'vitest';
import { judge, judgeByScript, severalAtOnce } from './mutation/both-verifiers';
import type { Files } from './mutation/bundle-files';
import { signedAgain } from './mutation/insider';
import { shareLies } from './mutation/share-lies';
import { judgeByPython } from './mutation/third-verifier';
import { Told } from './mutation/told';
import { softwareBundle } from './mutation/truthful';

let files: Files;
beforeAll(async () => {
  files = await softwareBundle({ shares: true });
});

it('the truth is accepted by all three, signed again too', { timeout: 180_000 }, async () => {
  const again = signedAgain(files);
  for (const one of [files, again]) {
    expect(await judge(one)).toMatchObject({ verdict: 'consistent', said: '' });
    expect(await judgeByPython(one)).toBe('consistent');
  }
  expect(await judgeByScript(again)).toMatchObject({ verdict: 'consistent' });
});

/** One in so many goes to each verifier, of those that go to `keyrite verify`; KEYRITE_DEEP=1 has more judged. */
const IN = process.env['KEYRITE_DEEP'] === '1' ? { ts: 2, sh: 12, python: 6 } : { ts: 5, sh: 30, python: 15 };

it(
  'every lie is refused by every verifier that is given it',
  { timeout: process.env['KEYRITE_DEEP'] === '1' ? 3_600_000 : 180_000 },
  async () => {
    const all = [...shareLies(new Told(files))];
    expect(all.length).toBeGreaterThan(400);
    const lies = all.filter((_, place) => place % IN.ts === 0);
    const judged = await severalAtOnce([...lies.entries()], 2, async ([place, lie]) => {
      const made = lie.make();
      const ts = await judge(made);
      const sh = place % IN.sh === 3 % IN.sh ? [(await judgeByScript(made)).verdict] : [];
      const python = place % IN.python === 0 ? [await judgeByPython(made)] : [];
      return { name: lie.name, verdicts: [ts.verdict, ...sh, ...python] };
    });
    const accepted = judged.filter(({ verdicts }) => verdicts.some((verdict) => verdict !== 'refused'));
    expect(accepted.map(({ name, verdicts }) => `${name}: ${verdicts.join(', ')}`)).toEqual([]);
  },
);
