/** Keys that a unit would make, for tests of the share process. */
import { constants, generateKeyPairSync, privateDecrypt, sign, type KeyObject } from 'node:crypto';
import { importKeyStatement } from '../../ceremony/command/statements';
import type { ImportKey } from '../../ceremony/engine/ports';

/** A unit with an identity key and an import key. */
export interface UnitKeys {
  readonly importKey: ImportKey;
  readonly identity: { readonly spki: string; readonly algorithm: string };
  /** What the unit's C_UnwrapKey would find. */
  unwrap(wrapped: string): Buffer;
}

const spkiOf = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('base64');

/** Makes the keys of a unit; `identity` says which algorithm its identity key has. */
export function makeUnitKeys(oaep: 'sha256' | 'sha1', identity: 'ecdsa-p256-sha256' | 'rsa-pss-sha256'): UnitKeys {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signer =
    identity === 'rsa-pss-sha256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = spkiOf(rsa.publicKey);
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const signature = sign('sha256', importKeyStatement(spki, oaep), {
    key: signer.privateKey,
    ...(identity === 'rsa-pss-sha256' ? padding : {}),
  });
  return {
    importKey: { spki, bits: 2048, oaep, signature: signature.toString('base64') },
    identity: { spki: spkiOf(signer.publicKey), algorithm: identity },
    unwrap: (wrapped) =>
      privateDecrypt(
        { key: rsa.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaep },
        Buffer.from(wrapped, 'base64'),
      ),
  };
}
