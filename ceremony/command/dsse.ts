/**
 * DSSE 1.0.2 (Dead Simple Signing Envelope) with the rules of DESIGN.md section 8: the key and its algorithm come from
 * the roster, never from the envelope; ECDSA signatures are strict DER; PSS uses MGF1-SHA-256 and a salt of 32 bytes.
 */
import { createHash, verify as verifySignature, constants } from 'node:crypto';
import * as v from 'valibot';
import { canonicalBytes, parseCanonical, type Json } from '../canonical-json';
import { Base64, Id } from '../text-forms';
import { isProperKey } from '../transcript/roster-key';
import { publicKeyOf } from './public-key';

/** Signature algorithms a participant's key can have. */
export const SIGNATURE_ALGORITHMS = [
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'ecdsa-p521-sha512',
  'rsa-pss-sha256',
  'ed25519',
] as const;

/** One of {@link SIGNATURE_ALGORITHMS}. */
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** A public key and how it signs; `spki` is base64 of DER SubjectPublicKeyInfo. */
export interface SigningKey {
  readonly algorithm: SignatureAlgorithm;
  readonly spki: string;
}

/** Schema of an envelope; `payload` and `sig` are base64, `keyid` a participant's id. */
export const Envelope = v.strictObject({
  payload: Base64,
  payloadType: v.pipe(v.string(), v.regex(/^application\/vnd\.keyrite\.[a-z-]+$/)),
  signatures: v.array(v.strictObject({ keyid: Id, sig: Base64 })),
});

/** A signed payload. Signatures are sorted by `keyid`; one each. */
export type Envelope = v.InferOutput<typeof Envelope>;

/** Payload types of everything that is signed in a ceremony. */
export const PAYLOAD_TYPES = {
  checkpoint: 'application/vnd.keyrite.checkpoint',
  presence: 'application/vnd.keyrite.presence',
  command: 'application/vnd.keyrite.command',
  exception: 'application/vnd.keyrite.exception',
  approval: 'application/vnd.keyrite.approval',
  enrolment: 'application/vnd.keyrite.enrolment',
  custody: 'application/vnd.keyrite.custody',
  share: 'application/vnd.keyrite.share',
  parameters: 'application/vnd.keyrite.wrapping-parameters',
  receipt: 'application/vnd.keyrite.receipt',
  cosignature: 'application/vnd.keyrite.cosignature',
} as const;

/** One of the values of {@link PAYLOAD_TYPES}. */
export type PayloadType = (typeof PAYLOAD_TYPES)[keyof typeof PAYLOAD_TYPES];

/** The bytes that are signed: DSSE pre-authentication encoding of a payload type and payload. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, 'utf8');
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${String(type.length)} `),
    type,
    Buffer.from(` ${String(payload.length)} `),
    payload,
  ]);
}

/** An envelope over the canonical bytes of `payload`, its signatures sorted by participant. */
export function envelope(
  payloadType: PayloadType,
  payload: Json,
  signatures: ReadonlyMap<string, Uint8Array>,
): Envelope {
  return {
    payload: Buffer.from(canonicalBytes(payload)).toString('base64'),
    payloadType,
    signatures: [...signatures]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([keyid, sig]) => ({ keyid, sig: Buffer.from(sig).toString('base64') })),
  };
}

/**
 * The payload of an envelope as canonical JSON.
 *
 * @throws RangeError when the payload is not canonical JSON
 */
export function openPayload(sealed: Envelope): Json {
  return parseCanonical(Buffer.from(sealed.payload, 'base64'));
}

/**
 * The people of `keys` whose signature on the envelope is valid. One public key counts once, under the first id that
 * has it. Returns an empty list when the payload type is another than expected.
 */
export function validSigners(
  sealed: Envelope,
  payloadType: PayloadType,
  keys: ReadonlyMap<string, SigningKey>,
): string[] {
  if (sealed.payloadType !== payloadType) return [];
  const message = preAuthenticationEncoding(payloadType, Buffer.from(sealed.payload, 'base64'));
  const counted = new Set<string>();
  const signers: string[] = [];
  for (const { keyid, sig } of sealed.signatures) {
    const key = keys.get(keyid);
    if (key === undefined || counted.has(key.spki) || signers.includes(keyid)) continue;
    if (!isValidSignature(key, message, Buffer.from(sig, 'base64'))) continue;
    counted.add(key.spki);
    signers.push(keyid);
  }
  return signers;
}

