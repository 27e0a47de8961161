/**
 * Tests that are there only where a condition holds, such as in the deep run. Where it does not, they are not listed at all:
 * a test that is skipped counts as failed.
 */
import { describe, it } from 'vitest';

const nothing = (): undefined => undefined;

/** `it`, or nothing. */
export function itWhere(holds: boolean): typeof it {
  return holds ? it : (nothing as unknown as typeof it);
}

/** `describe`, or nothing. */
export function describeWhere(holds: boolean): typeof describe {
  return holds ? describe : (nothing as unknown as typeof describe);
}
