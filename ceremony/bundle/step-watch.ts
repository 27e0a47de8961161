/** What rules about one step of the plan have in common that look at all of its lines, in whatever attempt. */
import * as v from 'valibot';
import { canonicalBytes, canonicalJson, type Json } from '../canonical-json';
import type { Line } from '../transcript/line';
import { sha256Hex } from '../transcript/sha256';

/** Watches one step; of each line it keeps no more than it needs to judge at the end. */
export interface StepWatch {
  /** A new attempt begins. */
  begin(): void;
  /** Takes the next line of the step. */
  take(line: Line): void;
  /**
   * What is missing or wrong in the record of the step, once it is complete, in words.
   *
   * @param isDeviated whether an exception of the kind `step-deviated` is on record for the step
   */
  faults(isDeviated: boolean): readonly string[];
}

/** How the labels of Keyrite's own objects begin. */
export const OURS = 'keyrite:';

/** Objects in a fact: whatever else they tell, they have a label. */
export const ObjectsTold = v.array(v.looseObject({ label: v.string() }));

/** A hash over objects, in whatever order they are told unless it is said that the order counts. */
export function objectsHash(objects: readonly unknown[], order?: 'in order'): string {
  const texts = objects.map((one) => canonicalJson(one as Json));
  return sha256Hex(canonicalBytes(order === undefined ? texts.toSorted() : texts));
}

/** Whether two values are the same JSON. */
export function sameJson(one: Json, other: Json): boolean {
  return canonicalJson(one) === canonicalJson(other);
}
