/** What differs from one cloud service to the next: one profile per target, in a file of its own. */
import type { JsonObject } from '../canonical-json';

/** Hash of OAEP and of its mask generation, which no service here lets differ. */
export type OaepHash = 'sha1' | 'sha256';

/**
 * How the key lies in a package. `oaep`: RSAES-OAEP of the key. `oaep-kwp` (CKM_RSA_AES_KEY_WRAP): RSAES-OAEP of a
 * one-time AES-256 key, then, without anything between, AES-KWP (RFC 5649) of the key under it. `cms`: RFC 5652
 * EnvelopedData with the content key under RSAES-OAEP.
 */
export const PACKAGE_FORMS = ['oaep', 'oaep-kwp', 'cms'] as const;
export type PackageForm = (typeof PACKAGE_FORMS)[number];

/** Those that a token can make by C_WrapKey. */
export const TOKEN_FORMS = ['oaep', 'oaep-kwp'] as const satisfies readonly PackageForm[];
export type TokenForm = (typeof TOKEN_FORMS)[number];

/**
 * How a service wants its nonce encrypted under the new key. `aes-gcm`: 12-byte IV, no additional data, tag of 16 bytes
 * behind. `aes-cbc`: 16-byte IV, PKCS#7 padding.
 */
export const NONCE_CIPHERS = ['aes-gcm', 'aes-cbc'] as const;
export type NonceCipher = (typeof NONCE_CIPHERS)[number];

/** How a key has to be wrapped by a file of parameters. */
export interface Wrapping {
  readonly form: PackageForm;
  readonly oaep: OaepHash;
  /** To be encrypted under the key, base64; null where the service has none. */
  readonly nonce: { readonly value: string; readonly by: NonceCipher } | null;
}

/** What token or share process gave. All base64. */
export interface Sealed {
  readonly wrapped: string;
  /** With a nonce only. */
  readonly iv?: string | undefined;
  readonly encryptedNonce?: string | undefined;
}

/** A member at fault by its dotted path, and what is wrong with it. */
export interface MemberProblem {
  readonly path: string;
  readonly problem: string;
}

/** A target. `P` is what its parameters hold, `F` the members that its packages send. */
export interface TargetProfile<P, F> {
  /** Lengths of its wrapping keys, in bits. */
  readonly bits: readonly number[];
  /** What no schema says of parameters; null when nothing is wrong. */
  readonly problem: (parameters: P, bits: number) => MemberProblem | null;
  readonly wrapping: (parameters: P) => Wrapping;
  /** What is sent, under the service's own names. */
  readonly fields: (parameters: P, sealed: Sealed) => JsonObject;
  /** The wrapped key of a package, as the record of the ceremony has it: base64 with padding. */
  readonly wrappedIn: (fields: F) => string;
  /** What everybody must know before anything is wrapped for it, in whole sentences; null for nothing. */
  readonly notice: string | null;
}

/** Bytes of a wrapped AES-256 key, by its form; null where the form does not fix it. */
export function wrappedBytes(form: PackageForm, bits: number): number | null {
  if (form === 'cms') return null;
  return bits / 8 + (form === 'oaep-kwp' ? 40 : 0);
}

/** Why parameters are good for longer than the service says, or null. `hours` is the service's own limit. */
export function lifeProblem(
  dated: { readonly expires: string; readonly collected: { readonly at: string } },
  hours: number,
  service: string,
): MemberProblem | null {
  const CLOCKS_APART = 15 * 60_000;
  const life = Date.parse(dated.expires) - Date.parse(dated.collected.at);
  if (life <= hours * 3_600_000 + CLOCKS_APART) return null;
  return {
    path: 'expires',
    problem: `expected at most ${String(hours)} hours after collected.at, as ${service} has it`,
  };
}
