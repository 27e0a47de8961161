/**
 * What a token really does, found by known answers: a module's list of mechanisms says little (0x210a is RFC 5649 to
 * one and RFC 3394 with PKCS #7 padding to another). All keys here are session objects with published values; the
 * session needs a logged-in user, and closing it takes everything away again.
 */
import {
  createCipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
  constants,
} from 'node:crypto';
import { isValidSignature } from '../../ceremony/command/dsse';
import { CLASS, KEY_TYPE, asBuffer, type Template } from './attributes';
import { CryptokiError, isCkr } from './cryptoki-error';
import type { ObjectHandle } from './handles';
import { aesCbc, aesGcm, oaep, plain, type GcmForm, type MechanismName, type OaepHash } from './mechanisms';
import {
  CBC,
  CMAC_128,
  CMAC_256_ANSWER,
  ECB_ANSWER,
  GCM,
  HMAC_KEY,
  KEY_WRAP,
  NIST_BLOCK,
  NIST_KEY,
  RSA_KEY,
} from './probe-vectors';
import type { Session } from './session';
import { signAndVerify } from './signing';
import { P256_PARAMS, rsaWrappingKey, spkiOf } from './spki';

/** What a probe found: the right answer, a wrong one, or the name of the error. */
export type Finding = string;

/** What a token can do. */
export interface ProbeReport {
  /** By name of the question, such as `CKM_AES_CMAC` or `CKM_RSA_PKCS_OAEP sha256 unwrap`. */
  readonly mechanisms: Readonly<Record<string, Finding>>;
  readonly cmac: boolean;
  /** Wrapping under OAEP gives what other software unwraps. */
  readonly oaepWrap: Readonly<Record<OaepHash, boolean>>;
  /** The token unwraps what other software wrapped under OAEP. */
  readonly oaepUnwrap: Readonly<Record<OaepHash, boolean>>;
  /** Structure with which AES-GCM gives the right answer; null when none does. */
  readonly gcm: GcmForm | null;
  /** P-256 keys can be made and sign. */
  readonly ec: boolean;
  /** Data objects can be made and read back. */
  readonly dataObjects: boolean;
}

const WORKS = 'works';

/** Asks a token the known questions, in a logged-in session of their own. Never throws for what the token refuses. */
export function probe(session: Session): ProbeReport {
  // SECURITY(K-14): a list of mechanisms is a claim; only a right answer counts.
  const mechanisms: Record<string, Finding> = {};
  const ask = (name: string, holds: () => boolean): boolean => {
    const finding = findingOf(holds);
    mechanisms[name] = finding;
    return finding === WORKS;
  };
  const keys = new KnownKeys(session);

  ask('CKM_AES_ECB', () => same(session.encrypt(plain('CKM_AES_ECB'), keys.aes(NIST_KEY), NIST_BLOCK), ECB_ANSWER));
  ask('CKM_AES_CBC', () => same(session.encrypt(aesCbc(CBC.iv), keys.aes(NIST_KEY), NIST_BLOCK), CBC.answer));
  const cmac = ask('CKM_AES_CMAC', () => cmacHolds(session, keys));
  const gcm = (['v2.40', 'v2.20'] as const).filter((form) =>
    ask(`CKM_AES_GCM ${form}`, () =>
      same(session.encrypt(aesGcm(GCM.iv, form), keys.aes(GCM.key), GCM.plaintext), GCM.answer),
    ),
  );
  for (const [name, mechanism, answer] of KEY_WRAPS) {
    ask(name, () => {
      const wrapped = session.wrap(plain(mechanism), keys.aes(KEY_WRAP.wrapping), keys.aes(KEY_WRAP.wrapped));
      return same(wrapped, answer);
    });
  }
  ask('CKM_SHA256_HMAC', () => hmacHolds(session, keys));
  const ec = ask('CKM_ECDSA P-256', () => ecdsaHolds(session));
  const oaepOf = (hash: OaepHash) => ({
    wrap: ask(`CKM_RSA_PKCS_OAEP ${hash} wrap`, () => oaepWrapHolds(session, keys, hash)),
    unwrap: ask(`CKM_RSA_PKCS_OAEP ${hash} unwrap`, () => oaepUnwrapHolds(session, keys, hash)),
  });
  const [sha256, sha1] = [oaepOf('sha256'), oaepOf('sha1')];
  ask('CKA_EXTRACTABLE false', () => keepsUnextractable(session, keys));
  const dataObjects = ask('CKO_DATA', () => dataObjectHolds(session));
  return {
    mechanisms,
    cmac,
    oaepWrap: { sha256: sha256.wrap, sha1: sha1.wrap },
    oaepUnwrap: { sha256: sha256.unwrap, sha1: sha1.unwrap },
    gcm: gcm[0] ?? null,
    ec,
    dataObjects,
  };
}

