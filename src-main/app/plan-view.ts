/** A plan as the review shows it: what it says, what the checker finds, and what people do in each step. */
import { checkPlan } from '../../ceremony/plan/check';
import { instructions } from '../../ceremony/plan/instructions';
import { readPlan, type PlanDocument } from '../../ceremony/plan/read';
import type { Plan } from '../../ceremony/plan/schema';
import { words } from '../../ceremony/words';
import type { FindingView, PlanView } from '../../ipc/view';
import { readText } from '../../workstation/input';

/** A plan that was opened: its file, the very text that was read, and what stands in it. */
export interface OpenPlan {
  readonly file: string;
  readonly text: string;
  readonly document: PlanDocument;
}

/**
 * Reads a plan.
 *
 * @throws UsageError for a file that cannot be read, PlanError for one that is no plan
 */
export function openPlan(file: string): OpenPlan {
  const text = readText(file, 'plan');
  return { file, text, document: readPlan(text) };
}

/** The plan for the main window. */
export function planView({ file, document }: OpenPlan): PlanView {
  const { plan, sha256 } = document;
  const findings = checkPlan(plan);
  return {
    file,
    id: plan.id,
    title: plan.title,
    purpose: plan.purpose,
    site: plan.site.name,
    controls: plan.site.controls,
    sha256,
    words: words(Buffer.from(sha256, 'hex')),
    findings,
    good: isGood(findings),
    positions: plan.positions.map(({ id, role, count, alternates, attends }) => ({
      id,
      role,
      count,
      alternates,
      attends,
    })),
    duties: plan.separationOfDuties.map(({ apart, why }) => `${apart.join(', ')}: ${why}`),
    approval: plan.approval,
    quorum: plan.signOff.quorum,
    units: plan.units.map(({ id, name, label, begins }) => ({ id, name, label, begins, ends: endOf(plan, id) })),
    pins: plan.pins.map(({ id, for: whose, units, madeBy, heldBy, parts, sealing }) => ({
      id,
      for: whose,
      units,
      madeBy,
      heldBy,
      parts,
      sealing,
    })),
    steps: plan.steps.map((step) => ({
      id: step.id,
      title: step.title,
      action: step.action,
      phase: phaseOf(plan, step.phase),
      minutes: step.minutes ?? null,
      instructions: instructions(plan, step),
    })),
    signOff: plan.signOff.wording,
  };
}

/** Title of a phase; null for a step that is in none. */
export function phaseOf(plan: Plan, phase: string | undefined): string | null {
  return plan.phases.find(({ id }) => id === phase)?.title ?? null;
}

/** Whether nothing found is an error. */
export function isGood(findings: readonly Pick<FindingView, 'severity'>[]): boolean {
  return findings.every(({ severity }) => severity !== 'error');
}

function endOf(plan: Plan, unit: string): string {
  const end = plan.endState.find((one) => one.unit === unit);
  return end === undefined ? 'not declared' : `${end.mode}, master key ${end.masterKey}`;
}
