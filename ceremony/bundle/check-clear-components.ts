/** Regime pci-pin: no step of such a plan has clear components or shares on the workstation, whatever its checker said. */
import { clearComponentsIn, presetOf } from '../plan/regimes';
import type { Plan } from '../plan/schema';
import type { Findings } from './findings';

/** Adds a finding for each step that has clear components on the workstation where the plan's regime forbids them. */
export function checkClearComponents(name: string, plan: Plan, findings: Findings): void {
  if (presetOf(plan)?.noClearComponents !== 'pci-clear-components') return;
  for (const step of plan.steps) {
    const does = clearComponentsIn(step, plan.masterKey);
    // SECURITY(K-361): steps of the record are those of the plan, so that no line can tell of one that is not in it.
    if (does !== null) findings.add(name, null, `step ${step.id} ${does}, under regime ${plan.regime}`);
  }
}
