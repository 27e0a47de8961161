/**
 * A cosignature: somebody recomputed a whole bundle on a station of their own, and signed what they found. It travels back
 * and is filed in an addendum. It says more than a signature given in the room, whose signer relied on the operator's screen.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { canonicalBytes, canonicalJson } from '../canonical-json';
import { PAYLOAD_TYPES, envelope, preAuthenticationEncoding, type Envelope } from '../command/dsse';
import { Id, Instant, Sha256Hex } from '../text-forms';
import { checkpointBody } from '../transcript/checkpoint';
import type { RosterEntry } from '../transcript/line';
import { keysOf } from './roster';
import { openSealed } from './sealed';
import type { VerifyReport } from './verify';

const Text = v.pipe(v.string(), v.maxLength(200));

/** Signed payload of a cosignature. */
export const CosignaturePayload = v.strictObject({
  format: v.literal('keyrite-cosignature/1'),
  mode: v.picklist(['rehearsal', 'production']),
  ceremony: Id,
  /** The one who signs. */
  participant: Id,
  /** Of the last checkpoint: lines, tree hash as recomputed, and SHA-256 of the checkpoint's file. */
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  root: Sha256Hex,
  checkpoint: Sha256Hex,
  verdict: v.picklist(['consistent', 'verified']),
  /** What recomputed it. */
  app: v.strictObject({ name: Text, version: Text, sha256: Sha256Hex }),
  /** By the clock of that station. */
  at: Instant,
});
/** See {@link CosignaturePayload}. */
export type CosignaturePayload = v.InferOutput<typeof CosignaturePayload>;

/** The last checkpoint of a closed bundle. */
export interface ClosedCheckpoint {
  readonly mode: 'rehearsal' | 'production';
  readonly ceremony: string;
  readonly number: number;
  readonly size: number;
  readonly root: string;
  /** SHA-256 of the checkpoint's file. */
  readonly sha256: string;
}

/** The last checkpoint as everything after the close cites it. */
export function closedCheckpoint(
  about: { readonly mode: 'rehearsal' | 'production'; readonly ceremony: string },
  { number, size, root }: { readonly number: number; readonly size: number; readonly root: string },
): ClosedCheckpoint {
  const { mode, ceremony } = about;
  const body = checkpointBody({ mode, id: ceremony, size, root });
  return { mode, ceremony, number, size, root, sha256: createHash('sha256').update(body).digest('hex') };
}

/** Somebody who recomputed the bundle on a station of their own. */
export interface Cosigner {
  readonly participant: string;
  readonly at: string;
  readonly verdict: 'consistent' | 'verified';
  readonly app: CosignaturePayload['app'];
}

/** Nobody cosigned: the bundle does not hold, or it is not for this person to cosign. The message says why. */
export class CosignatureRefused extends Error {
  override readonly name = 'CosignatureRefused';
}

/**
 * What a participant signs who recomputed a bundle.
 *
 * @param report the verification that was carried out on the signer's own station
 * @throws CosignatureRefused unless the bundle is consistent or verified, and the participant may cosign it
 */
export function cosignaturePayload(
  { verdict, findings, missing, summary }: VerifyReport,
  participant: string,
  app: CosignaturePayload['app'],
  at: string,
): CosignaturePayload {
  const final = summary?.checkpoints.find((one) => one.final);
  if ((verdict !== 'consistent' && verdict !== 'verified') || summary === null || final === undefined) {
    const [first] = [...findings, ...missing];
    const why = first === undefined ? '' : `: ${first.where}: ${first.reason}`;
    throw new CosignatureRefused(`The bundle is ${verdict}${why}. Nothing was signed.\nSee: keyrite verify`);
  }
  const person = summary.roster.find(({ id }) => id === participant);
  if (person === undefined || !mayCosign(person)) {
    throw new CosignatureRefused(
      person === undefined
        ? `${participant} is not on the roster of this ceremony. Nothing was signed.`
        : `${participant} was an operator of this ceremony, and cosigning is for those who watched. Nothing was signed.`,
    );
  }
  const { mode, ceremony, size, root, sha256 } = closedCheckpoint(summary, final);
  const format = 'keyrite-cosignature/1';
  return { format, mode, ceremony, participant, size, root, checkpoint: sha256, verdict, app, at };
}

/** Whether somebody may cosign: not an operator, whose signature never counts as that of somebody who watched them. */
export function mayCosign({ roles }: RosterEntry): boolean {
  return !roles.includes('crypto-administrator');
}

/** The bytes that are signed for a payload. */
export function cosignatureMessage(payload: CosignaturePayload): Uint8Array {
  return preAuthenticationEncoding(PAYLOAD_TYPES.cosignature, canonicalBytes(payload));
}

/** The file of a cosignature: envelope in canonical form, and an LF. */
export function cosignatureFile(payload: CosignaturePayload, signature: Uint8Array): Uint8Array {
  const sealed = envelope(PAYLOAD_TYPES.cosignature, payload, new Map([[payload.participant, signature]]));
  return Buffer.from(`${canonicalJson(sealed)}\n`, 'utf8');
}

/** Opens a cosignature over `closed` by somebody on the roster: who it is, or what is wrong with it in words. Never throws. */
export function openCosignature(
  sealed: Envelope,
  closed: ClosedCheckpoint,
  roster: readonly RosterEntry[],
): Cosigner | { readonly reason: string } {
  // SECURITY(K-93): the key is the roster's, and the payload names ceremony, mode, root and checkpoint.
  const opened = openSealed(sealed, PAYLOAD_TYPES.cosignature, CosignaturePayload, keysOf(roster));
  if ('reason' in opened) return { reason: `the cosignature: ${opened.reason}` };
  const { payload, signers } = opened;
  const person = roster.find(({ id }) => id === payload.participant);
  if (signers.length !== 1 || signers[0] !== payload.participant || person === undefined)
    return { reason: 'the cosignature is not signed by the one whom it names alone' };
  if (!mayCosign(person)) return { reason: `${person.id} is an operator, who cannot cosign` };
  if (payload.mode !== closed.mode || payload.ceremony !== closed.ceremony)
    return { reason: 'the cosignature is of another ceremony or mode' };
  if (payload.size !== closed.size || payload.root !== closed.root || payload.checkpoint !== closed.sha256)
    return { reason: 'the cosignature is over another checkpoint' };
  const { participant, at, verdict, app } = payload;
  return { participant, at, verdict, app };
}
