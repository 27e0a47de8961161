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
    case 'master-key.clear':
      return `The new register of ${names(plan, step.units)} is emptied: what was loaded there has to be loaded again.`;
    case 'shares.distribute':
      return 'A component is shown once. If the record ends before all are read back, the set is void and its worksheets are destroyed.';
    case 'master-key.commit':
      return `The commit binds the new master key of ${names(plan, step.units)} to its pattern; only the activation follows.`;
    case 'master-key.activate':
      return `The new master key becomes the current one of ${names(plan, step.units)}.`;
    case 'key.package':
      return `The root key ${step.key.name} is made, wrapped and destroyed in one act: the package is the only copy.`;
    default:
      return '';
  }
}

function names(plan: Plan, units: readonly string[]): string {
  return units.map((id) => plan.units.find((unit) => unit.id === id)?.name ?? id).join(' and ');
}
