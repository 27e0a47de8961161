/** Opening what people signed: every signature must hold, be somebody's on the roster, and stand once. */
import * as v from 'valibot';
import { canonicalJson, parseCanonical, type Json } from '../canonical-json';
import { Envelope, openPayload, validSigners, type PayloadType, type SigningKey } from '../command/dsse';

/** A signed payload that holds; `signers` in the envelope's order. */
export interface Opened<T> {
  readonly payload: T;
  readonly signers: readonly string[];
}

/** Why an envelope does not hold. */
export interface NotOpened {
  readonly reason: string;
}

/** Opens an envelope: type, payload by schema, and every signature by the roster. Never throws. */
export function openSealed<S extends v.GenericSchema>(
  sealed: Envelope,
  type: PayloadType,
  schema: S,
  keys: ReadonlyMap<string, SigningKey>,
): Opened<v.InferOutput<S>> | NotOpened {
  if (sealed.payloadType !== type) return { reason: `payload type: expected ${type}, got ${sealed.payloadType}` };
  let value: Json;
  try {
    value = openPayload(sealed);
  } catch (error) {
    return { reason: `payload: ${error instanceof Error ? error.message : 'unreadable'}` };
  }
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return { reason: `payload: ${v.getDotPath(issue) ?? ''} ${issue.message}` };
  }
  const fault = signatureFault(sealed, type, keys);
  if (fault !== null) return { reason: fault };
  return { payload: parsed.output, signers: sealed.signatures.map(({ keyid }) => keyid) };
}

/** What is wrong with an envelope's signatures, in words; null when all hold. */
export function signatureFault(
  sealed: Envelope,
  type: PayloadType,
  keys: ReadonlyMap<string, SigningKey>,
): string | null {
  const ids = sealed.signatures.map(({ keyid }) => keyid);
  if (ids.some((id, place) => place > 0 && (ids[place - 1] ?? '') >= id))
    return 'signatures are not sorted, or one stands twice';
  const valid = validSigners(sealed, type, keys);
  const bad = ids.find((id) => !valid.includes(id));
  return bad === undefined ? null : `the signature of ${bad} does not hold`;
}

/** Reads the file of an envelope: RFC 8785 form and one LF; null for anything else. */
export function readEnvelopeFile(content: Uint8Array): Envelope | null {
  try {
    if (content.at(-1) !== 0x0a) return null;
    const parsed = v.safeParse(Envelope, parseCanonical(content.subarray(0, -1)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** Whether two values are the same canonical JSON. */
export function sameJson(left: unknown, right: unknown): boolean {
  return canonicalJson(left as Json) === canonicalJson(right as Json);
}
