/** Keys of published values for the probes: session objects, made when first needed, gone with their session. */
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { CLASS, KEY_TYPE, asBuffer, type Template } from './attributes';
import { CryptokiError } from './cryptoki-error';
import type { ObjectHandle } from './handles';
import { oaep, plain, type AnyOaepHash, type OaepHash } from './mechanisms';
import { RSA_KEY } from './probe-vectors';
import type { Session } from './session';
import { rsaWrappingKey, spkiOf } from './spki';

/** What a known key may be used for, as a part of its template. */
type Usages = Template;

/** The known keys of one session: one that a token does not take spoils only its own questions. */
export class KnownKeys {
  readonly #session: Session;
  readonly #made = new Map<string, ObjectHandle>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** An AES key of a published value, which may encrypt, wrap and sign unless it is asked for otherwise. */
  aes(value: Uint8Array, usages: Usages = AES_USAGES): ObjectHandle {
    const name = `aes ${asBuffer(value).toString('hex')} ${Object.keys(usages).join(' ')}`;
    return this.#once(name, () => this.#known(KEY_TYPE.aes, value, usages));
  }

  /** A generic secret of a published value, which may sign unless it is asked for otherwise. */
  secret(value: Uint8Array, usages: Usages = { CKA_SIGN: true }): ObjectHandle {
    const name = `secret ${asBuffer(value).toString('hex')} ${Object.keys(usages).join(' ')}`;
    return this.#once(name, () => this.#known(KEY_TYPE['generic-secret'], value, usages));
  }

  /** Created in clear where the token takes that; else unwrapped from OAEP under a key pair of the token. */
  #known(keyType: number, value: Uint8Array, usages: Usages): ObjectHandle {
    const template: Template = {
      CKA_CLASS: CLASS['secret-key'],
      CKA_KEY_TYPE: keyType,
      CKA_TOKEN: false,
      CKA_PRIVATE: true,
      CKA_EXTRACTABLE: true,
      ...usages,
    };
    try {
      return this.#session.create({ ...template, CKA_SENSITIVE: true, CKA_VALUE: value });
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
      const by = (hash: OaepHash): ObjectHandle => {
        const sealed = this.sealed(hash, value);
        if (sealed === null) throw error;
        return this.#session.unwrap(oaep(hash), sealed.privateKey, sealed.wrapped, template);
      };
      // A token may have no SHA-1 any more, or (SoftHSM2) nothing else.
      try {
        return by('sha256');
      } catch (refusal) {
        if (!(refusal instanceof CryptokiError)) throw refusal;
        return by('sha1');
      }
    }
  }

  /**
   * A value wrapped here by OAEP to a key pair whose private half is in the token. Null when the token does not tell the
   * public half; throws CryptokiError.
   */
  sealed(hash: AnyOaepHash, value: Uint8Array): { readonly privateKey: ObjectHandle; readonly wrapped: Buffer } | null {
    const { publicKey, privateKey } = this.rsaPair();
    const spki = spkiOf(this.#session, publicKey);
    if (spki === null) return null;
    const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
    const wrapped = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, value);
    return { privateKey, wrapped };
  }

  /** Private key of the published pair, or one made in the token with the public key to match. */
  rsaPair(): { readonly publicKey: ObjectHandle; readonly privateKey: ObjectHandle } {
    try {
      return {
        publicKey: this.rsaPublic(),
        privateKey: this.#once('rsa private', () => this.#session.create(RSA_PRIVATE)),
      };
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
      const made = (name: string, pick: 'publicKey' | 'privateKey'): ObjectHandle => {
        const key = this.#made.get(name);
        if (key !== undefined) return key;
        const pair = this.#session.generateKeyPair(plain('CKM_RSA_PKCS_KEY_PAIR_GEN'), RSA_PUBLIC, RSA_PRIVATE_ASKED);
        this.#made.set('made public', pair.publicKey).set('made private', pair.privateKey);
        return pair[pick];
      };
      return { publicKey: made('made public', 'publicKey'), privateKey: made('made private', 'privateKey') };
    }
  }

  /** A key pair that signs: the published one, or one made in the token. Null when the token does not tell its public half. */
  rsaSigner(): { readonly privateKey: ObjectHandle; readonly spki: string } | null {
    try {
      return { privateKey: this.#session.create({ ...RSA_PRIVATE, ...SIGNS_ONLY }), spki: RSA_SPKI };
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
      const pair = this.#session.generateKeyPair(
        plain('CKM_RSA_PKCS_KEY_PAIR_GEN'),
        { ...RSA_PUBLIC, CKA_WRAP: false, CKA_VERIFY: true },
        { ...RSA_PRIVATE_ASKED, ...SIGNS_ONLY },
      );
      const spki = spkiOf(this.#session, pair.publicKey);
      return spki === null ? null : { privateKey: pair.privateKey, spki };
    }
  }

  /** Public half of the published pair, to wrap to. */
  rsaPublic(): ObjectHandle {
    return this.#once('rsa public', () => this.#session.create(rsaWrappingKey(RSA_SPKI)));
  }

  #once(name: string, make: () => ObjectHandle): ObjectHandle {
    const known = this.#made.get(name) ?? make();
    this.#made.set(name, known);
    return known;
  }
}

const AES_USAGES: Usages = { CKA_ENCRYPT: true, CKA_WRAP: true, CKA_SIGN: true };
const SIGNS_ONLY: Usages = { CKA_UNWRAP: false, CKA_SIGN: true };

const part = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi'): Buffer =>
  Buffer.from(RSA_KEY[name], 'base64url');

const RSA_SPKI = createPublicKey({ key: RSA_KEY, format: 'jwk' })
  .export({ format: 'der', type: 'spki' })
  .toString('base64');
const RSA_PUBLIC: Template = {
  CKA_TOKEN: false,
  CKA_PRIVATE: false,
  CKA_MODULUS_BITS: 2048,
  CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]),
  CKA_WRAP: true,
};
const RSA_PRIVATE_ASKED: Template = { CKA_TOKEN: false, CKA_PRIVATE: true, CKA_SENSITIVE: true, CKA_UNWRAP: true };
const RSA_PRIVATE: Template = {
  ...RSA_PRIVATE_ASKED,
  CKA_CLASS: CLASS['private-key'],
  CKA_KEY_TYPE: KEY_TYPE.rsa,
  CKA_MODULUS: part('n'),
  CKA_PUBLIC_EXPONENT: part('e'),
  CKA_PRIVATE_EXPONENT: part('d'),
  CKA_PRIME_1: part('p'),
  CKA_PRIME_2: part('q'),
  CKA_EXPONENT_1: part('dp'),
  CKA_EXPONENT_2: part('dq'),
  CKA_COEFFICIENT: part('qi'),
};
