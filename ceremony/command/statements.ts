/** What a unit's identity key signs. */

/** Bytes that a unit's identity key signs to prove itself: a fixed prefix and a fresh nonce (32 bytes hex). */
export function identityChallenge(nonce: string): Uint8Array {
  return Buffer.from(`keyrite/identity-challenge/1\0${nonce}`, 'utf8');
}

/** Bytes that a unit's identity key signs to vouch for an import key it made; `spki` is base64 DER. */
export function importKeyStatement(spki: string, oaep: 'sha256' | 'sha1'): Uint8Array {
  return Buffer.from(`keyrite/import-key/1\0${oaep}\0${spki}`, 'utf8');
}