function findingOf(holds: () => boolean): Finding {
  try {
    return holds() ? WORKS : 'wrong-answer';
  } catch (error) {
    if (error instanceof CryptokiError) return error.ckr;
    throw error;
  }
}

/** Known keys, made when first needed, so that one that a token does not take spoils only its own questions. */
class KnownKeys {
  readonly #session: Session;
  readonly #made = new Map<string, ObjectHandle>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** An AES key of a published value, which may do everything a question asks. */
  aes(value: Uint8Array): ObjectHandle {
    return this.#once(`aes ${asBuffer(value).toString('hex')}`, () => this.#known(KEY_TYPE.aes, value));
  }

  hmac(value: Uint8Array): ObjectHandle {
    return this.#once('hmac', () => this.#known(KEY_TYPE['generic-secret'], value));
  }

  /**
   * Created in clear where the token takes that; else unwrapped from OAEP (SHA-1: whatever has OAEP has that) under a
   * key pair of the token.
   */
  #known(keyType: number, value: Uint8Array): ObjectHandle {
    const template: Template = {
      CKA_CLASS: CLASS['secret-key'],
      CKA_KEY_TYPE: keyType,
      CKA_TOKEN: false,
      CKA_PRIVATE: true,
      CKA_EXTRACTABLE: true,
      ...(keyType === KEY_TYPE.aes ? { CKA_ENCRYPT: true, CKA_WRAP: true } : {}),
      CKA_SIGN: true,
    };
    try {
      return this.#session.create({ ...template, CKA_SENSITIVE: true, CKA_VALUE: value });
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
      const { publicKey, privateKey } = this.rsaPair();
      const spki = spkiOf(this.#session, publicKey);
      if (spki === null) throw error;
      const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
      const wrapped = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, value);
      return this.#session.unwrap(oaep('sha1'), privateKey, wrapped, template);
    }
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

  rsaPublic(): ObjectHandle {
    return this.#once('rsa public', () => this.#session.create(rsaWrappingKey(RSA_SPKI)));
  }

  #once(name: string, make: () => ObjectHandle): ObjectHandle {
    const known = this.#made.get(name) ?? make();
    this.#made.set(name, known);
    return known;
  }
}

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

/** AES key wrap of one key by each mechanism that may mean it; the answers tell what a module understands by it. */
const KEY_WRAPS: readonly (readonly [string, MechanismName, Uint8Array])[] = [
  ['CKM_AES_KEY_WRAP', 'CKM_AES_KEY_WRAP', KEY_WRAP.answer],
  ['CKM_AES_KEY_WRAP_PAD as RFC 5649', 'CKM_AES_KEY_WRAP_PAD', wrapRfc5649()],
  ['CKM_AES_KEY_WRAP_PAD as RFC 3394 with PKCS #7', 'CKM_AES_KEY_WRAP_PAD', wrapPkcs7()],
  ['CKM_AES_KEY_WRAP_KWP', 'CKM_AES_KEY_WRAP_KWP', wrapRfc5649()],
];

function wrapRfc5649(): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(KEY_WRAP.wrapped.length);
  return rfc3394(Buffer.concat([Buffer.from('a65959a6', 'hex'), length]), KEY_WRAP.wrapped);
}

function wrapPkcs7(): Buffer {
  return rfc3394(Buffer.alloc(8, 0xa6), Buffer.concat([KEY_WRAP.wrapped, Buffer.alloc(8, 8)]));
}

/** The wrapping of RFC 3394 section 2.2.1 under the published key, with any initial value. For answers only: no secrets. */
function rfc3394(initial: Uint8Array, plaintext: Uint8Array): Buffer {
  const blocks = plaintext.length / 8;
  let register = Buffer.from(initial);
  const rest = Buffer.from(plaintext);
  for (let round = 0; round < 6; round += 1) {
    for (let block = 0; block < blocks; block += 1) {
      const cipher = createCipheriv('aes-256-ecb', KEY_WRAP.wrapping, null).setAutoPadding(false);
      const out = cipher.update(Buffer.concat([register, rest.subarray(block * 8, block * 8 + 8)]));
      register = out.subarray(0, 8);
      const counter = blocks * round + block + 1;
      register.writeUInt32BE((register.readUInt32BE(4) ^ counter) >>> 0, 4);
      out.copy(rest, block * 8, 8, 16);
    }
  }
  return Buffer.concat([register, rest]);
}

