/** Readings of clocks that have nothing to do with the workstation's, and by how much it differs from them. */
import * as v from 'valibot';
import { Id, Instant } from '../text-forms';

/** How many people read a clock of their own. */
export const CLOCK_READERS = 3;
/** Most that the workstation's clock may differ from the median of theirs, in milliseconds: a minute. */
export const CLOCK_TOLERANCE_MS = 60_000;

/** Value of the fact `clock.readings`. */
export const ClockReadings = v.strictObject({
  readings: v.array(
    v.strictObject({
      by: Id,
      /** Which clock, in words. */
      source: v.pipe(v.string(), v.maxLength(4000)),
      /** What it showed. */
      at: Instant,
      /** What the workstation's clock showed at that moment. */
      workstation: Instant,
    }),
  ),
  /** Milliseconds by which the clocks are ahead of the workstation's: the middle one, and the one furthest off. */
  skewMs: v.strictObject({ median: v.pipe(v.number(), v.safeInteger()), largest: v.pipe(v.number(), v.safeInteger()) }),
});
export type ClockReadings = v.InferOutput<typeof ClockReadings>;

/** Milliseconds by which clocks are ahead of the workstation's. */
export type ClockSkew = ClockReadings['skewMs'];

/** Compares readings with the workstation's clock; of two middle ones the earlier counts. No readings are no skew. */
export function skewOf(readings: readonly { readonly at: string; readonly workstation: string }[]): ClockSkew {
  const skews = readings.map(({ at, workstation }) => Date.parse(at) - Date.parse(workstation));
  const ordered = [...skews].sort((one, other) => one - other);
  const furthest = [...skews].sort((one, other) => Math.abs(other) - Math.abs(one) || other - one);
  return { median: ordered[Math.floor((ordered.length - 1) / 2)] ?? 0, largest: furthest[0] ?? 0 };
}
