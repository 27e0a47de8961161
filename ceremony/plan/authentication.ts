/** How a wrapping key is authenticated before anything is wrapped to it (DESIGN.md section 9). */
import * as v from 'valibot';
import { Id, Sha256Hex } from '../text-forms';

const Ids = v.pipe(v.array(Id), v.minLength(1), v.maxLength(64));

const WAYS = [
  /** People compare the fingerprint, read aloud, with what the collector read to them. */
  v.strictObject({ by: v.literal('read-back'), positions: Ids }),
  /** The plan pins the fingerprint. */
  v.strictObject({ by: v.literal('pinned'), publicKeySha256: Sha256Hex }),
  /** A second collector's file names the same key. */
  v.strictObject({ by: v.literal('two-collectors'), second: Id }),
] as const;

/** One way, or several that are all required. */
export const Authentication = v.variant('by', [
  ...WAYS,
  v.strictObject({
    by: v.literal('all'),
    ways: v.pipe(v.array(v.variant('by', WAYS)), v.minLength(2), v.maxLength(8)),
  }),
]);
export type Authentication = v.InferOutput<typeof Authentication>;

/** One way. */
export type Way = Exclude<Authentication, { readonly by: 'all' }>;

/** Every way that is required, in the order in which the plan names them. */
export function waysOf(authentication: Authentication): readonly Way[] {
  return authentication.by === 'all' ? authentication.ways : [authentication];
}