function cmacHolds(session: Session, keys: KnownKeys): boolean {
  const mechanism = plain('CKM_AES_CMAC');
  return (
    same(session.sign(mechanism, keys.aes(NIST_KEY), NIST_BLOCK), CMAC_256_ANSWER) &&
    same(session.sign(mechanism, keys.aes(CMAC_128.key), NIST_BLOCK), CMAC_128.answer)
  );
}

function hmacHolds(session: Session, keys: KnownKeys): boolean {
  const mac = session.sign(plain('CKM_SHA256_HMAC'), keys.hmac(HMAC_KEY), NIST_BLOCK);
  return same(mac, createHmac('sha256', HMAC_KEY).update(NIST_BLOCK).digest());
}

function ecdsaHolds(session: Session): boolean {
  const pair = session.generateKeyPair(
    plain('CKM_EC_KEY_PAIR_GEN'),
    { CKA_TOKEN: false, CKA_PRIVATE: false, CKA_VERIFY: true, CKA_EC_PARAMS: P256_PARAMS },
    { CKA_TOKEN: false, CKA_PRIVATE: true, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, CKA_SIGN: true },
  );
  const spki = spkiOf(session, pair.publicKey);
  if (spki === null) return false;
  const key = { algorithm: 'ecdsa-p256-sha256', spki } as const;
  const signature = signAndVerify(session, pair.privateKey, key.algorithm, spki, NIST_BLOCK);
  // A verifier that says yes to everything would say yes to this, too.
  return signature !== null && !isValidSignature(key, NIST_KEY, signature);
}

function oaepWrapHolds(session: Session, keys: KnownKeys, hash: OaepHash): boolean {
  const wrapped = session.wrap(oaep(hash), keys.rsaPublic(), keys.aes(KEY_WRAP.wrapped));
  try {
    const key = createPrivateKey({ key: RSA_KEY, format: 'jwk' });
    const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash };
    return same(privateDecrypt(options, wrapped), KEY_WRAP.wrapped);
  } catch {
    return false;
  }
}

/** Unwraps a known key and asks it for a known answer; the answer comes from ECB, which every token has. */
function oaepUnwrapHolds(session: Session, keys: KnownKeys, hash: OaepHash): boolean {
  const { publicKey, privateKey } = keys.rsaPair();
  const spki = spkiOf(session, publicKey);
  if (spki === null) return false;
  const wrapped = publicEncrypt(
    {
      key: createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: hash,
    },
    NIST_KEY,
  );
  const key = session.unwrap(oaep(hash), privateKey, wrapped, {
    CKA_CLASS: CLASS['secret-key'],
    CKA_KEY_TYPE: KEY_TYPE.aes,
    CKA_TOKEN: false,
    CKA_PRIVATE: true,
    CKA_ENCRYPT: true,
  });
  return same(session.encrypt(plain('CKM_AES_ECB'), key, NIST_BLOCK), ECB_ANSWER);
}

/** A key that must not leave the token must not be wrapped, either: NSS wraps it (the attribute alone says nothing). */
function keepsUnextractable(session: Session, keys: KnownKeys): boolean {
  const key = session.generateKey(plain('CKM_AES_KEY_GEN'), {
    CKA_TOKEN: false,
    CKA_PRIVATE: true,
    CKA_SENSITIVE: true,
    CKA_EXTRACTABLE: false,
    CKA_VALUE_LEN: 32,
  });
  try {
    session.wrap(oaep('sha1'), keys.rsaPublic(), key);
    return false;
  } catch (error) {
    if (isCkr(error, 'CKR_KEY_UNEXTRACTABLE', 'CKR_KEY_NOT_WRAPPABLE')) return true;
    throw error;
  }
}

function dataObjectHolds(session: Session): boolean {
  const object = session.create({
    CKA_CLASS: CLASS.data,
    CKA_TOKEN: false,
    CKA_PRIVATE: true,
    CKA_LABEL: 'keyrite:probe',
    CKA_VALUE: NIST_BLOCK,
  });
  const value = session.get(object, 'CKA_VALUE');
  return value !== null && same(value, NIST_BLOCK);
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return asBuffer(left).equals(right);
}
