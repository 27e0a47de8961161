/**
 * What a Marvell LiquidSecurity HSM says of a key and signs: header, one or two objects of attributes, and an RSA signature
 * of 256 bytes over all of it (format 2, of firmware 3; read off genuine attestations, since Marvell publishes no
 * specification). All numbers are big-endian.
 */
import { AttestationError } from './attestation-error';

/** Attributes that are asked for, by their PKCS#11 numbers; the last one is Marvell's own. */
export const ATTESTED = {
  class: 0x0,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  decrypt: 0x105,
  unwrap: 0x107,
  extractable: 0x162,
  local: 0x163,
  neverExtractable: 0x164,
  /** SHA-256 of the key's DER SPKI, 32 bytes. */
  spkiSha256: 0x1003,
} as const;

/** An object of a token: values by the numbers of the attributes. */
export type AttestedObject = ReadonlyMap<number, Uint8Array>;

/** A statement in its parts; whether the signature holds is for {@link isSignedByPartition} to say. */
export interface MarvellStatement {
  readonly objects: readonly AttestedObject[];
  /** Everything before the signature. */
  readonly signed: Uint8Array;
  /** 256 bytes: RSASSA-PKCS1-v1_5 with SHA-256. */
  readonly signature: Uint8Array;
}

const HEADER = 16;
const OBJECT_HEADER = 12;
const SIGNATURE = 256;
const MOST_BYTES = 64 * 1024;
const MOST_ATTRIBUTES = 256;

/**
 * Takes a statement apart. Every length must fit: nothing of it may be left unread but the bytes between the headers.
 *
 * @param bytes the statement as the HSM gave it, unpacked; at most 64 KiB
 * @throws AttestationError when it is none, or of another format
 */
export function readMarvellStatement(bytes: Uint8Array): MarvellStatement {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.length < HEADER + 8 + SIGNATURE || view.length > MOST_BYTES) throw strange('its length');
  const [answer, , whole, inner] = [0, 4, 8, 12].map((at) => view.readUInt32BE(at));
  const start = view.length - SIGNATURE - (inner ?? 0);
  if (answer !== 0 || whole !== view.length || start < HEADER) throw strange('its header');
  const end = view.length - SIGNATURE;
  if (end - start < 8 || view.readUInt16BE(start) !== 1) throw strange('its version');
  const offsets = [view.readUInt16BE(start + 4), view.readUInt16BE(start + 6)].filter((offset) => offset !== 0);
  const objects: AttestedObject[] = [];
  let at = start + 8;
  for (const offset of offsets) {
    if (start + offset !== at) throw strange('the place of an object');
    const [object, next] = readObject(view.subarray(0, end), at);
    objects.push(object);
    at = next;
  }
  if (objects.length === 0 || at !== end) throw strange('what is behind its objects');
  return { objects, signed: bytes.subarray(0, end), signature: bytes.subarray(end) };
}

/** An object and where it ends. */
function readObject(view: Buffer, start: number): [AttestedObject, number] {
  if (start + OBJECT_HEADER > view.length) throw strange('the length of an object');
  const count = view.readUInt32BE(start + 4);
  const size = view.readUInt32BE(start + 8);
  if (count > MOST_ATTRIBUTES) throw strange('the number of attributes');
  const attributes = new Map<number, Uint8Array>();
  let at = start + OBJECT_HEADER;
  for (let index = 0; index < count; index += 1) {
    if (at + 8 > view.length) throw strange('the length of an attribute');
    const type = view.readUInt32BE(at);
    const length = view.readUInt32BE(at + 4);
    if (at + 8 + length > view.length) throw strange('the length of an attribute');
    if (attributes.has(type)) throw strange('an attribute that is there twice');
    attributes.set(type, view.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  if (at !== start + OBJECT_HEADER + size) throw strange('the length of an object');
  return [attributes, at];
}

function strange(what: string): AttestationError {
  return new AttestationError(`the attestation is not of a form that is known: ${what}`);
}
