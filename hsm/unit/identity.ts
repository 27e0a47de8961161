/**
 * The identity key of a unit: made in the token, non-extractable, signs only. The unit's id is the SHA-256 of its
 * SubjectPublicKeyInfo; at each connect it signs a challenge, because serials and labels do not tell tokens apart.
 */
import { randomBytes } from 'node:crypto';
import { spkiSha256, type SignatureAlgorithm } from '../../ceremony/command/dsse';
import { DeviceError } from '../../ceremony/command/device-error';
import { identityChallenge } from '../../ceremony/command/statements';
import { CLASS, KEY_TYPE, type Template } from '../pkcs11/attributes';
import { attempt, unitChanged } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { plain } from '../pkcs11/mechanisms';
import type { Session } from '../pkcs11/session';
import { signAndVerify } from '../pkcs11/signing';
import { P256_PARAMS, spkiOf } from '../pkcs11/spki';
import { KEEPING, LABEL, USAGES, differences, onlyFor, readBack, type ReadBack } from './objects';
import { reading, type OpenToken } from './tokens';

/** An identity key found on a token. */
export interface Identity {
  readonly key: ObjectHandle;
  readonly id: string;
  /** base64 DER. */
  readonly spki: string;
  readonly algorithm: Extract<SignatureAlgorithm, 'ecdsa-p256-sha256' | 'rsa-pss-sha256'>;
}

const PRIVATE_ASKED: Template = {
  CKA_TOKEN: true,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_EXTRACTABLE: false,
  ...onlyFor('private-key', 'CKA_SIGN'),
};
const PUBLIC_ASKED: Template = { CKA_TOKEN: true, CKA_PRIVATE: false, ...onlyFor('public-key', 'CKA_VERIFY') };
const RSA_BITS = 3072;

/**
 * The identity key of a token; null when there is none, or only the half of a pair that a crash left.
 *
 * @throws DeviceError `UNIT_CHANGED` when there are several
 */
export function findIdentity(token: OpenToken): Identity | null {
  const { publics, privates } = identityObjects(token);
  if (publics.length > 1 || privates.length > 1) {
    const found = `${String(publics.length)} public and ${String(privates.length)} private keys`;
    throw unitChanged(token.of, `the identity key is not one pair: ${found}`);
  }
  const [publicKey, key] = [publics[0], privates[0]];
  if (publicKey === undefined || key === undefined) return null;
  return attempt(reading(token.of, 'reading the identity key'), () => identityOf(token, key, publicKey));
}

function identityObjects(token: OpenToken): { publics: ObjectHandle[]; privates: ObjectHandle[] } {
  return attempt(reading(token.of, 'looking for the identity key'), () => ({
    publics: token.session.find({ CKA_CLASS: CLASS['public-key'], CKA_LABEL: LABEL.identity }),
    privates: token.session.find({ CKA_CLASS: CLASS['private-key'], CKA_LABEL: LABEL.identity }),
  }));
}

function identityOf(token: OpenToken, key: ObjectHandle, publicKey: ObjectHandle): Identity {
  const spki = spkiOf(token.session, publicKey);
  if (spki === null) throw unitChanged(token.of, 'the public identity key cannot be read');
  const isRsa = token.session.get(publicKey, 'CKA_KEY_TYPE') === KEY_TYPE.rsa;
  return { key, id: spkiSha256(spki), spki, algorithm: isRsa ? 'rsa-pss-sha256' : 'ecdsa-p256-sha256' };
}

/**
 * The identity key, after it has proven itself on `nonce` (32 bytes hex) and equals `expected` where that is known.
 *
 * @throws DeviceError `UNIT_CHANGED` when there is none, it is another, or its signature does not hold
 */
