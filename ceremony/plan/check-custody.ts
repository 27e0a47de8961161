/** The custody ledger in a plan: each object is opened, closed and destroyed only as it can be by then, and by two sides. */
import { STATE_WORDS, putsSeal, stateAfter, type CustodyState } from '../custody/ledger';
import { KEEPERS, OBSERVERS } from '../custody/signers';
import type { Findings } from './finding';
import type { Plan, Role, StepOf } from './schema';

/** What is so of each object of the ledger when the plan begins. */
export function custodyBeginning(plan: Plan): ReadonlyMap<string, CustodyState> {
  const objects = plan.materials.filter(({ ledger }) => ledger !== undefined);
  return new Map(objects.map(({ id, ledger }) => [id, ledger === 'kept' ? 'sealed' : 'absent']));
}

/** Adds a finding for what is wrong with the materials of the ledger, whatever the steps do. */
export function checkLedgerMaterials(plan: Plan, findings: Findings): void {
  for (const { id, ledger, at } of plan.materials) {
    if ((ledger === 'kept') === (at !== undefined)) continue;
    findings.error(
      null,
      'custody-object',
      at === undefined
        ? `The material ${id} is taken from the custody ledger, and the plan does not say where it is kept.`
        : `The material ${id} has a place in the custody ledger, and is not \`ledger: kept\`.`,
      at === undefined ? `Add \`at\` to ${id}.` : `Set \`ledger: kept\` for ${id}, or take \`at\` out.`,
    );
  }
}

/** Adds a finding for each object that the step cannot do that with. Returns what is so of the objects afterwards. */
export function custodyAfter(
  plan: Plan,
  objects: ReadonlyMap<string, CustodyState>,
  step: StepOf<'custody'>,
  findings: Findings,
): ReadonlyMap<string, CustodyState> {
  checkPlace(step, findings);
  checkSides(plan, step, findings);
  const next = new Map(objects);
  for (const id of new Set(step.objects)) {
    const state = objects.get(id);
    if (state === undefined) {
      if (!plan.materials.some((one) => one.id === id)) continue;
      findings.error(
        step.id,
        'custody-object',
        `The material ${id} is not one of the custody ledger.`,
        `Add \`ledger: new\` to ${id}, or \`ledger: kept\` and \`at\` if it is in custody already.`,
      );
      continue;
    }
    const after = stateAfter(state, step.act);
    if (after === null) {
      findings.error(
        step.id,
        'custody-order',
        `${id} ${STATE_WORDS[state]} by then, and cannot be ${ACT_WORDS[step.act]}.`,
        REMEDIES[state],
      );
    }
    next.set(id, after ?? (step.act === 'destroyed' ? 'destroyed' : putsSeal(step.act) ? 'sealed' : 'open'));
  }
  return next;
}

/** Adds a finding for what the steps leave open, or never take in. */
export function checkCustodyEnd(objects: ReadonlyMap<string, CustodyState>, findings: Findings): void {
  for (const [id, state] of objects) {
    if (state === 'open') {
      findings.warn(
        null,
        'custody-left-open',
        `${id} is opened, and neither put under seal again nor destroyed: nothing says afterwards where it is.`,
        `Add a step \`custody\` with \`act: closed\` or \`act: destroyed\` for ${id}.`,
      );
    }
    if (state === 'absent') {
      findings.warn(
        null,
        'custody-unused',
        `${id} is new to the custody ledger, and no step takes it in.`,
        `Add a step \`custody\` with \`act: in\` or \`act: closed\` for ${id}, or take \`ledger\` out.`,
      );
    }
  }
}

function checkPlace(step: StepOf<'custody'>, findings: Findings): void {
  if (putsSeal(step.act) === (step.place !== undefined)) return;
  findings.error(
    step.id,
    'custody-place',
    step.place === undefined
      ? 'The step does not say where the objects are kept afterwards.'
      : 'The step names a place, and puts nothing under seal.',
    step.place === undefined ? 'Add `place`.' : 'Take `place` out.',
  );
}

/** The people of `by` who are in the room are of both sides. */
function checkSides(plan: Plan, step: StepOf<'custody'>, findings: Findings): void {
  const roles = plan.positions.filter(({ id, attends }) => attends && step.by.includes(id)).map(({ role }) => role);
  const lacks = (side: readonly Role[]): boolean => !roles.some((role) => side.includes(role));
  for (const [side, what] of [
    [KEEPERS, 'keeps the objects (crypto administrator, security officer or custodian)'],
    [OBSERVERS, 'watches (witness or auditor)'],
  ] as const) {
    if (!lacks(side)) continue;
    findings.error(
      step.id,
      'custody-two-people',
      `Two people sign for each object, and \`by\` names nobody who ${what}.`,
      'Name a position of each side in `by`.',
    );
  }
}

const ACT_WORDS = { in: 'taken in', opened: 'opened', closed: 'put under seal', destroyed: 'destroyed' } as const;

const REMEDIES: Readonly<Record<CustodyState, string>> = {
  absent:
    'Take it in first, with `act: in` or `act: closed`; or say `ledger: kept` and `at` if it is in custody already.',
  sealed: 'Open it first, with `act: opened`; or take the step out.',
  open: 'Put it under seal first, with `act: closed`; or take the step out.',
  destroyed: 'Take the step out, or name another object.',
};
