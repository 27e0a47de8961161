/** Names and references of a plan: everything that is named is declared once, and everything declared is used. */
import { waysOf } from './authentication';
import { repeated, type Findings, type Rule } from './finding';
import { positionsWithShares } from './master-key-scheme';
import type { Plan, Step } from './schema';
import { broughtOn, custodyMedia, custodyPrinters, handsOut } from './share-forms';

/** Adds a finding for every name that is declared twice, missing, or declared for nothing. */
export function checkNames(plan: Plan, findings: Findings): void {
  const lists: readonly (readonly [string, readonly { readonly id: string }[]])[] = [
    ['positions', plan.positions],
    ['units', plan.units],
    ['pins', plan.pins],
    ['materials', plan.materials],
    ['phases', plan.phases],
    ['keyStores', plan.keyStores ?? []],
    ['keptShares', plan.keptShares ?? []],
    ['steps', plan.steps],
  ];
  for (const [list, members] of lists) {
    for (const id of repeated(members.map((one) => one.id))) {
      findings.error(null, 'id-twice', `The id ${id} stands twice in \`${list}\`.`, 'Give one of them another id.');
    }
  }
  for (const label of repeated(plan.units.map((unit) => unit.label))) {
    findings.error(
      null,
      'label-twice',
      `Two units would be given the token label ${label}.`,
      'Give each unit a label of its own: people tell tokens apart by it.',
    );
  }
  for (const reference of references(plan)) checkReference(reference, findings);
  for (const step of plan.steps) {
    if (step.action !== 'key.wrap' && step.action !== 'key.unwrap' && step.action !== 'key.destroy') continue;
    for (const name of repeated(step.keys)) {
      findings.error(step.id, 'named-twice', `\`keys\` names ${name} twice.`, 'Name it once.');
    }
  }
  checkPhases(plan, findings);
  checkUse(plan, findings);
  checkContinuation(plan, findings);
}

interface Reference {
  readonly step: string | null;
  /** Where the names stand, such as `units`. */
  readonly at: string;
  readonly names: readonly string[];
  readonly rule: Rule;
  readonly what: string;
  readonly declared: readonly string[];
}

/** Every place of a plan that names positions, units, phases or materials. */
function references(plan: Plan): Reference[] {
  const to = (rule: Rule, what: string, list: readonly { readonly id: string }[]) => {
    const declared = list.map((one) => one.id);
    return (step: string | null, at: string, names: readonly string[]): Reference => ({
      step,
      at,
      names,
      rule,
      what,
      declared,
    });
  };
  const positions = to('unknown-position', 'position', plan.positions);
  const units = to('unknown-unit', 'unit', plan.units);
  const phases = to('unknown-phase', 'phase', plan.phases);
  const stores = to('unknown-store', 'key store', plan.keyStores ?? []);
  const materials = to('unknown-material', 'material', plan.materials);
  const media = to(
    'unknown-material',
    'medium',
    plan.materials.filter((one) => one.kind === 'medium'),
  );
  return [
    positions(null, 'approval.position', [plan.approval.position]),
    positions(null, 'masterKey', positionsWithShares(plan)),
    ...(plan.keptShares ?? []).map(({ id, custodians }) => positions(null, `custodians of ${id}`, custodians)),
    units(null, 'masterKey.unit', plan.masterKey?.scheme === 'in-unit' ? [plan.masterKey.unit] : []),
    ...plan.pins.flatMap((pin) => [
      units(null, `units of PIN ${pin.id}`, pin.units),
      positions(null, `madeBy of PIN ${pin.id}`, [pin.madeBy]),
      positions(null, `heldBy of PIN ${pin.id}`, [pin.heldBy]),
    ]),
    units(
      null,
      'endState',
      plan.endState.map((one) => one.unit),
    ),
    ...plan.steps.flatMap((step) => [
      phases(step.id, 'phase', step.phase === undefined ? [] : [step.phase]),
      materials(step.id, 'materials', step.materials ?? []),
      materials(step.id, 'objects', step.action === 'custody' ? step.objects : []),
      materials(step.id, 'seals', step.action === 'pause' ? step.seals : []),
      media(step.id, 'media', step.action === 'export' ? step.media : []),
      materials(step.id, 'masterKey.forms', handsOut(step) ? custodyPrinters(plan) : []),
      media(step.id, 'masterKey.forms', handsOut(step) ? [...new Set(custodyMedia(plan))] : []),
      media(step.id, 'forms of keptShares', [...new Set(broughtOn(plan, step))]),
      units(step.id, 'units', unitsOf(step)),
      stores(step.id, 'store', storesOf(step)),
      positions(step.id, 'positions', positionsOf(step)),
      positions(step.id, 'vouchers', step.action === 'enrol' ? step.vouchers : []),
    ]),
  ];
}

function checkReference({ step, at, names, rule, what, declared }: Reference, findings: Findings): void {
  for (const name of repeated(names)) {
    findings.error(step, 'named-twice', `\`${at}\` names ${name} twice.`, 'Name it once.');
  }
  for (const name of new Set(names)) {
    if (declared.includes(name)) continue;
    const known = declared.length === 0 ? 'there is none' : `known are ${declared.join(', ')}`;
    findings.error(
      step,
      rule,
      `\`${at}\` names the ${what} ${name}, which the plan does not declare.`,
      `Declare it, or name another; ${known}.`,
    );
  }
}

