/** Whether a plan can be carried out, and whether a binding fits it. What each rule demands: `RULES` in finding.ts. */
import { checkNames } from './check-names';
import { checkOrder } from './check-order';
import { checkPeople } from './check-people';
import { checkRegime } from './check-regime';
import { checkShareForms } from './check-share-forms';
import { Findings, type Finding } from './finding';
import type { Plan } from './schema';

export { checkBinding } from './check-binding';
export type { Finding } from './finding';

/**
 * Checks a plan against a model of its units, people and objects. A plan with a finding of severity `error` cannot be
 * carried out. Never throws for a plan that `readPlan` gave.
 */
export function checkPlan(plan: Plan): Finding[] {
  const findings = new Findings();
  checkNames(plan, findings);
  checkPeople(plan, findings);
  checkRegime(plan, findings);
  checkShareForms(plan, findings);
  checkOrder(plan, findings);
  return findings.list;
}

/** A finding as people read it, in one line: severity, place, what is wrong, what would make it possible, and the rule. */
export function findingText(finding: Finding): string {
  const place = finding.step === null ? '' : `step ${finding.step}: `;
  return `${finding.severity}: ${place}${finding.message} ${finding.remedy} [${finding.rule}]`;
}
