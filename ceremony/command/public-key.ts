/** Public keys ready for verifying; those used last are kept, for a bundle asks for the same few again and again. */
import { createPublicKey, type KeyObject } from 'node:crypto';

/** As many as are kept: more than a roster and its units have. */
const MOST = 128;

const kept = new Map<string, KeyObject>();

/**
 * The public key of a SubjectPublicKeyInfo, base64 of DER.
 *
 * @throws Error (of node:crypto) when it is none
 */
export function publicKeyOf(spki: string): KeyObject {
  const known = kept.get(spki);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  const oldest = kept.keys().next();
  if (kept.size >= MOST && oldest.done === false) kept.delete(oldest.value);
  kept.set(spki, key);
  return key;
}
