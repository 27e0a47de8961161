/** What people sign about a share: that it was proven, or not, passed on, destroyed or not given back; and the fact that holds it. */
import * as v from 'valibot';
import { Envelope } from '../command/dsse';
import { Id, Sha256Hex } from '../text-forms';
import { SET_REPLACED, SHARE } from './fact-names';
import type { Line } from './line';

/**
 * What is told of a share in somebody's hands. `proven`: it is the one committed to; `wrong`: it is not; `missing`: nobody
 * showed it; `transferred`: a successor has it too; `destroyed`: before witnesses; `unreturned`: it was not given back.
 */
export const SHARE_ACTS = ['proven', 'wrong', 'missing', 'transferred', 'destroyed', 'unreturned'] as const;
/** One of {@link SHARE_ACTS}. */
export type ShareAct = (typeof SHARE_ACTS)[number];

/** Acts that the holder signs; the others are told of them, by an administrator. */
export const SIGNED_BY_HOLDER: readonly ShareAct[] = ['proven', 'transferred', 'destroyed'];

const said = {
  act: v.picklist(SHARE_ACTS),
  set: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  index: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)),
  /** Who has it, by the record. */
  holder: Id,
  /** Who has it too from now on; null but for `transferred`. */
  to: v.nullable(Id),
  /** What kept it from being proven or destroyed; null where it was. */
  why: v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(1000))),
};

/** Signed payload of such an entry; all who sign it sign the same bytes. */
export const SharePayload = v.strictObject({
  format: v.literal('keyrite-share/1'),
  mode: v.picklist(['rehearsal', 'production']),
  ceremony: Id,
  /** The one step it is done in. */
  step: Id,
  ...said,
  /** The commitment to the share, by the record. */
  commitment: Sha256Hex,
  /** SHA-256 of the last line at the moment of signing, as for a proof of presence. */
  head: Sha256Hex,
});

/** Value of a fact `share`. */
export const ShareValue = v.strictObject({
  ...said,
  /** {@link SharePayload}, signed. */ record: Envelope,
});
/** See the schema of the same name. */
export type ShareValue = v.InferOutput<typeof ShareValue>;

/** The value of a fact `share`; `malformed` when it holds something else, null for any other line. */
export function shareIn(line: Line): ShareValue | 'malformed' | null {
  if (line.type !== 'fact.recorded' || line.body.fact !== SHARE) return null;
  const value = v.safeParse(ShareValue, line.body.value);
  return value.success ? value.output : 'malformed';
}

/** Value of a fact `share-set.replaced`. */
export const ReplacedValue = v.strictObject({
  set: said.set,
  /** The set that has its place, of the same master key. */
  by: said.set,
  /** Verification pattern that every new share had its part in giving. */
  pattern: Sha256Hex,
});
/** See the schema of the same name. */
export type ReplacedValue = v.InferOutput<typeof ReplacedValue>;

/** The value of a fact `share-set.replaced`; `malformed` when it holds something else, null for any other line. */
export function replacedIn(line: Line): ReplacedValue | 'malformed' | null {
  if (line.type !== 'fact.recorded' || line.body.fact !== SET_REPLACED) return null;
  const value = v.safeParse(ReplacedValue, line.body.value);
  return value.success ? value.output : 'malformed';
}
