/** Which handler carries out which action. */
import type { Step } from '../plan/schema';
import type { Ceremony } from './ceremony';
import { makeCheckpoint } from './checkpoint';
import { pauseStep } from './pause';
import { addAdministrators, removeAdministrators, setThresholds } from './steps/administrators';
import { adoptKeys } from './steps/adopt-keys';
import { adoptMasterKey } from './steps/adopt-master-key';
import { adoptUnits } from './steps/adopt-units';
import { custody } from './steps/custody';
import { destroyShares } from './steps/destroy-shares';
import { drillShares } from './steps/drill-shares';
import { enrol } from './steps/enrol';
import { exportBundle } from './steps/export';
import type { StepResult } from './steps/handler';
import { imprint } from './steps/imprint';
import { initialise } from './steps/initialise';
import { destroyKeys, generateKey, unwrapKeys, wrapKeys } from './steps/keys';
import { loadMasterKey } from './steps/load';
import { distributeShares, generateMasterKey } from './steps/master-key';
import { packageKey } from './steps/package';
import { changePins, unlockPins } from './steps/pins';
import { preflight } from './steps/preflight';
import { activateMasterKey, clearMasterKey, commitMasterKey, verifyMasterKey } from './steps/registers';
import { reshareShares } from './steps/reshare-shares';
import { rollCall } from './steps/roll-call';
import { rotateStore } from './steps/rotate';
import { recordAnswer, statement } from './steps/statements';
import { compare, inventory } from './steps/survey';
import { transferShares } from './steps/transfer-shares';
import { vendorProcedure } from './steps/vendor-procedure';
import { zeroiseUnits } from './steps/zeroise';

/** Carries out one step of the plan. */
export async function carryOut(ceremony: Ceremony, step: Step): Promise<StepResult> {
  switch (step.action) {
    case 'preflight':
      return preflight(ceremony, step);
    case 'roll-call':
      return rollCall(ceremony, step);
    case 'enrol':
      return enrol(ceremony, step);
    case 'unit.initialise':
      return initialise(ceremony, step);
    case 'unit.imprint':
      return imprint(ceremony, step);
    case 'unit.administrators.add':
      return addAdministrators(ceremony, step);
    case 'unit.administrators.remove':
      return removeAdministrators(ceremony, step);
    case 'unit.thresholds':
      return setThresholds(ceremony, step);
    case 'unit.adopt':
      return adoptUnits(ceremony, step);
    case 'unit.zeroise':
      return zeroiseUnits(ceremony, step);
    case 'unit.pin.change':
      return changePins(ceremony, step);
    case 'unit.pin.unlock':
      return unlockPins(ceremony, step);
    case 'unit.inventory':
      return inventory(ceremony, step);
    case 'unit.compare':
      return compare(ceremony, step);
    case 'master-key.generate':
      return generateMasterKey(ceremony, step);
    case 'shares.distribute':
      return distributeShares(ceremony, step);
    case 'shares.drill':
      return drillShares(ceremony, step);
    case 'shares.transfer':
      return transferShares(ceremony, step);
    case 'shares.reshare':
      return reshareShares(ceremony, step);
    case 'shares.destroy':
      return destroyShares(ceremony, step);
    case 'master-key.load':
      return loadMasterKey(ceremony, step);
    case 'master-key.verify':
      return verifyMasterKey(ceremony, step);
    case 'master-key.commit':
      return commitMasterKey(ceremony, step);
    case 'master-key.activate':
      return activateMasterKey(ceremony, step);
    case 'master-key.clear':
      return clearMasterKey(ceremony, step);
    case 'master-key.adopt':
      return adoptMasterKey(ceremony, step);
    case 'key.adopt':
      return adoptKeys(ceremony, step);
    case 'vendor.procedure':
      return vendorProcedure(ceremony, step);
    case 'master-key.rotate':
      return rotateStore(ceremony, step);
    case 'key.generate':
      return generateKey(ceremony, step);
    case 'key.wrap':
      return wrapKeys(ceremony, step);
    case 'key.unwrap':
      return unwrapKeys(ceremony, step);
    case 'key.destroy':
      return destroyKeys(ceremony, step);
    case 'key.package':
      return packageKey(ceremony, step);
    case 'fact':
      return recordAnswer(ceremony, step);
    case 'custody':
      return custody(ceremony, step);
    case 'statement':
      return statement(ceremony, step);
    case 'checkpoint':
      await makeCheckpoint(ceremony, step.id, step.signers);
      return { result: { checkpoint: ceremony.record.checkpoints.length } };
    case 'pause':
      return pauseStep(ceremony, step);
    case 'export':
      return exportBundle(ceremony, step);
  }
}
