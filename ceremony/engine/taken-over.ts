/** What a ceremony took over from others, as its record tells: objects that are known to be on a unit beside what Keyrite keeps there. */
import * as v from 'valibot';
import { LABEL, type KnownObject } from '../command/unit-objects';
import type { Ceremony } from './ceremony';

/** How the labels of Keyrite's own objects begin. */
export const OURS = 'keyrite:';

const Found = v.object({ unit: v.string(), objects: v.array(v.object({ class: v.string(), label: v.string() })) });
const Relabelled = v.object({ unit: v.string(), object: v.object({ class: v.string(), label: v.string() }) });

/**
 * Objects of others that are known to be on a unit: those that the plan names, and those that were there when the unit was
 * adopted, but for keys that have become master keys since. Each class and label once.
 */
export function knownObjects(ceremony: Ceremony, unit: string, also: readonly KnownObject[] = []): KnownObject[] {
  const known = new Map(also.map((one) => [keyOf(one), one]));
  for (const line of ceremony.record.lines) {
    if (line.type !== 'fact.recorded') continue;
    const { fact, value } = line.body;
    if (fact === 'unit.found' && v.is(Found, value) && value.unit === unit)
      for (const { class: kind, label } of value.objects)
        known.set(keyOf({ class: kind, label }), { class: kind, label });
    if (fact === 'master-key.found' && v.is(Relabelled, value) && value.unit === unit && isCurrent(ceremony, unit))
      known.delete(keyOf(value.object));
  }
  return [...known.values()];
}

function isCurrent(ceremony: Ceremony, unit: string): boolean {
  return ceremony.record.unit(unit)?.state.registers.current === 'valid';
}

function keyOf({ class: kind, label }: KnownObject): string {
  return `${kind} ${label}`;
}

/** Labels that only a unit's identity and state have. */
export const IDENTITY_LABELS: readonly string[] = [LABEL.identity, LABEL.state];
