/** People of a plan: enough of them for every duty, duties apart, PINs in hands that the plan declares. */
import { MAX_ADMINISTRATORS } from '../command/unit-state';
import { counted, repeated, type Findings } from './finding';
import { sharedKeyOf, type SharedKey } from './master-key-scheme';
import { checkCopies } from './check-copies';
import type { Plan, Position, Role, RoleCount, Step, StepOf } from './schema';

/** Adds a finding for every duty that the declared people cannot fulfil. */
export function checkPeople(plan: Plan, findings: Findings): void {
  checkPositions(plan, findings);
  checkSeparation(plan, findings);
  checkApproval(plan, findings);
  checkQuorums(plan, findings);
  checkMasterKey(plan, findings);
  for (const step of plan.steps) {
    if (step.action === 'unit.imprint') checkImprint(plan, step, findings);
    if (step.action === 'unit.thresholds') checkThresholds(step, findings);
    if (step.action === 'unit.administrators.add') {
      const position = find(plan, step.administrators);
      if (position !== undefined) demandRole(position, 'crypto-administrator', 'administer a unit', step.id, findings);
    }
  }
  checkPins(plan, findings);
}

function checkPositions(plan: Plan, findings: Findings): void {
  const called = new Set(plan.steps.flatMap((step) => (step.action === 'roll-call' ? step.positions : [])));
  for (const position of plan.positions) {
    const { id, pinnedKeys } = position;
    if (position.attends && !called.has(id)) {
      findings.warn(
        null,
        'position-never-called',
        `Position ${id} attends, but no roll-call names it: its people can do and sign nothing.`,
        `Name ${id} in a \`roll-call\`, or set \`attends: false\`.`,
      );
    }
    for (const key of repeated(pinnedKeys)) {
      findings.error(
        null,
        'named-twice',
        `Position ${id} pins the key ${key} twice.`,
        'Pin it once: one key counts once.',
      );
    }
    if (pinnedKeys.length > 0 && new Set(pinnedKeys).size < position.count) {
      findings.error(
        null,
        'pinned-keys-too-few',
        `Position ${id} has ${counted(position.count, 'person', 'people')} and ${counted(new Set(pinnedKeys).size, 'pinned key')}.`,
        'Pin a key for every person, or none.',
      );
    }
  }
  const attending = (role: Role): boolean => plan.positions.some((one) => one.role === role && one.attends);
  if (!attending('crypto-administrator')) {
    findings.error(
      null,
      'no-operator',
      'No crypto administrator attends; they are the operators of a ceremony.',
      'Add a position with role crypto-administrator.',
    );
  }
  if (!attending('witness') && !attending('auditor')) {
    findings.warn(
      null,
      'nobody-for-exceptions',
      'Neither a witness nor an auditor attends: nobody can sign an exception, so any departure from the plan ends the ceremony.',
      'Add a position with role witness or auditor.',
    );
  }
}

function checkSeparation(plan: Plan, findings: Findings): void {
  const roles = new Set(plan.positions.map((one) => one.role));
  for (const { apart } of plan.separationOfDuties) {
    for (const role of repeated(apart)) {
      findings.error(null, 'role-twice', `A rule of separation names the role ${role} twice.`, 'Name each role once.');
    }
    for (const role of new Set(apart.filter((one) => !roles.has(one)))) {
      findings.warn(
        null,
        'apart-role-missing',
        `A rule of separation names the role ${role}, which no position has.`,
        'Take the role out of the rule, or add its position.',
      );
    }
  }
}

function checkApproval(plan: Plan, findings: Findings): void {
  const position = find(plan, plan.approval.position);
  if (position === undefined) return;
  demandRole(position, 'approver', 'approve the plan', null, findings);
  demandPeople(position, plan.approval.count, 'approve the plan', null, findings);
}

function checkQuorums(plan: Plan, findings: Findings): void {
  const quorums: { step: string | null; signers: readonly RoleCount[]; what: string }[] = [
    { step: null, signers: plan.signOff.quorum, what: 'The final quorum' },
  ];
  for (const step of plan.steps) {
    if (step.action === 'checkpoint' || step.action === 'pause')
      quorums.push({ step: step.id, signers: step.signers, what: 'The checkpoint' });
  }
  for (const { step, signers, what } of quorums) {
    for (const role of repeated(signers.map((one) => one.role))) {
      findings.error(
        step,
        'role-twice',
        `${what} names the role ${role} twice.`,
        'Name each role once, with the whole count.',
      );
    }
  }
}

function checkMasterKey(plan: Plan, findings: Findings): void {
  const { masterKey } = plan;
  if (masterKey === undefined) return;
  if (!plan.steps.some(({ action }) => action === 'master-key.generate' || action === 'shares.reshare')) {
    findings.warn(
      null,
      'master-key-unused',
      `The plan declares the master key ${masterKey.id} and no step generates it.`,
      'Take `masterKey` out, or add `master-key.generate`.',
    );
  }
  const shared = sharedKeyOf(plan);
  if (shared === null) return;
  checkThreshold(shared, findings);
  checkCopies(plan, shared, findings);
  const custodians = find(plan, shared.custodians);
  if (custodians === undefined) return;
  demandRole(custodians, 'custodian', 'hold the shares', null, findings);
  demandPeople(custodians, shared.shares, 'hold one share each', null, findings);
  if (custodians.count > shared.shares) {
    findings.error(
      null,
      'too-many-people',
      `Position ${custodians.id} has ${String(custodians.count)} people for ${String(shared.shares)} shares; some would hold none.`,
      `Set the count of ${custodians.id} to ${String(shared.shares)}, or make more shares.`,
    );
  }
}

