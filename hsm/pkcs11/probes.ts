/**
 * What a token really does, found by known answers: a module's list of mechanisms says little (0x210a is RFC 5649 to
 * one and RFC 3394 with PKCS #7 padding to another). All keys here are session objects with published values; the
 * session needs a logged-in user, and closing it takes everything away again.
 */
import { constants, createHmac, createPrivateKey, privateDecrypt } from 'node:crypto';
import { isValidSignature } from '../../ceremony/command/dsse';
import { CLASS, KEY_TYPE } from './attributes';
import { CryptokiError, isCkr } from './cryptoki-error';
import { Findings, same, type Finding } from './finding';
import type { ObjectHandle } from './handles';
import { KEY_WRAPS } from './key-wrap-answers';
import { KnownKeys } from './known-keys';
import {
  aesCbc,
  aesGcm,
  oaep,
  plain,
  type AnyOaepHash,
  type GcmForm,
  type Mechanism,
  type OaepHash,
} from './mechanisms';
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
import { CURVE_PARAMS, spkiOf } from './spki';

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

/** Asks a token the known questions, in a logged-in session of their own. Never throws for what the token refuses. */
export function probe(session: Session): ProbeReport {
  // SECURITY(K-14): a list of mechanisms is a claim; only a right answer counts.
  const findings = new Findings();
  const ask = findings.ask.bind(findings);
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
  const ec = ask('CKM_ECDSA P-256', () => ecdsaHolds(session, 'ecdsa-p256-sha256'));
  const oaepOf = (hash: OaepHash) => ({
    wrap: ask(`CKM_RSA_PKCS_OAEP ${hash} wrap`, () => oaepWrapHolds(session, keys, hash)),
    unwrap: ask(`CKM_RSA_PKCS_OAEP ${hash} unwrap`, () => oaepUnwrapHolds(session, keys, hash)),
  });
  const [sha256, sha1] = [oaepOf('sha256'), oaepOf('sha1')];
  ask('CKA_EXTRACTABLE false', () => keepsUnextractable(session, keys));
  const dataObjects = ask('CKO_DATA', () => dataObjectHolds(session));
  return {
    mechanisms: findings.all,
    cmac,
    oaepWrap: { sha256: sha256.wrap, sha1: sha1.wrap },
    oaepUnwrap: { sha256: sha256.unwrap, sha1: sha1.unwrap },
    gcm: gcm[0] ?? null,
    ec,
    dataObjects,
  };
}

function cmacHolds(session: Session, keys: KnownKeys): boolean {
  const mechanism = plain('CKM_AES_CMAC');
  return (
    same(session.sign(mechanism, keys.aes(NIST_KEY), NIST_BLOCK), CMAC_256_ANSWER) &&
    same(session.sign(mechanism, keys.aes(CMAC_128.key), NIST_BLOCK), CMAC_128.answer)
  );
}

function hmacHolds(session: Session, keys: KnownKeys): boolean {
  const mac = session.sign(plain('CKM_SHA256_HMAC'), keys.secret(HMAC_KEY), NIST_BLOCK);
  return same(mac, createHmac('sha256', HMAC_KEY).update(NIST_BLOCK).digest());
}

/** A pair made in the token signs so that others accept it. Throws CryptokiError. */
export function ecdsaHolds(session: Session, algorithm: keyof typeof CURVE_PARAMS): boolean {
  const pair = session.generateKeyPair(
    plain(algorithm === 'ed25519' ? 'CKM_EC_EDWARDS_KEY_PAIR_GEN' : 'CKM_EC_KEY_PAIR_GEN'),
    { CKA_TOKEN: false, CKA_PRIVATE: false, CKA_VERIFY: true, CKA_EC_PARAMS: CURVE_PARAMS[algorithm] },
    { CKA_TOKEN: false, CKA_PRIVATE: true, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, CKA_SIGN: true },
  );
  const spki = spkiOf(session, pair.publicKey);
  if (spki === null) return false;
  const signature = signAndVerify(session, pair.privateKey, algorithm, spki, NIST_BLOCK);
  // A verifier that says yes to everything would say yes to this, too.
  return signature !== null && !isValidSignature({ algorithm, spki }, NIST_KEY, signature);
}

/** What the token wraps by OAEP, others unwrap. Throws CryptokiError. */
export function oaepWrapHolds(session: Session, keys: KnownKeys, hash: AnyOaepHash): boolean {
  const wrapped = session.wrap(oaep(hash), keys.rsaPublic(), keys.aes(KEY_WRAP.wrapped));
  try {
    const key = createPrivateKey({ key: RSA_KEY, format: 'jwk' });
    const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash };
    return same(privateDecrypt(options, wrapped), KEY_WRAP.wrapped);
  } catch {
    return false;
  }
}

/** What others wrapped by OAEP, the token unwraps: a known key, asked for a known answer of ECB, which every token has. Throws CryptokiError. */
export function oaepUnwrapHolds(session: Session, keys: KnownKeys, hash: AnyOaepHash): boolean {
  const sealed = keys.sealed(hash, NIST_KEY);
  if (sealed === null) return false;
  const key = session.unwrap(oaep(hash), sealed.privateKey, sealed.wrapped, {
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
  const wrap = wayOut(session, keys);
  const key = session.generateKey(plain('CKM_AES_KEY_GEN'), {
    CKA_TOKEN: false,
    CKA_PRIVATE: true,
    CKA_SENSITIVE: true,
    CKA_EXTRACTABLE: false,
    CKA_VALUE_LEN: 32,
  });
  try {
    wrap(key);
    return false;
  } catch (error) {
    if (isCkr(error, 'CKR_KEY_UNEXTRACTABLE', 'CKR_KEY_NOT_WRAPPABLE')) return true;
    throw error;
  }
}

/** The first way in which the token wraps a key that may leave it. Throws the CryptokiError of the last when there is none. */
export function wayOut(session: Session, keys: KnownKeys): (key: ObjectHandle) => Buffer {
  const ways: readonly (readonly [Mechanism, () => ObjectHandle])[] = [
    [oaep('sha1'), () => keys.rsaPublic()],
    [oaep('sha256'), () => keys.rsaPublic()],
    [plain('CKM_AES_KEY_WRAP'), () => keys.aes(KEY_WRAP.wrapping)],
  ];
  let refusal: unknown = null;
  for (const [mechanism, wrapping] of ways) {
    const wrap = (key: ObjectHandle): Buffer => session.wrap(mechanism, wrapping(), key);
    try {
      wrap(keys.aes(KEY_WRAP.wrapped));
      return wrap;
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
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
