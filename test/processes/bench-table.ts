/** What the bench asks a worker of its own: the same calls that `scripts/bench/calls.c` makes, many in one request or one. */
import * as v from 'valibot';

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What is measured, by the names that the C program knows too. */
export const WORK = ['sign', 'wrap', 'unwrap', 'nothing'] as const;
export type Work = (typeof WORK)[number];

export const BENCH_OPERATIONS = {
  /** Logs in to the token with a label, and makes the keys where they are not there yet. */
  open: {
    args: v.strictObject({ path: v.string(), label: v.string(), pin: v.string() }),
    result: v.null(),
    deadlineMs: 120_000,
  },
  /** Does it so many times; how long that took within the process, in nanoseconds. */
  work: {
    args: v.strictObject({ what: v.picklist(WORK), count: Count }),
    result: v.strictObject({ nanoseconds: Count }),
    deadlineMs: 120_000,
  },
  /** Memory of the process, in bytes, after a collection. */
  memory: { args: v.strictObject({}), result: v.strictObject({ resident: Count }), deadlineMs: 5_000 },
} as const;
