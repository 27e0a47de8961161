/** Keys that this ceremony brought onto units and into key stores, as the record tells. */
import * as v from 'valibot';
import type { KnownObject } from '../command/unit-objects';
import { isSecretKey, KEY_ALGORITHMS } from '../keypackage/key-kinds';
import type { StepOf } from '../plan/schema';
import type { Ceremony } from './ceremony';

const Kept = v.object({ key: v.string(), keyAlgorithm: v.picklist(KEY_ALGORITHMS) });
const Gone = v.object({ key: v.string(), destroyed: v.literal(true) });
const Stored = v.object({ key: v.string(), store: v.string(), masterKey: v.string(), sha256: v.string() });
const Rotated = v.object({
  store: v.string(),
  from: v.string(),
  to: v.string(),
  keys: v.number(),
  name: v.string(),
  sha256: v.string(),
});

/** A key store as a rotation left it. */
export type Rotation = v.InferOutput<typeof Rotated>;

/** Objects of keys that this ceremony left on a unit. */
export function keptOn(ceremony: Ceremony, unit: string): readonly KnownObject[] {
  const kept = new Map<string, readonly string[]>();
  for (const { on, result } of doneActs(ceremony)) {
    if (on !== unit) continue;
    const made = v.safeParse(Kept, result);
    if (made.success) {
      const { key, keyAlgorithm } = made.output;
      kept.set(key, isSecretKey(keyAlgorithm) ? ['secret-key'] : ['private-key', 'public-key']);
    }
    const gone = v.safeParse(Gone, result);
    if (gone.success) kept.delete(gone.output.key);
  }
  return [...kept].flatMap(([label, classes]) => classes.map((one) => ({ class: one, label })));
}

/** SHA-256 of the files that this ceremony wrote into a generation of a store, by the keys' names. */
export function writtenInto(ceremony: Ceremony, store: string, generation: string): ReadonlyMap<string, string> {
  const written = doneActs(ceremony).flatMap(({ action, result }) => {
    const stored = v.safeParse(Stored, result);
    const fits = action === 'key.wrap' && stored.success;
    return fits && stored.output.store === store && stored.output.masterKey === generation
      ? [[stored.output.key, stored.output.sha256] as const]
      : [];
  });
  return new Map(written);
}

/** Rotations of a store that are done, in order. */
export function rotationsOf(ceremony: Ceremony, store: string): readonly Rotation[] {
  return doneActs(ceremony).flatMap(({ action, result }) => {
    const rotated = v.safeParse(Rotated, result);
    return action === 'master-key.rotate' && rotated.success && rotated.output.store === store ? [rotated.output] : [];
  });
}

/** Whether a later step of the plan wraps a key of a unit: until then it may leave the unit wrapped. */
export function isWrappedLater(ceremony: Ceremony, step: StepOf<'key.generate'>): boolean {
  const { steps } = ceremony.plan;
  const place = steps.findIndex(({ id }) => id === step.id);
  return steps
    .slice(place + 1)
    .some((one) => one.action === 'key.wrap' && one.unit === step.unit && one.keys.includes(step.key.name));
}

/** Acts on record as done, in the order of the lines that say so. */
function doneActs(
  ceremony: Ceremony,
): readonly { readonly action: string; readonly on: string | null; readonly result: unknown }[] {
  const { record, plan } = ceremony;
  return plan.steps.flatMap(({ id, action }) =>
    [...record.step(id).acts.values()]
      .filter(({ status }) => status === 'done')
      .map(({ intent, result }) => ({ action, on: intent.body.unit, result })),
  );
}
