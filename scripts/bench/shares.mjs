/**
 * Threshold shares of ours against the npm packages `slip39` and `shamir-secret-sharing`, on the same secrets in turns in one
 * run; and what the arithmetic takes for shares of zeros, of ones and random ones, which must be the same.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from '../build.mjs';

/** How far the time of any secret may be from that of a random one: what a quiet machine shows, doubled. */
const GOAL_SAME = 1.1;

/**
 * @typedef {{ own: number, slip39: number, shamir: number, arithmetic: number }} Times µs
 * @typedef {{ sizes: { length: number, split: Times, combine: Times }[],
 *   arithmetic: Record<'zeros' | 'ones' | 'allBits' | 'random', number> }} Result
 */

/** @param {{ root: string }} here */
export async function bench({ root }) {
  const output = 'build/bench/bench-shares.cjs';
  await build(root, () => undefined, [
    {
      entry: 'test/shares/bench-main.ts',
      output,
      runsIn: 'node',
      command: false,
      external: ['slip39', 'shamir-secret-sharing'],
      constants: {},
    },
  ]);
  const printed = execFileSync(process.execPath, [join(root, output)], { encoding: 'utf8' });
  return tell(/** @type {Result} */ (JSON.parse(printed)));
}

/** @param {Result} result */
function tell({ sizes, arithmetic }) {
  const { random, ...others } = arithmetic;
  return [
    ...sizes.flatMap(({ length, split, combine }) =>
      Object.entries({ split, combine }).flatMap(([what, { own, slip39, shamir, arithmetic: bare }]) => {
        const of = `${what}, ${String(length)} bytes, 3 of 5`;
        return [
          { name: of, value: own, unit: 'µs' },
          { name: `${of}, against slip39`, value: own / slip39, unit: 'times' },
          { name: `${of}, against shamir-secret-sharing`, value: own / shamir, unit: 'times' },
          { name: `${of}, arithmetic alone against the same`, value: bare / shamir, unit: 'times' },
        ];
      }),
    ),
    { name: 'GF(256), random shares', value: random, unit: 'µs' },
    ...Object.entries(others).map(([name, value]) => ({
      name: `GF(256), ${name} against random`,
      value: Math.max(value / random, random / value),
      unit: 'times',
      goal: GOAL_SAME,
    })),
  ];
}
