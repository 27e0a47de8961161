/** What two people sign when an object is taken into custody, opened, closed or destroyed, and the fact that holds it. */
import * as v from 'valibot';
import { Envelope } from '../command/dsse';
import { CUSTODY_ACTS, MATERIAL_KINDS } from '../custody/ledger';
import { Id, Name, Sha256Hex } from '../text-forms';
import { CUSTODY } from './fact-names';
import type { Line } from './line';

const said = { act: v.picklist(CUSTODY_ACTS), object: Id, seal: v.nullable(Name), place: v.nullable(Name) };

/** Signed payload of an entry in the custody ledger: a keeper and a witness or auditor sign the same bytes. */
export const CustodyPayload = v.strictObject({
  format: v.literal('keyrite-custody/1'),
  mode: v.picklist(['rehearsal', 'production']),
  ceremony: Id,
  /** The one step it is done in. */
  step: Id,
  ...said,
  /** What the object is, by the plan. */
  kind: v.picklist(MATERIAL_KINDS),
  /** SHA-256 of the last line at the moment of signing, as for a proof of presence. */
  head: Sha256Hex,
});

/** Value of a fact `custody`. */
export const CustodyValue = v.strictObject({
  ...said,
  /** {@link CustodyPayload}, signed by both. */ record: Envelope,
});
/** See the schema of the same name. */
export type CustodyValue = v.InferOutput<typeof CustodyValue>;

/** The value of a fact `custody`; `malformed` when it holds something else, null for any other line. */
export function custodyIn(line: Line): CustodyValue | 'malformed' | null {
  if (line.type !== 'fact.recorded' || line.body.fact !== CUSTODY) return null;
  const value = v.safeParse(CustodyValue, line.body.value);
  return value.success ? value.output : 'malformed';
}
