/**
 * Attributes by name, with the kind of value each has. pkcs11js ends the whole process on a value of a wrong JavaScript
 * type (measured: SIGABRT), so nothing reaches it but what this table lets through.
 */

const TABLE = {
  CKA_CLASS: [0x000, 'ulong'],
  CKA_TOKEN: [0x001, 'bool'],
  CKA_PRIVATE: [0x002, 'bool'],
  CKA_LABEL: [0x003, 'text'],
  CKA_APPLICATION: [0x010, 'text'],
  CKA_VALUE: [0x011, 'bytes'],
  CKA_CERTIFICATE_TYPE: [0x080, 'ulong'],
  CKA_TRUSTED: [0x086, 'bool'],
  CKA_CHECK_VALUE: [0x090, 'bytes'],
  CKA_KEY_TYPE: [0x100, 'ulong'],
  CKA_ID: [0x102, 'bytes'],
  CKA_SENSITIVE: [0x103, 'bool'],
  CKA_ENCRYPT: [0x104, 'bool'],
  CKA_DECRYPT: [0x105, 'bool'],
  CKA_WRAP: [0x106, 'bool'],
  CKA_UNWRAP: [0x107, 'bool'],
  CKA_SIGN: [0x108, 'bool'],
  CKA_SIGN_RECOVER: [0x109, 'bool'],
  CKA_VERIFY: [0x10a, 'bool'],
  CKA_VERIFY_RECOVER: [0x10b, 'bool'],
  CKA_DERIVE: [0x10c, 'bool'],
  CKA_MODULUS: [0x120, 'bytes'],
  CKA_MODULUS_BITS: [0x121, 'ulong'],
  CKA_PUBLIC_EXPONENT: [0x122, 'bytes'],
  CKA_PRIVATE_EXPONENT: [0x123, 'bytes'],
  CKA_PRIME_1: [0x124, 'bytes'],
  CKA_PRIME_2: [0x125, 'bytes'],
  CKA_EXPONENT_1: [0x126, 'bytes'],
  CKA_EXPONENT_2: [0x127, 'bytes'],
  CKA_COEFFICIENT: [0x128, 'bytes'],
  CKA_VALUE_LEN: [0x161, 'ulong'],
  CKA_EXTRACTABLE: [0x162, 'bool'],
  CKA_LOCAL: [0x163, 'bool'],
  CKA_NEVER_EXTRACTABLE: [0x164, 'bool'],
  CKA_ALWAYS_SENSITIVE: [0x165, 'bool'],
  CKA_KEY_GEN_MECHANISM: [0x166, 'ulong'],
  CKA_MODIFIABLE: [0x170, 'bool'],
  CKA_COPYABLE: [0x171, 'bool'],
  CKA_DESTROYABLE: [0x172, 'bool'],
  CKA_EC_PARAMS: [0x180, 'bytes'],
  CKA_EC_POINT: [0x181, 'bytes'],
  CKA_ALWAYS_AUTHENTICATE: [0x202, 'bool'],
  CKA_WRAP_WITH_TRUSTED: [0x210, 'bool'],
  /** CK_MECHANISM_TYPEs one after the other, in the machine's order. */
  CKA_ALLOWED_MECHANISMS: [0x40000600, 'bytes'],
  /** NSS's own, at the unwrapping of a private key: its public key, by which it is found again. */
  CKA_NSS_DB: [0xd5a0db00, 'bytes'],
} as const;

interface Kinds {
  readonly bool: boolean;
  /** 0 to 2^32 − 1: pkcs11js cuts anything longer. */
  readonly ulong: number;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Name of an attribute Keyrite uses. */
export type AttributeName = keyof typeof TABLE;
/** What a value of this attribute is in JavaScript. */
export type AttributeValue<N extends AttributeName> = Kinds[(typeof TABLE)[N][1]];
/** Attributes to create, find or change an object with. */
export type Template = { readonly [N in AttributeName]?: AttributeValue<N> };
/** An attribute as pkcs11js takes it. */
export interface NativeAttribute {
  readonly type: number;
  readonly value: boolean | number | Buffer;
}

/** Longest attribute value that is read: 1 MiB. */
const MAX_VALUE_BYTES = 1024 * 1024;
const MAX_ULONG = 0xffffffff;

/** Object classes (CKO_). */
export const CLASS = { data: 0, certificate: 1, 'public-key': 2, 'private-key': 3, 'secret-key': 4 } as const;
/** Key types (CKK_). */
export const KEY_TYPE = { rsa: 0, ec: 3, 'generic-secret': 0x10, aes: 0x1f, 'ec-edwards': 0x40 } as const;

/** Number of an attribute. */
export function attributeType(name: AttributeName): number {
  return TABLE[name][0];
}

/**
 * A template in the form pkcs11js takes.
 *
 * @throws TypeError for a value of the wrong type, RangeError for an unknown name or a number outside 0 to 2^32 − 1
 */
export function encodeTemplate(template: Template): NativeAttribute[] {
  return Object.entries(template).map(([name, value]) => {
    if (!isAttributeName(name)) throw new RangeError(`attribute: expected a known name, got ${name}`);
    return { type: TABLE[name][0], value: encode(name, value) };
  });
}

function isAttributeName(name: string): name is AttributeName {
  return Object.hasOwn(TABLE, name);
}

function encode(name: AttributeName, value: unknown): boolean | number | Buffer {
  const wrong = (expected: string): TypeError => new TypeError(`${name}: expected ${expected}, got ${typeof value}`);
  switch (TABLE[name][1]) {
    case 'bool':
      if (typeof value !== 'boolean') throw wrong('a boolean');
      return value;
    case 'ulong':
      if (typeof value !== 'number') throw wrong('a number');
      if (!Number.isInteger(value) || value < 0 || value > MAX_ULONG) {
        throw new RangeError(`${name}: expected an integer from 0 to 2^32 − 1, got ${String(value)}`);
      }
      return value;
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw wrong('bytes');
      return asBuffer(value);
    case 'text':
      if (typeof value !== 'string') throw wrong('text');
      return Buffer.from(value, 'utf8');
  }
}

/**
 * The value of an attribute from the bytes that the module gave. Returns null when they cannot be a value of this
 * attribute, as when a module answers "unavailable" or with a wrong length.
 */
export function decodeValue<N extends AttributeName>(name: N, bytes: Uint8Array): AttributeValue<N> | null {
  return decode(TABLE[name][1], asBuffer(bytes)) as AttributeValue<N> | null;
}

function decode(kind: keyof Kinds, bytes: Buffer): Kinds[keyof Kinds] | null {
  if (bytes.length > MAX_VALUE_BYTES) return null;
  switch (kind) {
    case 'bool':
      return bytes.length === 1 ? bytes[0] !== 0 : null;
    case 'ulong':
      return decodeUlong(bytes);
    case 'bytes':
      return bytes;
    case 'text':
      return bytes.toString('utf8');
  }
}

/** CK_ULONG in the machine's order (little-endian on everything Node runs on), 4 or 8 bytes; all ones is "unavailable". */
function decodeUlong(bytes: Buffer): number | null {
  if (bytes.length === 4) return bytes.readUInt32LE(0) === MAX_ULONG ? null : bytes.readUInt32LE(0);
  if (bytes.length !== 8) return null;
  const value = bytes.readBigUInt64LE(0);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(value);
}

/** The same memory as a Buffer: pkcs11js takes nothing else for bytes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
