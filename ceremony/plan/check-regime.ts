/**
 * What the regime of a plan asks (regimes.ts) against what the plan says. Every message names the regime and the source
 * of the rule. A plan without a regime has no finding here.
 */
import { counted, type Findings } from './finding';
import { sharedKeyOf } from './master-key-scheme';
import { cited, clearComponentsIn, presetOf, type Preset } from './regimes';
import type { Binding } from './binding-schema';
import type { Plan, Role } from './schema';

/** Adds a finding for everything that the plan's regime asks and the plan does not have. */
export function checkRegime(plan: Plan, findings: Findings): void {
  const preset = presetOf(plan);
  if (preset === null) return;
  checkClearComponents(plan, preset, findings);
  checkThresholds(plan, preset, findings);
  checkPins(plan, preset, findings);
  checkApart(plan, preset, findings);
  checkWatching(plan, preset, findings);
  checkQuorum(plan, preset, findings);
  if (preset.retention !== null && plan.retention === undefined) {
    findings.error(
      null,
      'regime-retention',
      `The plan does not say how long the record is kept, and by whom ${cited(plan, preset.retention)}.`,
      'Write it into `retention`.',
    );
  }
}

/** Adds a finding for every unit of which a production's binding does not say that it was seen in its approved mode. */
export function checkRegimeBinding(plan: Plan, binding: Binding, findings: Findings): void {
  const source = presetOf(plan)?.approvedMode ?? null;
  if (source === null || binding.mode !== 'production') return;
  for (const { id, fips } of binding.units) {
    if (fips?.mode === 'approved') continue;
    const how = fips === undefined ? 'is not said to have been seen' : 'was not';
    findings.error(
      null,
      'regime-approved-mode',
      `Unit ${id} ${how} in its approved mode ${cited(plan, source)}.`,
      `Look at the device, set it to its approved mode, and write into \`fips\` of unit ${id} who saw it.`,
    );
  }
}

// SECURITY(K-360): before anything begins; the engine and every verifier refuse such a plan, too.
function checkClearComponents(plan: Plan, { noClearComponents: source }: Preset, findings: Findings): void {
  if (source === null) return;
  for (const step of plan.steps) {
    const does = clearComponentsIn(step, plan.masterKey);
    if (does === null) continue;
    findings.error(
      step.id,
      'clear-components-forbidden',
      `The step ${does}; no clear component is made, shown, printed, typed or combined there ${cited(plan, source)}.`,
      "Use `vendor.procedure`: the vendor's tool makes or enters components at the HSM itself, and Keyrite records it; or `masterKey` with `scheme: in-unit`.",
    );
  }
}

function checkThresholds(plan: Plan, { thresholds: { least, source } }: Preset, findings: Findings): void {
  const demand = (step: string | null, what: string, has: number, name: string): void => {
    if (has >= least) return;
    findings.error(
      step,
      'regime-threshold',
      `${what} is ${String(has)}, and ${String(least)} is the least ${cited(plan, source)}.`,
      `Set \`${name}\` to ${String(least)} or more.`,
    );
  };
  for (const step of plan.steps) {
    if (step.action !== 'unit.imprint' && step.action !== 'unit.thresholds') continue;
    demand(step.id, 'The signature threshold', step.signatureThreshold, 'signatureThreshold');
    demand(step.id, 'The revocation threshold', step.revocationThreshold, 'revocationThreshold');
  }
  const shared = sharedKeyOf(plan);
  if (shared !== null) demand(null, 'The number of shares that give the master key', shared.needed, 'threshold');
}

function checkPins(plan: Plan, { pinParts: { least, source } }: Preset, findings: Findings): void {
  for (const { id, parts } of plan.pins) {
    if (parts >= least) continue;
    findings.error(
      null,
      'regime-dual-control',
      `PIN ${id} has ${counted(parts, 'part')}, so that one person alone can act on the token ${cited(plan, source)}.`,
      `Set \`parts: ${String(least)}\`, held by that many people.`,
    );
  }
}

function checkApart(plan: Plan, { apart: { least, source } }: Preset, findings: Findings): void {
  const roles = new Set<Role>(plan.positions.map(({ role }) => role));
  for (const pair of least) {
    if (!pair.every((role) => roles.has(role))) continue;
    if (plan.separationOfDuties.some(({ apart }) => pair.every((role) => apart.includes(role)))) continue;
    findings.error(
      null,
      'regime-duties',
      `Nothing keeps the duties of ${pair[0]} and ${pair[1]} apart ${cited(plan, source)}.`,
      `Add to \`separationOfDuties\` an entry with \`apart: [${pair.join(', ')}]\`.`,
    );
  }
}

function isWatching(role: Role): boolean {
  return role === 'witness' || role === 'auditor';
}

function checkWatching(plan: Plan, { watching: { least, source } }: Preset, findings: Findings): void {
  const called = new Set(plan.steps.flatMap((step) => (step.action === 'roll-call' ? step.positions : [])));
  const there = plan.positions.filter(({ id, role, attends }) => isWatching(role) && attends && called.has(id));
  const people = there.reduce((sum, { count }) => sum + count, 0);
  if (people >= least) return;
  findings.error(
    null,
    'regime-witness',
    `${counted(people, 'witness or auditor', 'witnesses and auditors')} is in the room, and ${String(least)} is the least ${cited(plan, source)}.`,
    'Add a position with role witness or auditor, and call it in the first `roll-call`.',
  );
}

function checkQuorum(plan: Plan, { quorum: { least, source } }: Preset, findings: Findings): void {
  const counts = (fits: (role: Role) => boolean): number =>
    plan.signOff.quorum.filter(({ role }) => fits(role)).reduce((sum, { count }) => sum + count, 0);
  const demand = (has: number, needed: number, who: string, role: string): void => {
    if (has >= needed) return;
    findings.error(
      null,
      'regime-quorum',
      `${String(has)} × ${who} must sign the last checkpoint, and ${String(needed)} is the least ${cited(plan, source)}.`,
      `Add to \`signOff.quorum\`: \`role: ${role}, count: ${String(needed)}\`.`,
    );
  };
  demand(
    counts((role) => role === 'crypto-administrator'),
    least.operators,
    'crypto-administrator',
    'crypto-administrator',
  );
  demand(counts(isWatching), least.watching, 'witness or auditor', 'witness');
}
