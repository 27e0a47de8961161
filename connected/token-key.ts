/** The public key of an import token, in whichever of its forms the service sends it. */
import { createPublicKey } from 'node:crypto';

/**
 * DER SPKI of a token's public key. Accepted: base64 of PEM (as documented), PEM, base64 of DER SPKI (as samples show).
 * Returns null for anything else.
 */
export function tokenPublicKey(payload: string): Uint8Array | null {
  try {
    if (payload.startsWith('-----BEGIN')) return fromPem(payload);
    const bytes = Buffer.from(payload, 'base64');
    const text = bytes.toString('latin1');
    if (text.startsWith('-----BEGIN')) return fromPem(text);
    return createPublicKey({ key: bytes, format: 'der', type: 'spki' }).export({ format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

function fromPem(pem: string): Uint8Array | null {
  // createPublicKey would also take a private key and give its public half.
  if (!pem.startsWith('-----BEGIN PUBLIC KEY-----')) return null;
  return createPublicKey(pem).export({ format: 'der', type: 'spki' });
}
