/**
 * Long suites: `npm test` takes a part of their tests, spread over each of their groups, `npm run test:deep` half of them, and
 * KEYRITE_FULL=1 all. What is not taken is not listed at all: a test that is skipped counts as failed. KEYRITE_SEED gives another part.
 */
import { it } from 'vitest';
import { getCurrentSuite } from 'vitest/suite';

const ALL = process.env['KEYRITE_FULL'] === '1';
const DEEP = process.env['KEYRITE_DEEP'] === '1';
const SEED = Number(process.env['KEYRITE_SEED'] ?? '0');

/** Tests met so far, by the group they are in. */
const met = new WeakMap<object, number>();

/** @returns `it` that takes one of `rate` tests in `npm test`: the first of each group, and others evenly */
export function sampled(rate: number): typeof it {
  if (ALL) return it;
  const every = DEEP ? 2 : rate;
  const isTaken = (): boolean => {
    const group = getCurrentSuite();
    const place = met.get(group) ?? 0;
    met.set(group, place + 1);
    // A group of which nothing is left would count as failed.
    return place === 0 || (place + SEED) % every === 0;
  };
  const one = (...given: Parameters<typeof it>): void => {
    if (isTaken()) it(...given);
  };
  const each = (cases: readonly unknown[]): unknown => it.each(cases.filter(isTaken));
  return Object.assign(one, { each }) as unknown as typeof it;
}
