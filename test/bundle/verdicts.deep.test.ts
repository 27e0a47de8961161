/** Truthful bundles in all four verdicts: both verifiers come to the same one. KEYRITE_FULL=1 has all of them go to verify.sh. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { judge, judgeByScript, severalAtOnce } from './mutation/both-verifiers';
import { pick, readFiles, seededRandom } from './mutation/bundle-files';
import { softwareBundle, truthful, type Truthful } from './mutation/truthful';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const FULL = process.env['KEYRITE_FULL'] === '1';
const RELEASED = fileURLToPath(new URL('../fixtures/bundles/0.1.0/bundle', import.meta.url));
const VERDICTS = ['refused', 'incomplete', 'consistent', 'verified'] as const;

it('all four verdicts are given, by both verifiers alike', { timeout: DEEP ? 1_200_000 : 120_000 }, async () => {
  const made = [...truthful(await readFiles(RELEASED), await softwareBundle())];
  expect(made.length).toBeGreaterThanOrEqual(60);
  const ofEach = (from: readonly Truthful[], count: number): readonly Truthful[] => {
    const random = seededRandom('truthful');
    return [...VERDICTS, null].flatMap((verdict) =>
      pick(
        from.filter((one) => one.verdict === verdict),
        count,
        random,
      ),
    );
  };
  const all = DEEP ? made : ofEach(made, 8);
  const forScript = new Set(FULL ? all : ofEach(all, DEEP ? 14 : 2));
  const outcomes = await severalAtOnce(all, 2, async (one) => {
    const files = await one.make();
    const ts = await judge(files, one.outside);
    const sh = forScript.has(one) ? await judgeByScript(files, one.outside) : null;
    return { one, ts, sh };
  });
  const count = (verdict: string): string => {
    const mine = outcomes.filter(({ ts }) => ts.verdict === verdict);
    return `${verdict}: ${String(mine.length)}, ${String(mine.filter(({ sh }) => sh?.verdict === verdict).length)} by verify.sh`;
  };
  console.log(`truthful bundles\n${VERDICTS.map(count).join('\n')}\n`);
  const wrong = outcomes.filter(
    ({ one, ts, sh }) =>
      ts.verdict !== (one.verdict ?? ts.verdict) || ts.verdict === 'none' || (sh !== null && sh.verdict !== ts.verdict),
  );
  expect(
    wrong.map(
      ({ one, ts, sh }) =>
        `${one.name}: ${String(one.verdict)}; ${ts.verdict} ${ts.said}; ${sh?.verdict ?? ''} ${sh?.said ?? ''}`,
    ),
  ).toEqual([]);
  for (const verdict of VERDICTS)
    expect(outcomes.filter(({ sh }) => sh?.verdict === verdict).length, verdict).toBeGreaterThan(0);
});
