/** `qualification.json`: what test partitions really did when they went through the life of a unit. */
import * as v from 'valibot';
import { CapabilityReport } from '../command/capability-report';
import { Id, Instant, Sha256Hex } from '../text-forms';

const Text = v.pipe(v.string(), v.maxLength(4000));

/** One act of the life. */
const QualifiedStep = v.strictObject({
  id: Id,
  /** What was done, in words. */
  act: Text,
  /** `not-run`: one before it, which it needs, was refused, or people broke off. */
  outcome: v.picklist(['ok', 'refused', 'not-run']),
  /** What to know of a good outcome, such as the attributes that had to be set right; or what was refused. */
  told: v.nullable(Text),
  /** Name of the error, such as `CKR_MECHANISM_INVALID`; null unless refused. */
  code: v.nullable(Text),
  /** What a refusal means for a plan; null unless refused. */
  means: v.nullable(Text),
});
export type QualifiedStep = v.InferOutput<typeof QualifiedStep>;

/** One partition. */
export const QualifiedPartition = v.strictObject({
  unit: Id,
  module: v.strictObject({ id: Id, path: Text, sha256: Sha256Hex }),
  /** Null when it could not be asked. */
  capabilities: v.nullable(CapabilityReport),
  steps: v.array(QualifiedStep),
  /** Objects that are left on the partition, which was empty before; null when that could not be seen. */
  left: v.nullable(v.array(Text)),
});
export type QualifiedPartition = v.InferOutput<typeof QualifiedPartition>;

/** The whole file. */
export const Qualification = v.strictObject({
  keyrite: v.literal('qualification/1'),
  at: Instant,
  /** Version of Keyrite. */
  app: Text,
  /** SHA-256 of the binding's RFC 8785 form. */
  binding: Sha256Hex,
  partitions: v.array(QualifiedPartition),
});
export type Qualification = v.InferOutput<typeof Qualification>;

/** Whether every act was done on every partition, and nothing is left on any. */
export function isQualified({ partitions }: Pick<Qualification, 'partitions'>): boolean {
  return partitions.every(({ steps, left }) => left?.length === 0 && steps.every(({ outcome }) => outcome === 'ok'));
}
