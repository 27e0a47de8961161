/**
 * Tokens that a rehearsed plan finds as others left them, or that a vendor's tool would have made: throw-away tokens of the
 * room, initialised before the ceremony, with the objects on them that the plan adopts.
 */
import type { BoundUnit, Module } from '../../ceremony/plan/binding-schema';
import type { Plan, StepOf } from '../../ceremony/plan/schema';
import type { ArgsOf, MODULE_OPERATIONS, UnitTarget } from '../../hsm/contract';
import { UsageError } from '../explain';
import type { Processes } from '../processes';
import type { Room } from './room';

type Unit = Plan['units'][number];

/** Whether a rehearsal makes the token of a unit beforehand: as it begins, or as the first procedure leaves it. */
export function isMadeBeforehand(plan: Plan, { id, begins }: Unit): boolean {
  if (begins !== 'absent') return begins === 'foreign';
  const procedures = plan.steps.filter(
    (step): step is StepOf<'vendor.procedure'> => step.action === 'vendor.procedure',
  );
  return procedures.flatMap(({ after }) => after).find(({ unit }) => unit === id)?.is === 'foreign';
}

/**
 * Makes the tokens. Ends each worker it starts.
 *
 * @param ceremony id of the rehearsal: keys of one name are one key within it, and others in the next
 * @param people who is bound to a position
 * @returns the units as they are bound
 * @throws UsageError for an object that a rehearsal cannot make; DeviceError
 */
export async function prepareForeignTokens(
  processes: Processes,
  room: Room,
  plan: Plan,
  ceremony: string,
  people: (position: string) => readonly string[],
): Promise<BoundUnit[]> {
  const bound: BoundUnit[] = [];
  for (const unit of plan.units.filter((one) => isMadeBeforehand(plan, one))) {
    const module = room.moduleOf(unit.label);
    const target = blankTarget(plan, unit, people);
    const address = await makeToken(processes, module, target, objectsFor(plan, unit.id, ceremony));
    bound.push({ id: unit.id, module: module.id, address, lastKnown: null });
  }
  return bound;
}

type Wanted = ArgsOf<typeof MODULE_OPERATIONS, 'foreign.prepare'>['objects'][number];

async function makeToken(
  processes: Processes,
  module: Module,
  blank: UnitTarget,
  objects: Wanted[],
): Promise<BoundUnit['address']> {
  const { id, path, sha256, libraryParameters = null, files } = module;
  const worker = processes.startModuleWorker(module);
  try {
    await worker.call('module.load', { module: id, path, sha256, libraryParameters, files });
    const label = blank.address.label ?? '';
    const made = await worker.call('unit.initialise-token', { target: blank, label, again: false });
    const target = { ...blank, address: { blank: false, label: made.label, serial: made.serial } };
    await worker.call('unit.set-user-pin', { target });
    await worker.call('foreign.prepare', { target, objects });
    return { blank: false, label: made.label, serial: made.serial };
  } finally {
    await worker.stop();
  }
}

/** The blank token, with the user PIN as the plan has people enter it afterwards. */
function blankTarget(plan: Plan, { id, label }: Unit, people: (position: string) => readonly string[]): UnitTarget {
  const pin = plan.pins.find((one) => one.for === 'user' && one.units.includes(id));
  const holders = people(pin?.heldBy ?? '').slice(0, pin?.parts ?? 1);
  return {
    unit: id,
    address: { blank: true, label, serial: null },
    identitySpki: null,
    user: { parts: pin?.parts ?? 1, holders: [...holders] },
    // Nobody of the ceremony has it.
    securityOfficer: { parts: 1, holders: ['others'] },
  };
}

/** Objects that steps of the plan adopt on a unit. */
function objectsFor(plan: Plan, unit: string, ceremony: string): Wanted[] {
  const named = plan.steps.flatMap((step) => {
    if (step.action === 'master-key.adopt' && step.units.includes(unit))
      return [{ class: 'secret-key' as const, label: step.object.label, id: step.object.id ?? null }];
    if (step.action === 'key.adopt' && step.unit === unit)
      return step.objects.map(({ class: kind, label, id = null }) => ({ class: kind, label, id }));
    return [];
  });
  return named.map((one) => {
    const { class: kind } = one;
    if (kind !== 'certificate') return { ...one, class: kind, seed: `${ceremony} ${one.label}` };
    throw new UsageError(
      `unit ${unit} is to have the certificate “${one.label}” from others, and a rehearsal makes none`,
      'Nothing was run. Rehearse a copy of the plan that does not name it, or on a module where it is.',
    );
  });
}
