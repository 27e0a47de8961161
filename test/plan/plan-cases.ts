/** One way to break the example plan for each rule of the plan checker. */
import type { Action, Plan, ShareForm, StepOf } from '../../ceremony/plan/schema';
import type { Rule } from '../../ceremony/plan/finding';

/** A change to a fresh copy of the first ceremony's plan (or of another example's), and the rule it must break. */
export interface PlanCase {
  readonly rule: Rule;
  readonly of?: 'rotate' | 'adoption' | 'reshare';
  readonly change: (plan: Plan) => void;
}

/** The step of an id, as one of an action. */
export function stepOf<A extends Action>(plan: Plan, id: string, action: A): StepOf<A> {
  const found = plan.steps.find((step) => step.id === id && step.action === action);
  if (found === undefined) throw new Error(`the plan has no ${action} step ${id}`);
  return found as StepOf<A>;
}

const procedure = (plan: Plan, id: string): StepOf<'vendor.procedure'> => stepOf(plan, id, 'vendor.procedure');

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

function masterKeyOf(plan: Plan): NonNullable<Plan['masterKey']> {
  if (plan.masterKey === undefined) throw new Error('the plan has a master key');
  return plan.masterKey;
}

function kept(plan: Plan): NonNullable<Plan['keptShares']>[number] {
  const [found] = plan.keptShares ?? [];
  if (found === undefined) throw new Error('the plan has kept shares');
  return found;
}