export function proveIdentity(
  token: OpenToken,
  expected: string | null,
  nonce: string,
): { readonly identity: Identity; readonly signature: Uint8Array } {
  const identity = findIdentity(token);
  if (identity === null) throw unitChanged(token.of, 'the token has no identity key');
  if (expected !== null && identity.spki !== expected)
    throw unitChanged(token.of, 'the identity key is another than expected');
  // SECURITY(K-11): serial and label are believed of nobody.
  const signature = signAsUnit(token, identity, identityChallenge(nonce));
  return { identity, signature };
}

/** {@link proveIdentity} on a nonce of our own, for acts whose caller needs no signature. */
export function requireIdentity(token: OpenToken, expected: string | null): Identity {
  return proveIdentity(token, expected, randomBytes(32).toString('hex')).identity;
}

/** Signature of the identity key over a statement, verified. Throws DeviceError `UNIT_CHANGED` when it does not hold. */
export function signAsUnit(token: OpenToken, identity: Identity, statement: Uint8Array): Uint8Array {
  const signature = attempt(reading(token.of, 'signing with the identity key'), () =>
    signAndVerify(token.session, identity.key, identity.algorithm, identity.spki, statement),
  );
  if (signature === null)
    throw unitChanged(token.of, 'the signature of the identity key does not hold under its public key');
  return signature;
}

/**
 * Makes the identity key: P-256, or RSA-3072 where the token has no EC. Half a pair left by a crash is removed first;
 * a whole one is kept.
 *
 * @throws DeviceError; `KEY_NOT_AS_ASKED` when the key is not sign-only and non-extractable, and was destroyed
 */
export function makeIdentity(token: OpenToken): { readonly identity: Identity; readonly attributes: ReadBack } {
  const { session, of } = token;
  if (findIdentity(token) === null) {
    const { publics, privates } = identityObjects(token);
    const circumstance = {
      of,
      doing: 'making the identity key',
      changed: 'The unit has no identity yet.',
      changes: true,
    };
    attempt(circumstance, () => {
      for (const half of [...publics, ...privates]) session.destroy(half);
      generate(session, token.probed().ec);
    });
  }
  const identity = findIdentity(token);
  if (identity === null) throw unitChanged(of, 'the identity key was made and is not there');
  const attributes = attempt(reading(of, 'reading the identity key back'), () =>
    readBack(session, identity.key, [...KEEPING, ...USAGES['private-key']]),
  );
  const wrong = differences(PRIVATE_ASKED, attributes);
  if (wrong.length > 0) {
    removeIdentity(token);
    throw new DeviceError({
      code: 'KEY_NOT_AS_ASKED',
      message: `${of}: the token made the identity key with other attributes than asked: ${wrong.join(', ')}.`,
      changed: 'The key was destroyed; the unit has no identity.',
      next: 'Use another token: this one does not keep a key as it is told to.',
      uncertain: false,
    });
  }
  return { identity, attributes };
}

function generate(session: Session, ec: boolean): void {
  const id = randomBytes(16);
  const publicTemplate: Template = { ...PUBLIC_ASKED, CKA_LABEL: LABEL.identity, CKA_ID: id };
  const privateTemplate: Template = { ...PRIVATE_ASKED, CKA_LABEL: LABEL.identity, CKA_ID: id };
  if (ec) {
    session.generateKeyPair(
      plain('CKM_EC_KEY_PAIR_GEN'),
      { ...publicTemplate, CKA_EC_PARAMS: P256_PARAMS },
      privateTemplate,
    );
  } else {
    const size: Template = { CKA_MODULUS_BITS: RSA_BITS, CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]) };
    session.generateKeyPair(plain('CKM_RSA_PKCS_KEY_PAIR_GEN'), { ...publicTemplate, ...size }, privateTemplate);
  }
}

function removeIdentity(token: OpenToken): void {
  const { publics, privates } = identityObjects(token);
  attempt(
    { of: token.of, doing: 'destroying the identity key', changed: 'The key may still be there.', changes: true },
    () => {
      for (const object of [...publics, ...privates]) token.session.destroy(object);
    },
  );
}
