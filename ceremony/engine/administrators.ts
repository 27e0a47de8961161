/** Administrators of a unit, as its state on record has them, who are there to sign. */
import type { Administrator } from '../command/unit-state';
import type { Ceremony } from './ceremony';

/** A participant as a unit's list of administrators holds them. */
export function administrator(ceremony: Ceremony, id: string): Administrator {
  const { key } = ceremony.participant(id);
  return { id, algorithm: key.algorithm, spki: key.spki };
}

/**
 * As many of a unit's administrators as must sign, of those who are present, in the unit's order; fewer where fewer are
 * there, which the unit refuses.
 *
 * @param leaving who is about to be removed: they sign only where the others are too few
 */
export function administratorsPresent(
  ceremony: Ceremony,
  unit: string,
  count: number,
  leaving: readonly string[] = [],
): string[] {
  const present = (ceremony.record.unit(unit)?.state.administrators ?? [])
    .map((one) => one.id)
    .filter((id) => ceremony.record.isPresent(id));
  const staying = present.filter((id) => !leaving.includes(id));
  return [...staying, ...present.filter((id) => leaving.includes(id))].slice(0, count);
}
