/** SubjectPublicKeyInfo of public key objects, and public key objects from SubjectPublicKeyInfo. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { CLASS, KEY_TYPE, asBuffer, type Template } from './attributes';
import type { ObjectHandle } from './handles';
import type { Session } from './session';

interface Curve {
  readonly jwk: string;
  readonly coordinateBytes: number;
}

/** Named curves by the DER of CKA_EC_PARAMS, hex. */
const CURVES: ReadonlyMap<string, Curve> = new Map([
  ['06082a8648ce3d030107', { jwk: 'P-256', coordinateBytes: 32 }],
  ['06052b81040022', { jwk: 'P-384', coordinateBytes: 48 }],
  ['06052b81040023', { jwk: 'P-521', coordinateBytes: 66 }],
]);

/** DER of the object identifier of P-256, for CKA_EC_PARAMS. */
export const P256_PARAMS: Uint8Array = Buffer.from('06082a8648ce3d030107', 'hex');

/** DER of the object identifiers of the curves that people's keys are on, for CKA_EC_PARAMS. */
export const CURVE_PARAMS = {
  'ecdsa-p256-sha256': P256_PARAMS,
  'ecdsa-p384-sha384': Buffer.from('06052b81040022', 'hex'),
  'ecdsa-p521-sha512': Buffer.from('06052b81040023', 'hex'),
  ed25519: Buffer.from('06032b6570', 'hex'),
} as const satisfies Readonly<Record<string, Uint8Array>>;

/**
 * base64 DER SubjectPublicKeyInfo of a public key object: RSA, P-256, P-384, P-521 or Ed25519. Returns null when the
 * token does not tell the parts, or they are no such key. Throws CryptokiError.
 */
export function spkiOf(session: Session, publicKey: ObjectHandle): string | null {
  const jwk = jwkOf(session, publicKey);
  if (jwk === null) return null;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' }).toString('base64');
  } catch {
    return null;
  }
}

function jwkOf(session: Session, publicKey: ObjectHandle): JsonWebKey | null {
  switch (session.get(publicKey, 'CKA_KEY_TYPE')) {
    case KEY_TYPE.rsa: {
      const n = session.get(publicKey, 'CKA_MODULUS');
      const e = session.get(publicKey, 'CKA_PUBLIC_EXPONENT');
      return n === null || e === null ? null : { kty: 'RSA', n: base64url(unsigned(n)), e: base64url(unsigned(e)) };
    }
    case KEY_TYPE.ec: {
      const params = session.get(publicKey, 'CKA_EC_PARAMS');
      const point = session.get(publicKey, 'CKA_EC_POINT');
      return params === null || point === null ? null : ecJwk(params, point);
    }
    case KEY_TYPE['ec-edwards']: {
      const point = session.get(publicKey, 'CKA_EC_POINT');
      const raw = point === null ? null : inner(point, 32, 0x04);
      return raw === null ? null : { kty: 'OKP', crv: 'Ed25519', x: base64url(raw) };
    }
    default:
      return null;
  }
}

function ecJwk(params: Uint8Array, point: Uint8Array): JsonWebKey | null {
  const curve = CURVES.get(asBuffer(params).toString('hex'));
  if (curve === undefined) return null;
  const size = curve.coordinateBytes;
  const raw = inner(point, 1 + 2 * size, 0x04);
  if (raw?.[0] !== 0x04) return null;
  return {
    kty: 'EC',
    crv: curve.jwk,
    x: base64url(raw.subarray(1, 1 + size)),
    y: base64url(raw.subarray(1 + size)),
  };
}

/** The point itself: the standard wraps it in a DER OCTET STRING, some modules do not. */
function inner(point: Uint8Array, length: number, octetString: number): Uint8Array | null {
  if (point.length === length) return point;
  const header = length < 0x80 ? [octetString, length] : [octetString, 0x81, length];
  const isWrapped = point.length === header.length + length && header.every((byte, at) => point[at] === byte);
  return isWrapped ? point.subarray(header.length) : null;
}

/**
 * Template of a session public key object for wrapping to an RSA key given as base64 DER SubjectPublicKeyInfo.
 *
 * @throws RangeError when it is no RSA public key
 */
export function rsaWrappingKey(spki: string): Template {
  const jwk = rsaJwk(spki);
  return {
    CKA_CLASS: CLASS['public-key'],
    CKA_KEY_TYPE: KEY_TYPE.rsa,
    CKA_TOKEN: false,
    CKA_PRIVATE: false,
    CKA_WRAP: true,
    CKA_ENCRYPT: false,
    CKA_VERIFY: false,
    CKA_MODULUS: jwk.n,
    CKA_PUBLIC_EXPONENT: jwk.e,
  };
}

/** Length of an RSA modulus in bytes, from base64 DER SubjectPublicKeyInfo. Throws RangeError when it is no RSA key. */
export function rsaModulusBytes(spki: string): number {
  return rsaJwk(spki).n.length;
}

function rsaJwk(spki: string): { readonly n: Buffer; readonly e: Buffer } {
  let jwk: JsonWebKey;
  try {
    jwk = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  } catch {
    throw new RangeError('public key: expected DER SubjectPublicKeyInfo');
  }
  if (jwk.kty !== 'RSA' || jwk.n === undefined || jwk.e === undefined) {
    throw new RangeError(`public key: expected RSA, got ${String(jwk.kty)}`);
  }
  return { n: Buffer.from(jwk.n, 'base64url'), e: Buffer.from(jwk.e, 'base64url') };
}

/** Big-endian number without leading zeros, which some modules add. */
function unsigned(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  return bytes.subarray(start);
}

function base64url(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64url');
}
