/** One way to break the example plan for each rule of the plan checker. */
import type { Action, Plan, StepOf } from '../../ceremony/plan/schema';
import type { Rule } from '../../ceremony/plan/finding';

/** A change to a fresh copy of the first ceremony's plan (or of the rotation's), and the rule it must break. */
export interface PlanCase {
  readonly rule: Rule;
  readonly of?: 'rotate';
  readonly change: (plan: Plan) => void;
}

/** The step of an id, as one of an action. */
export function stepOf<A extends Action>(plan: Plan, id: string, action: A): StepOf<A> {
  const found = plan.steps.find((step) => step.id === id && step.action === action);
  if (found === undefined) throw new Error(`the plan has no ${action} step ${id}`);
  return found as StepOf<A>;
}

function remove(plan: Plan, ...ids: string[]): void {
  plan.steps = plan.steps.filter((step) => !ids.includes(step.id));
}

/** Puts a step right before another one, in its phase. */
function move(plan: Plan, id: string, before: string): void {
  const step = plan.steps.find((one) => one.id === id);
  const target = plan.steps.find((one) => one.id === before);
  if (step === undefined || target === undefined) throw new Error(`no ${id} or ${before}`);
  plan.steps = plan.steps.filter((one) => one !== step);
  if (target.phase !== undefined) step.phase = target.phase;
  plan.steps.splice(plan.steps.indexOf(target), 0, step);
}

/** Repeats a step right after itself under another id. */
function repeat(plan: Plan, id: string): void {
  const at = plan.steps.findIndex((one) => one.id === id);
  const step = plan.steps[at];
  if (step === undefined) throw new Error(`no ${id}`);
  plan.steps.splice(at + 1, 0, { ...step, id: `${id}-again` });
}

