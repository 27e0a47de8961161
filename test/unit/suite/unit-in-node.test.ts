/** The one suite for every module, with the worker as a child of Node: the same is done, or is refused as documented. */
import { describe } from 'vitest';
import { describeOrSay } from './describe-or-say';
import { describeUnit } from './describe-unit';
import { MODULES } from './modules';
import { nodeWorkplace } from './workplace';

describe.each(MODULES)('$name in Node', (module) => {
  describeOrSay(module, () => {
    describeUnit(module, nodeWorkplace);
  });
});
