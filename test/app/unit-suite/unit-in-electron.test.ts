/**
 * The one suite for every module, with the worker as a utility process of Electron, whose crypto library is another than
 * Node's: `npm test` runs it on SoftHSM2, the deep run on all of them.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { TrialStage } from '../processes/trial-app';
import { describeOrSay } from '../../unit/suite/describe-or-say';
import { describeUnit } from '../../unit/suite/describe-unit';
import { electronWorkplace } from './electron-workplace';
import { MODULES } from '../../unit/suite/modules';

const chosen = process.env['KEYRITE_DEEP'] === '1' ? MODULES : MODULES.slice(0, 1);
let stage: TrialStage;

beforeAll(async () => {
  stage = await TrialStage.make('test-unit-suite');
});
afterAll(() => stage.close());

describe.each(chosen)('$name in Electron', (module) => {
  describeOrSay(module, () => {
    describeUnit(module, (room, make) => electronWorkplace(stage, room, make));
  });
});
