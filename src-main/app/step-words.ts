/** What of a step cannot be undone, in words. */
import type { Plan, Step } from '../../ceremony/plan/schema';

/** Words for the present step; empty when everything in it can be taken back. */
export function irreversible(plan: Plan, step: Step): string {
  switch (step.action) {
    case 'unit.initialise':
      return `Whatever is on the tokens of ${names(plan, step.units)} is erased, and cannot be brought back.`;
    case 'unit.imprint':
      return `From then on ${names(plan, step.units)} take commands only with the signatures of the administrators.`;
    case 'unit.administrators.remove':
      return `The people of ${step.administrators} are administrators of ${names(plan, step.units)} no longer; only a new signed command could bring them back.`;
    case 'unit.zeroise':
      return `Every key on the tokens of ${names(plan, step.units)} is destroyed, and cannot be brought back.`;
    case 'unit.adopt':
      return `An identity key and a state are made on the tokens of ${names(plan, step.units)}, beside what others left there, which stays.`;
    case 'master-key.adopt':
      return `The key “${step.object.label}” on ${names(plan, step.units)} loses its label${step.harden === true ? ', and usages that a master key must not have,' : ''} and becomes the current master key.`;
    case 'vendor.procedure':
      return `What is done with ${step.tool} on ${names(plan, step.units)} is done by people, and Keyrite cannot take it back.`;
    case 'unit.pin.change':
    case 'unit.pin.unlock':
      return `The old PIN opens ${names(plan, step.units)} no longer. A new one that is lost cannot be had again.`;
    case 'master-key.clear':
      return `The new register of ${names(plan, step.units)} is emptied: what was loaded there has to be loaded again.`;
    case 'shares.distribute':
      return 'A component is shown once. If the record ends before all are read back, the set is void and its worksheets are destroyed.';
    case 'shares.transfer':
      return 'What a successor has seen cannot be taken back: both have the share until a new set takes its place.';
    case 'shares.reshare':
      return 'A new share is shown once. If the record ends before all are read back, the new set is void, its worksheets are destroyed, and the old set counts as before.';
    case 'shares.destroy':
      return `Shares of ${step.set} that are destroyed are gone for good. Those that are not given back still count.`;
    case 'master-key.commit':
      return `The commit binds the new master key of ${names(plan, step.units)} to its pattern; only the activation follows.`;
    case 'master-key.activate':
      return `The new master key becomes the current one of ${names(plan, step.units)}. A current one that it replaces is destroyed, and whatever was not wrapped anew is lost with it.`;
    case 'master-key.rotate':
      return `Until the activation the rotation can be stopped and taken up again; the current master key serves all the while.`;
    case 'key.wrap':
      return `Once wrapped, ${step.keys.join(', ')} never leave ${names(plan, [step.unit])} again: the files in the store are the only copies.`;
    case 'key.destroy':
      return `${step.keys.join(', ')} on ${names(plan, [step.unit])} are destroyed; only wrapped copies in a key store could bring them back.`;
    case 'key.package':
      return `The root key ${step.key.name} is made, wrapped and destroyed in one act: the package is the only copy.`;
    default:
      return '';
  }
}

function names(plan: Plan, units: readonly string[]): string {
  return units.map((id) => plan.units.find((unit) => unit.id === id)?.name ?? id).join(' and ');
}