/** Whether `signature` by `key` over `message` holds. Returns false, and never throws, for malformed keys and signatures. */
export function isValidSignature(key: SigningKey, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    if (!isProperKey(key)) return false;
    const publicKey = publicKeyOf(key.spki);
    if (!keyMatches(key.algorithm, publicKey.asymmetricKeyType, publicKey.asymmetricKeyDetails?.namedCurve))
      return false;
    switch (key.algorithm) {
      case 'ecdsa-p256-sha256':
      case 'ecdsa-p384-sha384':
      case 'ecdsa-p521-sha512':
        return isStrictDer(signature) && verifySignature(HASHES[key.algorithm], message, publicKey, signature);
      case 'rsa-pss-sha256':
        // OpenSSL alone also takes a signature whose first bytes are zero and left out.
        if (signature.length * 8 !== wholeBytes(publicKey.asymmetricKeyDetails?.modulusLength)) return false;
        return verifySignature(
          'sha256',
          message,
          { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
          signature,
        );
      case 'ed25519':
        return verifySignature(null, message, publicKey, signature);
    }
  } catch {
    return false;
  }
}

function wholeBytes(bits = 0): number {
  return 8 * Math.ceil(bits / 8);
}

/** Hash that an ECDSA algorithm of ours signs. */
export const HASHES = {
  'ecdsa-p256-sha256': 'sha256',
  'ecdsa-p384-sha384': 'sha384',
  'ecdsa-p521-sha512': 'sha512',
} as const;

const CURVES: Readonly<Record<keyof typeof HASHES, string>> = {
  'ecdsa-p256-sha256': 'prime256v1',
  'ecdsa-p384-sha384': 'secp384r1',
  'ecdsa-p521-sha512': 'secp521r1',
};

/** The id of a public key: lower-case hex SHA-256 of its DER SubjectPublicKeyInfo (given in base64). */
export function spkiSha256(spki: string): string {
  return createHash('sha256').update(Buffer.from(spki, 'base64')).digest('hex');
}

/**
 * Strict DER of a PKCS#11 ECDSA signature r‖s (two halves of equal length, big-endian).
 *
 * @throws RangeError for an empty or odd-length signature
 */
export function ecdsaDer(raw: Uint8Array): Uint8Array {
  if (raw.length === 0 || raw.length % 2 !== 0) {
    throw new RangeError(`ECDSA signature: expected r‖s of even length, got ${String(raw.length)} bytes`);
  }
  const half = raw.length / 2;
  const body = Buffer.concat([derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half))]);
  return Buffer.concat([Buffer.from([0x30]), derLength(body.length), body]);
}

function derInteger(unsigned: Uint8Array): Buffer {
  let start = 0;
  while (start < unsigned.length - 1 && unsigned[start] === 0) start += 1;
  const digits = unsigned.subarray(start);
  const sign = (digits[0] ?? 0) >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0);
  const value = Buffer.concat([sign, digits]);
  return Buffer.concat([Buffer.from([0x02]), derLength(value.length), value]);
}

function derLength(length: number): Buffer {
  return length < 0x80 ? Buffer.from([length]) : Buffer.from([0x81, length]);
}

/** Whether bytes are SEQUENCE{INTEGER, INTEGER} in DER with nothing behind: OpenSSL alone also takes looser forms. */
function isStrictDer(signature: Uint8Array): boolean {
  const bytes = Buffer.from(signature);
  const long = bytes[1] === 0x81;
  const start = long ? 3 : 2;
  const length = long ? bytes[2] : bytes[1];
  if (bytes[0] !== 0x30 || length === undefined || length !== bytes.length - start || (long && length < 0x80))
    return false;
  const next = endOfPositiveInteger(bytes, start);
  return next !== null && endOfPositiveInteger(bytes, next) === bytes.length;
}

function endOfPositiveInteger(bytes: Buffer, at: number): number | null {
  const length = bytes[at + 1];
  const first = bytes[at + 2];
  const second = bytes[at + 3];
  if (bytes[at] !== 0x02 || length === undefined || length === 0 || length >= 0x80 || first === undefined) return null;
  if (first >= 0x80) return null;
  if (first === 0 && length > 1 && (second ?? 0) < 0x80) return null;
  return at + 2 + length;
}

function keyMatches(algorithm: SignatureAlgorithm, type: string | undefined, curve: string | undefined): boolean {
  switch (algorithm) {
    case 'rsa-pss-sha256':
      return type === 'rsa';
    case 'ed25519':
      return type === 'ed25519';
    default:
      return type === 'ec' && curve === CURVES[algorithm];
  }
}
