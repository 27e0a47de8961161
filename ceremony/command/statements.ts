/** What a unit's identity key signs. */

/** Bytes that a unit's identity key signs to prove itself: a fixed prefix and a fresh nonce (32 bytes hex). */
export function identityChallenge(nonce: string): Uint8Array {
  return Buffer.from(`keyrite/identity-challenge/1\0${nonce}`, 'utf8');
}

/** Bytes that a unit's identity key signs to vouch for an import key it made; `spki` is base64 DER. */
export function importKeyStatement(spki: string, oaep: 'sha256' | 'sha1'): Uint8Array {
  return Buffer.from(`keyrite/import-key/1\0${oaep}\0${spki}`, 'utf8');
}

/** Bytes that a custodian's signing key signs to vouch for the key pair on the same token that a share is encrypted to. */
export function shareKeyStatement(key: {
  readonly set: string;
  readonly index: number;
  readonly spki: string;
  readonly oaep: 'sha256' | 'sha1';
}): Uint8Array {
  return Buffer.from(`keyrite/share-key/1\0${key.set}\0${String(key.index)}\0${key.oaep}\0${key.spki}`, 'utf8');
}

/** The same for a key with which a key is agreed by ECDH; `kdf`: how the shared secret becomes that key. */
export function agreementKeyStatement(spki: string, kdf: 'sha256' | 'none'): Uint8Array {
  return Buffer.from(`keyrite/agreement-key/1\0${kdf}\0${spki}`, 'utf8');
}
