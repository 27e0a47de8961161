/** Mechanisms with their parameters, built by name so that no wrong type reaches pkcs11js. */
import { asBuffer } from './attributes';

/** Mechanisms Keyrite uses or probes (PKCS#11 3.1; 0x210a and 0x210b mean different things to different modules). */
export const MECHANISMS = {
  CKM_RSA_PKCS_KEY_PAIR_GEN: 0x0000,
  CKM_RSA_PKCS_OAEP: 0x0009,
  CKM_RSA_PKCS_PSS: 0x000d,
  CKM_SHA256_RSA_PKCS_PSS: 0x0043,
  CKM_SHA_1: 0x0220,
  CKM_SHA256: 0x0250,
  CKM_SHA256_HMAC: 0x0251,
  CKM_SHA384: 0x0260,
  CKM_SHA512: 0x0270,
  CKM_XOR_BASE_AND_DATA: 0x0364,
  CKM_EC_KEY_PAIR_GEN: 0x1040,
  CKM_ECDSA: 0x1041,
  CKM_ECDH1_DERIVE: 0x1050,
  CKM_EC_EDWARDS_KEY_PAIR_GEN: 0x1055,
  CKM_EDDSA: 0x1057,
  CKM_AES_KEY_GEN: 0x1080,
  CKM_AES_ECB: 0x1081,
  CKM_AES_CBC: 0x1082,
  CKM_AES_GCM: 0x1087,
  CKM_AES_CMAC: 0x108a,
  CKM_AES_KEY_WRAP: 0x2109,
  CKM_AES_KEY_WRAP_PAD: 0x210a,
  CKM_AES_KEY_WRAP_KWP: 0x210b,
} as const;

/** Name of one of {@link MECHANISMS}. */
export type MechanismName = keyof typeof MECHANISMS;

/** Hash of OAEP and of its mask generation function, as Keyrite uses it. */
export type OaepHash = 'sha1' | 'sha256';

/** The same with the longer ones, which are only probed. */
export type AnyOaepHash = OaepHash | 'sha384' | 'sha512';

/** Which of the two structures for AES-GCM a module takes: PKCS#11 2.20 draft (40 bytes) or 2.40 and later (48 bytes). */
export type GcmForm = 'v2.40' | 'v2.20';

/** A mechanism as pkcs11js takes it. */
export interface Mechanism {
  readonly mechanism: number;
  readonly parameter?: Buffer | NativeParameter;
}

interface NativeParameter {
  readonly type: number;
  readonly [field: string]: number | Buffer;
}

/** pkcs11js's numbers for the parameter structures it can build (CK_PARAMS_*). */
const STRUCTURE = { gcm220: 3, oaep: 4, pss: 5, ecdh: 6, gcm240: 7 } as const;
const MGF1 = { sha1: 1, sha256: 2, sha384: 3, sha512: 4 } as const;
const HASH = {
  sha1: MECHANISMS.CKM_SHA_1,
  sha256: MECHANISMS.CKM_SHA256,
  sha384: MECHANISMS.CKM_SHA384,
  sha512: MECHANISMS.CKM_SHA512,
} as const;
/** CKD_NULL: the derived key is the shared secret itself. CKD_SHA256_KDF: ANSI X9.63 with SHA-256. */
const KDF = { none: 1, sha256: 6 } as const;
/** How a shared secret becomes a key. */
export type AgreementKdf = keyof typeof KDF;
/** CKZ_DATA_SPECIFIED: NSS refuses OAEP without it, even with an empty label. */
const DATA_SPECIFIED = 1;

/** A mechanism without parameters. */
export function plain(name: MechanismName): Mechanism {
  return { mechanism: MECHANISMS[name] };
}

/** RSAES-OAEP with an empty label, the same hash for message and mask. */
export function oaep(hash: AnyOaepHash): Mechanism {
  return {
    mechanism: MECHANISMS.CKM_RSA_PKCS_OAEP,
    parameter: { type: STRUCTURE.oaep, hashAlg: HASH[hash], mgf: MGF1[hash], source: DATA_SPECIFIED },
  };
}

/**
 * RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes.
 *
 * @param input what the token is given: the hash, or the message, which it hashes itself
 */
export function pssSha256(input: 'hash' | 'message'): Mechanism {
  return {
    mechanism: input === 'hash' ? MECHANISMS.CKM_RSA_PKCS_PSS : MECHANISMS.CKM_SHA256_RSA_PKCS_PSS,
    parameter: { type: STRUCTURE.pss, hashAlg: HASH.sha256, mgf: MGF1.sha256, saltLen: 32 },
  };
}

/** AES-CBC without padding. Throws RangeError unless the IV has 16 bytes. */
export function aesCbc(iv: Uint8Array): Mechanism {
  return { mechanism: MECHANISMS.CKM_AES_CBC, parameter: ofLength('AES-CBC IV', iv, 16) };
}

/** AES-GCM with a tag of 128 bits and no additional data. Throws RangeError unless the IV has 12 bytes. */
export function aesGcm(iv: Uint8Array, form: GcmForm): Mechanism {
  const bytes = ofLength('AES-GCM IV', iv, 12);
  const parameter: NativeParameter =
    form === 'v2.40'
      ? { type: STRUCTURE.gcm240, iv: bytes, ivBits: 96, tagBits: 128 }
      : { type: STRUCTURE.gcm220, iv: bytes, tagBits: 128 };
  return { mechanism: MECHANISMS.CKM_AES_GCM, parameter };
}

/** ECDH with another's public point, and no shared information. */
export function ecdh(point: Uint8Array, kdf: AgreementKdf): Mechanism {
  return {
    mechanism: MECHANISMS.CKM_ECDH1_DERIVE,
    parameter: { type: STRUCTURE.ecdh, kdf: KDF[kdf], publicData: asBuffer(point) },
  };
}

/**
 * A key XORed with data. pkcs11js cannot build CK_KEY_DERIVATION_STRING_DATA (a pointer and a length); the structure for
 * GCM begins with the same two members, and the one module that has this mechanism (NSS) looks no further. Probed only.
 */
export function xorWith(data: Uint8Array): Mechanism {
  return {
    mechanism: MECHANISMS.CKM_XOR_BASE_AND_DATA,
    parameter: { type: STRUCTURE.gcm220, iv: asBuffer(data), tagBits: 0 },
  };
}

function ofLength(label: string, bytes: Uint8Array, length: number): Buffer {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${label}: expected bytes, got ${typeof bytes}`);
  if (bytes.length !== length) {
    throw new RangeError(`${label}: expected ${String(length)} bytes, got ${String(bytes.length)}`);
  }
  return asBuffer(bytes);
}
