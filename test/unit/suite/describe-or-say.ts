/** Runs a suite on a module, or says aloud that it was not run: a run with a test that is skipped is not a good one. */
import { describe, it } from 'vitest';
import { whyNot, type ModuleUnderTest } from './modules';

/** @param suite describes the tests */
export function describeOrSay(module: ModuleUnderTest, suite: () => void): void {
  const why = whyNot(module);
  if (why === null) {
    describe(module.name, suite);
    return;
  }
  console.warn(`\n*** ${why} ***\n`);
  describe(module.name, () => {
    it('is run', ({ skip }) => {
      skip(why);
    });
  });
}
