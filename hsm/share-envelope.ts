/**
 * A share encrypted to a key pair on its custodian's token, as it lies on the token as a private data object: the worksheet
 * under a one-time AES-256-GCM key, and that key under the token's RSA key by OAEP. Canonical JSON; nothing in it is of use
 * without the token's private key, and what names the share is bound to the ciphertext.
 */
import * as v from 'valibot';
import { canonicalBytes, parseCanonical } from '../ceremony/canonical-json';
import { Base64, Hex, Sha256Hex } from '../ceremony/text-forms';

/** Most bytes of an envelope. */
export const MAX_ENVELOPE_BYTES = 8 * 1024;

const Envelope = v.strictObject({
  keyrite: v.literal('share-envelope/1'),
  /** Set id, 16 bytes. */
  set: v.pipe(Hex, v.length(32)),
  index: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(255)),
  /** SHA-256 of the SPKI of the token's key. */
  publicKeySha256: Sha256Hex,
  /** Hash of OAEP and its MGF1. */
  oaep: v.picklist(['sha256', 'sha1']),
  /** The one-time key, 32 bytes, under the token's. */
  encryptedKey: Base64,
  /** 12 bytes. */
  iv: Base64,
  /** The worksheet in UTF-8 under the one-time key, and the 16-byte tag; additional data is {@link shareOf}. */
  ciphertext: Base64,
});
export type ShareEnvelope = v.InferOutput<typeof Envelope>;

/** The envelope as bytes. */
export function writeEnvelope(envelope: ShareEnvelope): Buffer {
  return Buffer.from(canonicalBytes(envelope));
}

/** Reads an envelope; null when the bytes are none. */
export function readEnvelope(bytes: Uint8Array): ShareEnvelope | null {
  if (bytes.length > MAX_ENVELOPE_BYTES) return null;
  try {
    return v.parse(Envelope, parseCanonical(bytes));
  } catch {
    return null;
  }
}

/** What of an envelope its ciphertext is bound to. */
export function shareOf({ set, index }: Pick<ShareEnvelope, 'set' | 'index'>): Buffer {
  return Buffer.from(`keyrite/share-envelope/1\0${set}\0${String(index)}`, 'utf8');
}

/** Label of the key pair and of the envelope of a share on its custodian's token. */
export function shareLabel({ set, index }: Pick<ShareEnvelope, 'set' | 'index'>): string {
  return `keyrite:share:${set}:${String(index)}`;
}
