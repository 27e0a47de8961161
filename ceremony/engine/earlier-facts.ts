/** What a step put on record before it was broken off: taken from the lines, so that it is not observed again when that would be too late. */
import type { JsonObject } from '../canonical-json';
import type { Ceremony } from './ceremony';

/** Values of a fact in a step, in whatever attempt, oldest first; of one unit, where one is named. */
export function factsIn(ceremony: Ceremony, step: string, fact: string, unit?: string): readonly JsonObject[] {
  return ceremony.record.lines.flatMap((line) => {
    if (line.type !== 'fact.recorded' || line.step !== step || line.body.fact !== fact) return [];
    const { value } = line.body;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const told = value as JsonObject;
    return unit === undefined || told['unit'] === unit ? [told] : [];
  });
}