function position(plan: Plan, id: string): Plan['positions'][number] {
  const found = plan.positions.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no position ${id}`);
  return found;
}

const CLEAR = { id: 'clear', action: 'master-key.clear' };
const addition = (administrators: string) => ({ id: 'add', action: 'unit.administrators.add', administrators });
const removal = (administrators: string) => ({ id: 'remove', action: 'unit.administrators.remove', administrators });

/** A step without what all of them have; the rest is as its action asks. */
type Inserted = { readonly id: string; readonly action: string } & Readonly<Record<string, unknown>>;

/** Puts a step on both units right after another one, in its phase. */
function insertOnUnits(plan: Plan, after: string, step: Inserted): void {
  const at = plan.steps.findIndex(({ id }) => id === after);
  const before = plan.steps[at];
  if (before === undefined) throw new Error(`no ${after}`);
  const phase = before.phase === undefined ? {} : { phase: before.phase };
  const made = { title: step.id, ...phase, units: ['unit-a', 'unit-b'], ...step };
  plan.steps.splice(at + 1, 0, made as unknown as Plan['steps'][number]);
}

/** Declares a position of more crypto administrators, and calls it with the others. */
function successors(plan: Plan, count: number, alternates: number): void {
  plan.positions.push({
    ...position(plan, 'administrators'),
    id: 'successors',
    count,
    alternates,
    pinnedKeys: [],
  });
  for (const step of plan.steps) if (step.action === 'roll-call') step.positions.push('successors');
}

function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new Error('the list is empty');
  return one;
}

/** A case for every rule of the plan checker; some rules have more than one. */
export const PLAN_CASES: readonly PlanCase[] = [
  { rule: 'id-twice', change: (plan) => plan.units.push({ ...first(plan.units), label: 'another' }) },
  { rule: 'named-twice', change: (plan) => stepOf(plan, 'initialise', 'unit.initialise').units.push('unit-a') },
  { rule: 'named-twice', change: (plan) => (position(plan, 'witness').pinnedKeys = ['a'.repeat(64), 'a'.repeat(64)]) },
  { rule: 'unknown-position', change: (plan) => (plan.approval.position = 'board') },
  { rule: 'unknown-position', change: (plan) => (stepOf(plan, 'purpose', 'statement').by = ['wittness']) },
  { rule: 'unknown-unit', change: (plan) => (stepOf(plan, 'package', 'key.package').unit = 'unit-c') },
  { rule: 'unknown-phase', change: (plan) => (stepOf(plan, 'seals', 'fact').phase = 'ending') },
  {
    rule: 'unknown-material',
    change: (plan) => (stepOf(plan, 'initialise', 'unit.initialise').materials = ['envelopes']),
  },
  { rule: 'unknown-material', change: (plan) => (stepOf(plan, 'export', 'export').media = ['worksheets']) },
  { rule: 'phase-broken', change: (plan) => (stepOf(plan, 'inventory', 'unit.inventory').phase = 'units') },
  { rule: 'phase-unused', change: (plan) => plan.phases.push({ id: 'lunch', title: 'Lunch', holdLogin: false }) },
  { rule: 'material-unused', change: (plan) => plan.materials.push({ id: 'pen', kind: 'other', name: 'A pen' }) },
  {
    rule: 'unit-unused',
    change: (plan) => {
      plan.units.push({ id: 'unit-c', name: 'Spare', label: 'spare', begins: 'blank' });
      first(plan.pins.filter((pin) => pin.for === 'user')).units.push('unit-c');
      plan.endState.push({ unit: 'unit-c', mode: 'blank', masterKey: 'none' });
    },
  },
  {
    rule: 'pin-unused',
    of: 'rotate',
    change: (plan) => plan.pins.push({ ...first(plan.pins), id: 'so-pin', for: 'security-officer' }),
  },
  { rule: 'label-twice', change: (plan) => plan.units.forEach((unit) => (unit.label = 'payments')) },
  { rule: 'continues-itself', change: (plan) => (plan.continues = plan.id) },
  { rule: 'no-beginning', of: 'rotate', change: (plan) => delete plan.continues },
  { rule: 'wrong-role', change: (plan) => (plan.approval.position = 'custodians') },
  { rule: 'wrong-role', change: (plan) => (stepOf(plan, 'imprint', 'unit.imprint').administrators = 'custodians') },
  {
    rule: 'position-does-not-attend',
    change: (plan) => stepOf(plan, 'roll-call', 'roll-call').positions.push('approvers'),
  },
  { rule: 'position-does-not-attend', change: (plan) => (first(plan.pins).heldBy = 'approvers') },
  {
    rule: 'position-never-called',
    change: (plan) =>
      plan.positions.push({ id: 'guests', role: 'witness', count: 1, alternates: 0, attends: true, pinnedKeys: [] }),
  },
  { rule: 'position-not-present', change: (plan) => move(plan, 'roll-call', 'units-checkpoint') },
  { rule: 'role-twice', change: (plan) => plan.signOff.quorum.push({ role: 'witness', count: 1 }) },
  {
    rule: 'role-twice',
    change: (plan) => stepOf(plan, 'checkpoint', 'checkpoint').signers.push({ role: 'witness', count: 1 }),
  },
  { rule: 'role-twice', change: (plan) => first(plan.separationOfDuties).apart.push('custodian') },
  { rule: 'too-few-people', change: (plan) => (stepOf(plan, 'imprint', 'unit.imprint').signatureThreshold = 3) },
  { rule: 'too-few-people', change: (plan) => (position(plan, 'custodians').count = 2) },
  { rule: 'too-few-people', change: (plan) => (first(plan.signOff.quorum).count = 2) },
  { rule: 'too-few-people', change: (plan) => (first(plan.pins).heldBy = 'witness') },
  { rule: 'too-many-people', change: (plan) => (position(plan, 'custodians').count = 4) },
  { rule: 'too-many-people', change: (plan) => (position(plan, 'administrators').alternates = 7) },
  { rule: 'threshold-low', change: (plan) => (stepOf(plan, 'imprint', 'unit.imprint').revocationThreshold = 1) },
  { rule: 'apart-role-missing', change: (plan) => first(plan.separationOfDuties).apart.push('security-officer') },
  { rule: 'pinned-keys-too-few', change: (plan) => (position(plan, 'custodians').pinnedKeys = ['a'.repeat(64)]) },
  { rule: 'no-operator', change: (plan) => (position(plan, 'administrators').role = 'security-officer') },
  {
    rule: 'nobody-for-exceptions',
    change: (plan) => {
      position(plan, 'witness').role = 'custodian';
      position(plan, 'auditor').role = 'custodian';
    },
  },
  { rule: 'pin-missing', change: (plan) => (plan.pins = plan.pins.filter((pin) => pin.for === 'user')) },
  { rule: 'pin-twice', change: (plan) => plan.pins.push({ ...first(plan.pins), id: 'so-pin-b', units: ['unit-b'] }) },
  { rule: 'pin-one-person', change: (plan) => (first(plan.pins).parts = 1) },
  { rule: 'clear-components-forbidden', change: (plan) => (plan.regime = 'pci-pin') },
  {
    rule: 'action-not-available',
    change: (plan) =>
      plan.steps.splice(2, 0, { id: 'drill', title: 'Drill', action: 'shares.drill', phase: 'opening' }),
  },
  { rule: 'pause-while-shares-live', change: (plan) => pauseAfter(plan, 'generate') },
  { rule: 'no-preflight-after-pause', change: (plan) => pauseAfter(plan, 'compare') },
  { rule: 'too-few-vouchers', change: (plan) => enrolAfter(plan, 'roll-call', ['witness']) },
  { rule: 'no-seat-to-enrol', change: (plan) => enrolAfter(plan, 'roll-call', ['administrators']) },
  { rule: 'preflight-not-first', change: (plan) => remove(plan, 'preflight') },
  { rule: 'export-not-last', change: (plan) => remove(plan, 'export') },
  { rule: 'export-not-last', change: (plan) => move(plan, 'export', 'checkpoint') },
  { rule: 'unit-not-blank', change: (plan) => repeat(plan, 'initialise') },
  { rule: 'unit-blank', change: (plan) => move(plan, 'compare', 'initialise') },
  { rule: 'unit-not-imprint', change: (plan) => remove(plan, 'initialise') },
  { rule: 'unit-not-imprint', change: (plan) => repeat(plan, 'imprint') },
  {
    rule: 'unit-zeroised',
    change: (plan) => insertOnUnits(plan, 'imprint', { id: 'zeroise', action: 'unit.zeroise' }),
  },
  { rule: 'unit-not-imprinted', change: (plan) => remove(plan, 'imprint') },
  { rule: 'compare-one-unit', change: (plan) => (stepOf(plan, 'compare', 'unit.compare').units = ['unit-a']) },
  { rule: 'units-differ', change: (plan) => (stepOf(plan, 'imprint', 'unit.imprint').units = ['unit-a']) },
  { rule: 'no-master-key', change: (plan) => delete plan.masterKey },
  {
    rule: 'master-key-unused',
    of: 'rotate',
    change: (plan) =>
      (plan.masterKey = { id: 'mk', scheme: 'components', shares: 2, custodians: 'administrators', form: 'worksheet' }),
  },
  { rule: 'set-generated-twice', change: (plan) => repeat(plan, 'generate') },
  { rule: 'set-not-generated', change: (plan) => remove(plan, 'generate') },
  { rule: 'shares-distributed-twice', change: (plan) => repeat(plan, 'distribute') },
  { rule: 'shares-not-distributed', change: (plan) => remove(plan, 'distribute') },
  { rule: 'new-register-full', change: (plan) => repeat(plan, 'load') },
  { rule: 'register-empty', change: (plan) => remove(plan, 'load') },
  { rule: 'register-empty', change: (plan) => repeat(plan, 'commit') },
  {
    rule: 'register-unknown',
    of: 'rotate',
    change: (plan) =>
      plan.steps.splice(3, 0, {
        id: 'verify',
        title: 'Verify',
        action: 'master-key.verify',
        phase: 'root-key',
        units: ['unit-a'],
        register: 'current',
      }),
  },
  { rule: 'not-verified', change: (plan) => remove(plan, 'verify-new') },
  { rule: 'not-verified', change: (plan) => (stepOf(plan, 'verify-new', 'master-key.verify').units = ['unit-a']) },
  { rule: 'not-committed', change: (plan) => remove(plan, 'commit') },
  {
    rule: 'register-empty',
    change: (plan) => insertOnUnits(plan, 'activate', { id: 'clear', action: 'master-key.clear' }),
  },
  { rule: 'register-unknown', of: 'rotate', change: (plan) => insertOnUnits(plan, 'package', CLEAR) },
  { rule: 'unit-not-imprinted', change: (plan) => insertOnUnits(plan, 'initialise', addition('administrators')) },
  {
    rule: 'administrators-twice',
    change: (plan) => insertOnUnits(plan, 'units-checkpoint', addition('administrators')),
  },
  { rule: 'wrong-role', change: (plan) => insertOnUnits(plan, 'units-checkpoint', addition('witness')) },
  {
    rule: 'too-many-people',
    change: (plan) => {
      successors(plan, 6, 1);
      insertOnUnits(plan, 'units-checkpoint', addition('successors'));
    },
  },
  {
    rule: 'position-not-present',
    change: (plan) => {
      successors(plan, 2, 0);
      plan.steps.forEach((step) => {
        if (step.action === 'roll-call') step.positions = step.positions.filter((one) => one !== 'successors');
      });
      insertOnUnits(plan, 'units-checkpoint', addition('successors'));
    },
  },
  {
    rule: 'no-such-administrators',
    change: (plan) => {
      successors(plan, 2, 0);
      insertOnUnits(plan, 'units-checkpoint', removal('successors'));
    },
  },
  {
    rule: 'too-few-administrators',
    change: (plan) => insertOnUnits(plan, 'units-checkpoint', removal('administrators')),
  },
  {
    rule: 'too-few-administrators',
    change: (plan) =>
      insertOnUnits(plan, 'units-checkpoint', {
        id: 'thresholds',
        action: 'unit.thresholds',
        signatureThreshold: 3,
        revocationThreshold: 2,
      }),
  },
  {
    rule: 'current-register-taken',
    change: (plan) => {
      const steps = plan.steps.filter((step) => ['load', 'verify-new', 'commit', 'activate'].includes(step.id));
      plan.steps.splice(
        plan.steps.findIndex((step) => step.id === 'verify-current'),
        0,
        ...steps.map((step) => ({ ...step, id: `${step.id}-again` })),
      );
    },
  },
  { rule: 'parameters-used-twice', change: (plan) => repeat(plan, 'package') },
  { rule: 'key-twice', change: (plan) => repeat(plan, 'package') },
  {
    rule: 'one-collector',
    change: (plan) =>
      (stepOf(plan, 'package', 'key.package').authenticate = { by: 'two-collectors', second: 'key-protect' }),
  },
  {
    rule: 'read-back-alone',
    change: (plan) =>
      (stepOf(plan, 'package', 'key.package').authenticate = { by: 'read-back', positions: ['witness'] }),
  },
  { rule: 'custody-object', change: (plan) => (material(plan).ledger = 'kept') },
  { rule: 'custody-object', change: (plan) => (material(plan).at = 'The safe') },
  { rule: 'custody-object', change: (plan) => custodyBefore(plan, 'seals', { act: 'opened' }) },
  {
    rule: 'custody-order',
    change: (plan) => {
      material(plan).ledger = 'new';
      custodyBefore(plan, 'seals', { act: 'opened' });
    },
  },
  {
    rule: 'custody-order',
    change: (plan) => {
      Object.assign(material(plan), { ledger: 'kept', at: 'The safe' });
      custodyBefore(plan, 'seals', { act: 'closed', place: 'The safe' });
      custodyBefore(plan, 'seals', { act: 'destroyed' });
      custodyBefore(plan, 'seals', { act: 'in', place: 'The safe' });
    },
  },
  {
    rule: 'custody-place',
    change: (plan) => {
      material(plan).ledger = 'new';
      custodyBefore(plan, 'seals', { act: 'in' });
    },
  },
  {
    rule: 'custody-place',
    change: (plan) => {
      Object.assign(material(plan), { ledger: 'kept', at: 'The safe' });
      custodyBefore(plan, 'seals', { act: 'destroyed', place: 'The safe' });
    },
  },
  {
    rule: 'custody-two-people',
    change: (plan) => {
      material(plan).ledger = 'new';
      custodyBefore(plan, 'seals', { act: 'in', place: 'The safe', by: ['custodians', 'administrators'] });
    },
  },
  {
    rule: 'custody-two-people',
    change: (plan) => {
      material(plan).ledger = 'new';
      custodyBefore(plan, 'seals', { act: 'in', place: 'The safe', by: ['witness'] });
    },
  },
  {
    rule: 'custody-left-open',
    change: (plan) => {
      Object.assign(material(plan), { ledger: 'kept', at: 'The safe' });
      custodyBefore(plan, 'seals', { act: 'opened' });
    },
  },
  { rule: 'custody-unused', change: (plan) => (material(plan).ledger = 'new') },
  {
    rule: 'no-beginning',
    change: (plan) => {
      Object.assign(material(plan), { ledger: 'kept', at: 'The safe' });
    },
  },
  { rule: 'end-state-missing', change: (plan) => plan.endState.pop() },
  { rule: 'end-state-differs', change: (plan) => remove(plan, 'activate', 'verify-current') },
];

/** Puts a pause after a step, without what must come after it. */
function pauseAfter(plan: Plan, step: string): void {
  const place = plan.steps.findIndex(({ id }) => id === step) + 1;
  plan.steps.splice(place, 0, {
    id: 'lunch',
    title: 'Lunch',
    action: 'pause',
    reason: 'Lunch.',
    by: ['witness'],
    seals: ['pin-envelopes'],
    signers: [{ role: 'witness', count: 1 }],
    ...(plan.steps[place - 1]?.phase === undefined ? {} : { phase: plan.steps[place - 1]?.phase }),
  });
}

function material(plan: Plan): Plan['materials'][number] {
  const found = plan.materials.find(({ id }) => id === 'pin-envelopes');
  if (found === undefined) throw new Error('the plan has no pin-envelopes');
  return found;
}

/** Puts a custody step for the PIN envelopes before a step. */
function custodyBefore(
  plan: Plan,
  step: string,
  rest: { act: 'in' | 'opened' | 'closed' | 'destroyed'; place?: string; by?: string[] },
): void {
  const place = plan.steps.findIndex(({ id }) => id === step);
  plan.steps.splice(place, 0, {
    id: `envelopes-${rest.act}`,
    title: 'Envelopes',
    action: 'custody',
    objects: ['pin-envelopes'],
    by: ['administrators', 'witness'],
    ...(plan.steps[place]?.phase === undefined ? {} : { phase: plan.steps[place].phase }),
    ...rest,
  });
}

function enrolAfter(plan: Plan, step: string, vouchers: string[]): void {
  const place = plan.steps.findIndex(({ id }) => id === step) + 1;
  plan.steps.splice(place, 0, {
    id: 'guest',
    title: 'A guest',
    action: 'enrol',
    position: 'witness',
    vouchers,
    identification: 'A passport.',
    phase: 'opening',
  });
}