/** Units that a step works on. */
function unitsOf(step: Step): readonly string[] {
  switch (step.action) {
    case 'unit.initialise':
    case 'unit.imprint':
    case 'unit.administrators.add':
    case 'unit.administrators.remove':
    case 'unit.thresholds':
    case 'unit.adopt':
    case 'unit.zeroise':
    case 'unit.pin.change':
    case 'unit.pin.unlock':
    case 'unit.inventory':
    case 'unit.compare':
    case 'master-key.load':
    case 'master-key.verify':
    case 'master-key.commit':
    case 'master-key.activate':
    case 'master-key.clear':
    case 'master-key.adopt':
    case 'vendor.procedure':
      return step.units;
    case 'key.adopt':
    case 'key.package':
    case 'key.generate':
    case 'key.wrap':
    case 'key.unwrap':
    case 'key.destroy':
    case 'master-key.rotate':
      return [step.unit];
    default:
      return [];
  }
}

/** Key stores that a step works on. */
function storesOf(step: Step): readonly string[] {
  switch (step.action) {
    case 'key.wrap':
    case 'key.unwrap':
    case 'master-key.rotate':
      return [step.store];
    default:
      return [];
  }
}

/** Positions that a step names. */
function positionsOf(step: Step): readonly string[] {
  switch (step.action) {
    case 'roll-call':
      return step.positions;
    case 'unit.imprint':
    case 'unit.administrators.add':
    case 'unit.administrators.remove':
      return [step.administrators];
    case 'key.package':
      return waysOf(step.authenticate).flatMap((way) => (way.by === 'read-back' ? way.positions : []));
    case 'fact':
    case 'statement':
    case 'pause':
    case 'custody':
    case 'vendor.procedure':
      return step.by;
    case 'enrol':
      return [step.position];
    case 'shares.drill':
    case 'shares.destroy':
      return step.by;
    case 'shares.transfer':
      return [step.from, step.to, ...step.by];
    default:
      return [];
  }
}

function checkPhases(plan: Plan, findings: Findings): void {
  const left = new Set<string>();
  let current: string | undefined;
  for (const step of plan.steps) {
    if (step.phase !== current && current !== undefined) left.add(current);
    if (step.phase !== undefined && step.phase !== current && left.has(step.phase)) {
      findings.error(
        step.id,
        'phase-broken',
        `The phase ${step.phase} ended before this step, and its logins with it.`,
        `Move the step to the others of ${step.phase}, or give it another phase.`,
      );
    }
    current = step.phase;
  }
}

function checkUse(plan: Plan, findings: Findings): void {
  const phases = new Set(plan.steps.map((step) => step.phase));
  for (const { id } of plan.phases.filter((one) => !phases.has(one.id))) {
    findings.warn(
      null,
      'phase-unused',
      `The phase ${id} has no step.`,
      'Take it out, or name it in the steps that belong to it.',
    );
  }
  const materials = new Set(
    plan.steps.flatMap((step) => [
      ...(step.materials ?? []),
      ...(step.action === 'export' ? step.media : []),
      ...(handsOut(step) ? [...custodyMedia(plan), ...custodyPrinters(plan)] : []),
      ...broughtOn(plan, step),
      ...(step.action === 'pause' ? step.seals : []),
      ...(step.action === 'custody' ? step.objects : []),
    ]),
  );
  for (const { id } of plan.materials.filter((one) => !materials.has(one.id))) {
    findings.warn(
      null,
      'material-unused',
      `The material ${id} is used by no step.`,
      'Name it in `materials` of the step that uses it (a medium in `media` of the export), or take it out.',
    );
  }
  const stores = new Set(plan.steps.flatMap((step) => storesOf(step)));
  for (const { id } of (plan.keyStores ?? []).filter((one) => !stores.has(one.id))) {
    findings.warn(
      null,
      'store-unused',
      `The key store ${id} has no step.`,
      'Take it out, or name it in the steps that work on it.',
    );
  }
  const units = new Set(plan.steps.flatMap((step) => unitsOf(step)));
  for (const { id } of plan.units.filter((one) => !units.has(one.id))) {
    findings.warn(
      null,
      'unit-unused',
      `The unit ${id} has no step.`,
      'Take it out, or name it in the steps that work on it.',
    );
  }
}

function checkContinuation(plan: Plan, findings: Findings): void {
  if (plan.continues === plan.id) {
    findings.error(
      null,
      'continues-itself',
      'The plan continues itself.',
      'Name the plan whose end state this one starts from.',
    );
  }
  const history = [
    ...plan.units.filter(({ begins }) => begins === 'imprint' || begins === 'operational'),
    ...plan.materials.filter(({ ledger }) => ledger === 'kept'),
    ...(plan.keptShares ?? []),
  ].map(({ id }) => id);
  if (history.length === 0 || plan.continues !== undefined) return;
  findings.warn(
    null,
    'no-beginning',
    `${history.join(', ')} begin with a history, and no plan is named that leads there: \`keyrite rehearse\` cannot bring it about on throw-away tokens.`,
    'Name that plan in `continues`.',
  );
}
