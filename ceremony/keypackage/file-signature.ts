/** Signatures inside a file: over its RFC 8785 form without the `signature` member (DESIGN.md section 9). */
import * as v from 'valibot';
import { canonicalBytes, type JsonObject } from '../canonical-json';
import {
  SIGNATURE_ALGORITHMS,
  isValidSignature,
  preAuthenticationEncoding,
  type PayloadType,
  type SigningKey,
} from '../command/dsse';
import { Base64, Id } from '../text-forms';

/** Who signed a file, how, and the signature in base64. */
export const FileSignature = v.strictObject({ by: Id, algorithm: v.picklist(SIGNATURE_ALGORITHMS), value: Base64 });
export type FileSignature = v.InferOutput<typeof FileSignature>;

/** A file that may carry a signature. */
export type SignableFile = JsonObject & { readonly signature: FileSignature | null };

/** The bytes that a file's signature is over: DSSE pre-authentication encoding of its form without `signature`. */
export function bytesToSign(payloadType: PayloadType, file: SignableFile): Uint8Array {
  const { signature: _left, ...rest } = file;
  return preAuthenticationEncoding(payloadType, canonicalBytes(rest));
}

/** Whether a file carries a valid signature by this key; false when it carries none. */
export function isSignedBy(payloadType: PayloadType, file: SignableFile, key: SigningKey): boolean {
  const { signature } = file;
  if (signature === null || signature.algorithm !== key.algorithm) return false;
  return isValidSignature(key, bytesToSign(payloadType, file), Buffer.from(signature.value, 'base64'));
}
