/** Looking at units without changing them: inventory and comparison. */
import { canonicalJson, type JsonObject } from '../../canonical-json';
import type { CapabilityReport } from '../../command/capability-report';
import { DeviceError } from '../../command/device-error';
import type { KnownObject } from '../../command/unit-objects';
import type { Ceremony } from '../ceremony';
import { keptOn } from '../kept-keys';
import type { UnitReading } from '../ports';
import { knownObjects } from '../taken-over';
import { describe, describeObjects, readUnit, type ProvenReading } from '../units';
import { onEachUnit } from '../units-at-work';
import { tellWeaknesses } from '../weaknesses';
import type { StepHandler } from './handler';

/** Records every object of each unit with the attributes that matter. */
export const inventory: StepHandler<'unit.inventory'> = async (ceremony, step) => {
  const counts = await onEachUnit(ceremony, step.units, 'Taking the inventory', async (unit) => {
    const report = await ceremony.ports.devices.reportCapabilities(unit);
    const { objects } = await recordInventory(ceremony, step.id, unit, report, step.also);
    return [unit, objects?.length ?? 0] as const;
  });
  return { result: { objects: Object.fromEntries(counts) } };
};

/**
 * Reads a unit, and puts on record what is on it, how that differs from what belongs there, and what its token can do.
 *
 * @param report what the token can do, as far as it was asked
 * @param also objects of others that the plan knows to be there
 */
export async function recordInventory(
  ceremony: Ceremony,
  step: string,
  unit: string,
  report: CapabilityReport | null,
  also: readonly KnownObject[] = [],
): Promise<UnitReading> {
  const { reading } = await readUnit(ceremony, step, unit);
  await ceremony.recordFact(step, 'inventory', {
    unit,
    ...describe(reading),
    objects: describeObjects(reading),
    capabilities: capabilitiesOf(reading, report),
    weaknesses: tellWeaknesses(ceremony, unit, reading, [
      ...knownObjects(ceremony, unit, also),
      ...keptOn(ceremony, unit),
    ]),
  });
  return reading;
}

/** Compares mode, administrators, thresholds and registers of the units; a difference is never waived. */
export const compare: StepHandler<'unit.compare'> = async (ceremony, step) => {
  const [first, ...rest] = await onEachUnit(ceremony, step.units, 'Reading', async (unit) => {
    const proven = await readUnit(ceremony, step.id, unit);
    await ceremony.recordFact(step.id, 'unit.compared', { unit, ...describe(proven.reading) });
    return [unit, comparable(proven)] as const;
  });
  const different = rest.filter(([, value]) => canonicalJson(value) !== canonicalJson(first?.[1] ?? null));
  if (different.length > 0) {
    throw new DeviceError({
      code: 'UNITS_DIFFER',
      message: `${different.map(([unit]) => unit).join(', ')} differ from ${first?.[0] ?? 'none'} in mode, administrators, thresholds or registers.`,
      changed: 'Nothing was changed.',
      next: 'Bring the units to the same state before going on; see the readings in the transcript.',
      uncertain: false,
    });
  }
  return { result: { units: step.units, same: first?.[1] ?? null } };
};

function comparable({ known, registers }: ProvenReading): JsonObject {
  const { mode, administrators, signatureThreshold, revocationThreshold } = known.state;
  return {
    mode,
    administrators,
    signatureThreshold,
    revocationThreshold,
    new: { status: registers.new.status, pattern: registers.new.pattern },
    current: { status: registers.current.status, pattern: registers.current.pattern },
  };
}

/** What every connect asks, with the whole report where there is one. */
export function capabilitiesOf({ capabilities }: UnitReading, report: CapabilityReport | null): JsonObject | null {
  if (capabilities === null) return null;
  const atConnect = { ...capabilities, mechanisms: { ...capabilities.mechanisms } };
  return report === null ? atConnect : { ...atConnect, report };
}