/** No more shares can be needed than there are. */
function checkThreshold({ shares, needed }: SharedKey, findings: Findings): void {
  if (needed <= shares) return;
  findings.error(
    null,
    'share-threshold',
    `${String(needed)} shares are needed, and there are ${String(shares)}.`,
    `Set \`threshold\` to ${String(shares)} at most, or make more shares.`,
  );
}

function checkImprint(plan: Plan, step: StepOf<'unit.imprint'>, findings: Findings): void {
  const position = find(plan, step.administrators);
  if (position !== undefined) {
    demandRole(position, 'crypto-administrator', 'administer a unit', step.id, findings);
    const highest = Math.max(step.signatureThreshold, step.revocationThreshold);
    demandPeople(position, highest, 'reach a threshold', step.id, findings);
    if (position.count + position.alternates > MAX_ADMINISTRATORS) {
      findings.error(
        step.id,
        'too-many-people',
        `A unit has at most ${String(MAX_ADMINISTRATORS)} administrators, and position ${position.id} may have ${String(position.count + position.alternates)}.`,
        `Lower the count or the alternates of ${position.id}.`,
      );
    }
  }
  checkThresholds(step, findings);
}

function checkThresholds(step: StepOf<'unit.imprint'> | StepOf<'unit.thresholds'>, findings: Findings): void {
  for (const name of ['signatureThreshold', 'revocationThreshold'] as const) {
    if (step[name] >= 2) continue;
    findings.warn(
      step.id,
      'threshold-low',
      `\`${name}\` is 1: one person alone can command the units.`,
      'In production every threshold is at least 2; leave it only for training.',
    );
  }
}

function checkPins(plan: Plan, findings: Findings): void {
  // Steps in which the security officer's PIN is made or given.
  const officers = new Set(plan.steps.flatMap((step) => (needsOfficer(step) ? step.units : [])));
  for (const { id: unit } of plan.units) {
    for (const kind of ['security-officer', 'user'] as const) {
      const pins = plan.pins.filter((pin) => pin.for === kind && pin.units.includes(unit));
      const needed = kind === 'user' || officers.has(unit);
      if (pins.length === 0 && needed) {
        findings.error(
          null,
          'pin-missing',
          `No ${kind} PIN is declared for unit ${unit}.`,
          `Declare in \`pins\` who makes, holds and seals the ${kind} PIN of ${unit}.`,
        );
      }
      if (pins.length > 1) {
        findings.error(
          null,
          'pin-twice',
          `Unit ${unit} has ${String(pins.length)} ${kind} PINs: ${pins.map((pin) => pin.id).join(', ')}.`,
          'A token has one PIN of each kind; declare one.',
        );
      }
      if (pins.length > 0 && !needed) {
        findings.warn(
          null,
          'pin-unused',
          `The ${kind} PIN of unit ${unit} is declared, and no step needs it.`,
          `Take ${unit} out of PIN ${pins[0]?.id ?? ''}.`,
        );
      }
    }
  }
  for (const pin of plan.pins) {
    for (const [duty, id] of [
      ['make', pin.madeBy],
      ['enter', pin.heldBy],
    ] as const) {
      const position = find(plan, id);
      if (position === undefined) continue;
      demandPeople(position, pin.parts, `${duty} PIN ${pin.id}`, null, findings);
      if (position.attends) continue;
      findings.error(
        null,
        'position-does-not-attend',
        `Position ${id} must ${duty} PIN ${pin.id}, and its people are not in the room.`,
        `Set \`attends: true\` for ${id}, or name another position.`,
      );
    }
    if (pin.parts === 1) {
      findings.warn(
        null,
        'pin-one-person',
        `PIN ${pin.id} has one part: one person can act on the token without Keyrite. The report will say so.`,
        'Set `parts: 2`, so that two people each hold a part.',
      );
    }
  }
}

type OfficerStep = StepOf<'unit.initialise'> | StepOf<'unit.pin.unlock'> | StepOf<'unit.pin.change'>;

function needsOfficer(step: Step): step is OfficerStep {
  if (step.action === 'unit.pin.change') return step.for === 'security-officer';
  return step.action === 'unit.initialise' || step.action === 'unit.pin.unlock';
}

function demandRole(position: Position, role: Role, duty: string, step: string | null, findings: Findings): void {
  if (position.role === role) return;
  findings.error(
    step,
    'wrong-role',
    `Position ${position.id} must ${duty}, and its role is ${position.role}.`,
    `Name a position whose role is ${role}.`,
  );
}

function demandPeople(position: Position, needed: number, duty: string, step: string | null, findings: Findings): void {
  if (position.count >= needed) return;
  findings.error(
    step,
    'too-few-people',
    `${counted(needed, 'person', 'people')} must ${duty}, and position ${position.id} has ${String(position.count)}.`,
    `Raise the count of ${position.id}, or ask for fewer.`,
  );
}

function find(plan: Plan, id: string): Position | undefined {
  return plan.positions.find((one) => one.id === id);
}