function position(plan: Plan, id: string): Plan['positions'][number] {
  const found = plan.positions.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no position ${id}`);
  return found;
}

const CLEAR = { id: 'clear', action: 'master-key.clear' };
const addition = (administrators: string) => ({ id: 'add', action: 'unit.administrators.add', administrators });
const removal = (administrators: string) => ({ id: 'remove', action: 'unit.administrators.remove', administrators });

/** The plan goes on to another master key, with a key in a store. */
function rotated(plan: Plan): void {
  plan.keyStores = [{ id: 'backup', name: 'Backup' }];
  const again = plan.steps.filter((step) => ['load', 'verify-new', 'commit', 'activate'].includes(step.id));
  const at = plan.steps.findIndex((step) => step.id === 'verify-current');
  const unit = { phase: 'master-key', unit: 'unit-a' };
  const inserted: Plan['steps'] = [
    {
      id: 'make',
      title: 'make',
      action: 'key.generate',
      ...unit,
      key: { name: 'k1', algorithm: 'aes-256', use: 'encrypt' },
    },
    { id: 'wrap', title: 'wrap', action: 'key.wrap', ...unit, keys: ['k1'], store: 'backup' },
    ...again.slice(0, -1).map((step) => ({ ...step, id: `${step.id}-again` })),
    { id: 'rotate', title: 'rotate', action: 'master-key.rotate', ...unit, store: 'backup' },
    ...again.slice(-1).map((step) => ({ ...step, id: `${step.id}-again` })),
  ];
  plan.steps.splice(at, 0, ...inserted);
}

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
  {
    rule: 'pin-missing',
    of: 'rotate',
    change: (plan) => insertOnUnits(plan, 'compare', { id: 'unlock', action: 'unit.pin.unlock', units: ['unit-a'] }),
  },
  {
    rule: 'unit-blank',
    change: (plan) => insertOnUnits(plan, 'roll-call', { id: 'pins', action: 'unit.pin.change', for: 'user' }),
  },
  { rule: 'pin-twice', change: (plan) => plan.pins.push({ ...first(plan.pins), id: 'so-pin-b', units: ['unit-b'] }) },
  { rule: 'pin-one-person', change: (plan) => (first(plan.pins).parts = 1) },
  { rule: 'clear-components-forbidden', change: (plan) => (plan.regime = 'pci-pin') },
  { rule: 'id-twice', of: 'reshare', change: (plan) => (masterKeyOf(plan).id = 'archive-master-key') },
  { rule: 'share-threshold', of: 'reshare', change: (plan) => (kept(plan).threshold = 6) },
  { rule: 'share-threshold', of: 'reshare', change: (plan) => (kept(plan).scheme = 'components') },
  {
    rule: 'regime-threshold',
    change: (plan) => {
      plan.regime = 'fips-140-3';
      stepOf(plan, 'imprint', 'unit.imprint').revocationThreshold = 1;
    },
  },
  {
    rule: 'regime-dual-control',
    change: (plan) => {
      plan.regime = 'webtrust';
      first(plan.pins).parts = 1;
    },
  },
  {
    rule: 'regime-duties',
    change: (plan) => {
      plan.regime = 'webtrust';
      plan.separationOfDuties = [];
    },
  },
  {
    rule: 'regime-witness',
    change: (plan) => {
      plan.regime = 'pci-pin';
      stepOf(plan, 'roll-call', 'roll-call').positions = ['administrators', 'custodians'];
    },
  },
  {
    rule: 'regime-quorum',
    change: (plan) => {
      plan.regime = 'fips-140-3';
      plan.signOff.quorum = [{ role: 'crypto-administrator', count: 1 }];
    },
  },
  { rule: 'regime-retention', change: (plan) => (plan.regime = 'webtrust') },
  {
    rule: 'unknown-shares',
    of: 'reshare',
    change: (plan) => (stepOf(plan, 'destroy', 'shares.destroy').set = 'other'),
  },
  {
    rule: 'kept-shares-unused',
    of: 'reshare',
    change: (plan) => (plan.keptShares = [kept(plan), { ...kept(plan), id: 'other' }]),
  },
  { rule: 'share-not-held', of: 'reshare', change: (plan) => (kept(plan).custodians = ['custodians']) },
  {
    rule: 'share-witness',
    of: 'reshare',
    change: (plan) => (stepOf(plan, 'transfer', 'shares.transfer').by = ['leaving']),
  },
  { rule: 'shares-replaced', of: 'reshare', change: (plan) => (kept(plan).is = 'replaced') },
  {
    rule: 'set-generated-twice',
    of: 'reshare',
    change: (plan) => {
      repeat(plan, 'reshare');
    },
  },
  { rule: 'no-master-key', of: 'reshare', change: (plan) => delete plan.masterKey },
  {
    rule: 'shares-still-needed',
    of: 'reshare',
    change: (plan) => {
      remove(plan, 'reshare');
    },
  },
  {
    rule: 'old-shares-left',
    of: 'reshare',
    change: (plan) => {
      remove(plan, 'destroy');
    },
  },
  { rule: 'clear-components-forbidden', of: 'reshare', change: (plan) => (plan.regime = 'pci-pin') },
  {
    rule: 'too-few-people',
    of: 'reshare',
    change: (plan) => (stepOf(plan, 'transfer', 'shares.transfer').to = 'new-custodians'),
  },
  { rule: 'wrong-role', of: 'reshare', change: (plan) => (stepOf(plan, 'transfer', 'shares.transfer').to = 'witness') },
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
  { rule: 'unit-not-foreign', of: 'adoption', change: (plan) => repeat(plan, 'adopt') },
  { rule: 'unit-not-foreign', of: 'adoption', change: (plan) => remove(plan, 'make-partition') },
  { rule: 'unit-foreign', of: 'adoption', change: (plan) => remove(plan, 'adopt') },
  { rule: 'unit-absent', of: 'adoption', change: (plan) => move(plan, 'inventory', 'make-partition') },
  {
    rule: 'after-not-declared',
    of: 'adoption',
    change: (plan) => (procedure(plan, 'audit-log').after = [{ unit: 'unit-c', is: 'blank' }]),
  },
  {
    rule: 'after-impossible',
    of: 'adoption',
    change: (plan) =>
      (procedure(plan, 'audit-log').after = [
        { unit: 'unit-a', is: 'blank' },
        { unit: 'unit-b', is: 'foreign' },
      ]),
  },
  {
    rule: 'after-impossible',
    of: 'adoption',
    change: (plan) =>
      (procedure(plan, 'make-partition').after = [{ unit: 'unit-b', is: 'as-before', objects: 'unchanged' }]),
  },
  {
    rule: 'procedure-two-people',
    of: 'adoption',
    change: (plan) => (procedure(plan, 'audit-log').by = ['administrators']),
  },
  { rule: 'current-register-taken', of: 'adoption', change: (plan) => repeat(plan, 'adopt-master-key') },
  { rule: 'key-twice', of: 'adoption', change: (plan) => repeat(plan, 'adopt-keys') },
  { rule: 'unit-not-imprinted', change: (plan) => remove(plan, 'imprint') },
  { rule: 'compare-one-unit', change: (plan) => (stepOf(plan, 'compare', 'unit.compare').units = ['unit-a']) },
  { rule: 'units-differ', change: (plan) => (stepOf(plan, 'imprint', 'unit.imprint').units = ['unit-a']) },
  {
    rule: 'share-form-twice',
    change: (plan) =>
      giveForms(plan, { share: 1, form: 'own-token' }, { share: 1, form: 'printed', printer: 'pin-envelopes' }),
  },
  {
    rule: 'share-form-copied',
    change: (plan) => {
      giveForms(plan, { share: 1, form: 'own-token' });
      Object.assign(masterKeyOf(plan), { copies: [{ position: 'auditor', of: [1] }] });
    },
  },
  { rule: 'share-form-unknown', change: (plan) => giveForms(plan, { share: 9, form: 'own-token' }) },
  {
    rule: 'share-medium-shared',
    change: (plan) => giveForms(plan, { share: 1, form: 'pdf', medium: 'evidence-usb' }),
  },
  { rule: 'no-master-key', change: (plan) => delete plan.masterKey },
  {
    rule: 'master-key-unused',
    of: 'rotate',
    change: (plan) =>
      (plan.masterKey = { id: 'mk', scheme: 'components', shares: 2, custodians: 'administrators', form: 'worksheet' }),
  },
  {
    rule: 'share-threshold',
    change: (plan) => Object.assign(masterKeyOf(plan), { scheme: 'threshold', threshold: 4 }),
  },
  {
    rule: 'share-copies',
    change: (plan) => {
      const masterKey = masterKeyOf(plan);
      if (masterKey.scheme !== 'components') throw new Error('the plan has components');
      masterKey.copies = [
        { position: 'custodians', of: [1, 1, 4] },
        { position: 'witness', of: [1, 2] },
      ];
    },
  },
  { rule: 'set-generated-twice', change: (plan) => repeat(plan, 'generate') },
  {
    rule: 'made-inside-stays',
    change: (plan) => (plan.masterKey = { id: 'mk', scheme: 'in-unit', unit: 'unit-a', copies: 'none' }),
  },
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
  {
    rule: 'current-register-taken',
    change: (plan) => {
      rotated(plan);
      remove(plan, 'rotate');
    },
  },
  {
    rule: 'rotated-twice',
    change: (plan) => {
      rotated(plan);
      repeat(plan, 'rotate');
    },
  },
  {
    rule: 'not-committed',
    change: (plan) => {
      rotated(plan);
      move(plan, 'rotate', 'commit-again');
    },
  },
  {
    rule: 'wrapped-after-rotation',
    change: (plan) => {
      rotated(plan);
      move(plan, 'wrap', 'activate-again');
    },
  },
  {
    rule: 'key-unknown',
    change: (plan) => {
      rotated(plan);
      remove(plan, 'make');
    },
  },
  {
    rule: 'key-wrapped-twice',
    change: (plan) => {
      rotated(plan);
      repeat(plan, 'wrap');
    },
  },
  {
    rule: 'register-empty',
    change: (plan) => {
      rotated(plan);
      move(plan, 'make', 'activate');
      move(plan, 'wrap', 'activate');
    },
  },
  {
    rule: 'key-twice',
    change: (plan) => {
      rotated(plan);
      repeat(plan, 'make');
    },
  },
  {
    rule: 'key-use',
    change: (plan) => {
      rotated(plan);
      stepOf(plan, 'make', 'key.generate').key.use = 'sign';
    },
  },
  {
    rule: 'unknown-store',
    change: (plan) => {
      rotated(plan);
      stepOf(plan, 'wrap', 'key.wrap').store = 'other';
    },
  },
  { rule: 'store-unused', change: (plan) => (plan.keyStores = [{ id: 'backup', name: 'Backup' }]) },
  { rule: 'parameters-used-twice', change: (plan) => repeat(plan, 'package') },
  { rule: 'key-twice', change: (plan) => repeat(plan, 'package') },
  {
    rule: 'one-collector',
    change: (plan) =>
      (stepOf(plan, 'package', 'key.package').authenticate = { by: 'two-collectors', second: 'key-protect' }),
  },
  {
    rule: 'key-for-each-request',
    change: (plan) => {
      const step = stepOf(plan, 'package', 'key.package');
      Object.assign(step, { target: 'aws-kms', authenticate: { by: 'two-collectors', second: 'other' } });
    },
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

function giveForms(plan: Plan, ...forms: ShareForm[]): void {
  Object.assign(masterKeyOf(plan), { forms });
}

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
