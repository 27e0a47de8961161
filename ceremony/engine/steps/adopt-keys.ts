/** Keys that others made, put on record under names. Nothing is made or changed; where they come from is the plan's word. */
import { DeviceError } from '../../command/device-error';
import type { AdoptedObject } from '../../plan/taking-over-schema';
import type { InventoryEntry, UnitReading } from '../ports';
import { describe, describeObject, readUnit } from '../units';
import type { StepHandler } from './handler';

/** Records each object with its attributes and check value. */
export const adoptKeys: StepHandler<'key.adopt'> = async (ceremony, step) => {
  const { reading } = await readUnit(ceremony, step.id, step.unit);
  const keys = step.objects.map((wanted) => {
    const object = theOne(step.unit, reading, wanted);
    ceremony.ports.people.tell({
      kind: 'result',
      text: `${wanted.name}: ${object.class} “${object.label}” on ${step.unit}, check value ${object.checkValue?.value ?? 'not told'}; its origin is declared by the plan, not proven`,
    });
    return { name: wanted.name, object: describeObject(object) };
  });
  await ceremony.recordFact(step.id, 'keys.adopted', {
    unit: step.unit,
    origin: step.origin.trim(),
    ...describe(reading),
    keys,
  });
  return { result: { names: keys.map(({ name }) => name) } };
};

/** @throws DeviceError `KEY_NOT_FOUND` unless exactly one object is the one that is wanted */
function theOne(unit: string, { objects }: UnitReading, wanted: AdoptedObject): InventoryEntry {
  const found = (objects ?? []).filter(
    (one) =>
      one.class === wanted.class && one.label === wanted.label && (wanted.id === undefined || one.id === wanted.id),
  );
  const [object] = found;
  if (object !== undefined && found.length === 1) return object;
  const which = `${wanted.class} “${wanted.label}”${wanted.id === undefined ? '' : `, id ${wanted.id}`}`;
  throw new DeviceError({
    code: 'KEY_NOT_FOUND',
    message: `Unit ${unit} has ${found.length === 0 ? 'no' : String(found.length)} ${which}, and one is to be adopted.`,
    changed: 'Nothing was changed.',
    next: 'Take an inventory of the unit, and name the object as it is there: class, label, and id where labels are not enough.',
    uncertain: false,
  });
}
