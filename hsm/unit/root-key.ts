/** Root keys for a cloud KMS: made in the token as session objects, wrapped once, destroyed, proven gone. */
import { randomBytes } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import type { NonceCipher, TokenForm } from '../../ceremony/keypackage/target-profile';
import type { MODULE_OPERATIONS, ResultOf } from '../contract';
import { CLASS, type Template } from '../pkcs11/attributes';
import { CryptokiError, isCkr } from '../pkcs11/cryptoki-error';
import { asDeviceError, attempt, refused } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { aesCbc, aesGcm, oaep, plain, type MechanismName, type OaepHash } from '../pkcs11/mechanisms';
import { WORKS } from '../pkcs11/finding';
import type { Session } from '../pkcs11/session';
import { rsaModulusBytes, rsaWrappingKey, spkiOf } from '../pkcs11/spki';
import { KEEPING, USAGES, differences, onlyFor, readBack, valueIsReadable } from './objects';
import { cmacBy } from './registers';
import { reading, type OpenToken } from './tokens';
import { aesCheckValue } from './verification-pattern';

interface Held {
  readonly token: OpenToken;
  readonly key: ObjectHandle;
  /** CKA_ID, made for this key alone: how it is looked for when it must be gone. */
  readonly id: Buffer;
}

/** An RSA key to wrap to. */
interface WrappingTo {
  readonly spki: string;
  readonly bits: number;
  readonly oaep: OaepHash;
}

const GCM_TAG = 16;
/** Of AES, in bytes. */
const BLOCK = 16;
/** An AES-256 key under RFC 5649, in bytes. */
const KWP_BYTES = 40;
/** Longest nonce that is encrypted, in bytes; Key Protect's has 12. */
const MAX_NONCE = 256;

/** The root keys alive in this worker, by handle. */
export class RootKeys {
  readonly #held = new Map<string, Held>();

  /** Makes an AES-256 key that can be wrapped, encrypt a nonce and give its check value, and nothing else. Throws DeviceError. */
  make(token: OpenToken, name: string): ResultOf<typeof MODULE_OPERATIONS, 'unit.make-root-key'> {
    const { session, of } = token;
    const asked: Template = {
      CKA_TOKEN: false,
      CKA_PRIVATE: true,
      CKA_SENSITIVE: true,
      CKA_EXTRACTABLE: true,
      ...onlyFor('secret-key', 'CKA_ENCRYPT', 'CKA_SIGN'),
    };
    const id = randomBytes(16);
    const key = generate(token, { ...asked, CKA_VALUE_LEN: 32, CKA_LABEL: name, CKA_ID: id }, id);
    try {
      return attempt(reading(of, 'reading the root key back'), () => {
        const attributes = readBack(session, key, [...KEEPING, 'CKA_VALUE_LEN', ...USAGES['secret-key']]);
        // SECURITY(K-13): what the token was told is not what it did.
        const wrong = differences(asked, attributes);
        if (attributes['CKA_VALUE_LEN'] !== 32) wrong.push('CKA_VALUE_LEN');
        if (valueIsReadable(session, key)) wrong.push('CKA_VALUE');
        if (wrong.length > 0) throw notAsAsked(of, 'root key', wrong);
        const checkValue = aesCheckValue(session, key, cmacBy(token));
        const handle = randomBytes(16).toString('hex');
        this.#held.set(handle, { token, key, id });
        return { handle, checkValue, attributes };
      });
    } catch (error) {
      // Where this fails, its error is the one that counts: a key of which nobody knows enough may be left.
      destroyProven(of, { token, key, id });
      throw error;
    }
  }

  /**
   * Wraps a root key to an RSA public key; base64 ciphertext. `oaep`: C_WrapKey by OAEP. `oaep-kwp`: a one-time AES-256 key
   * by OAEP, and behind it the root key under that one by RFC 5649. Throws DeviceError; `OAEP_NOT_SUPPORTED`,
   * `KWP_NOT_SUPPORTED`.
   */
  wrap(of: string, handle: string, to: WrappingTo, form: TokenForm): string {
    const { token, key } = this.#require(of, handle);
    const { session } = token;
    if (!token.probed().oaepWrap[to.oaep]) {
      throw refused(
        'OAEP_NOT_SUPPORTED',
        of,
        `the token does not wrap by RSA-OAEP with ${to.oaep}`,
        'Wrap to a one-time key that the share process makes, and have it wrapped again there.',
      );
    }
    const kwp = form === 'oaep' ? null : keyWrapOf(token);
    return attempt(unchanged(of, 'wrapping the root key'), () => {
      const publicKey = session.create(rsaWrappingKey(to.spki));
      try {
        // SECURITY(K-13): wrapped to another key, the root key would be another's.
        if (spkiOf(session, publicKey) !== to.spki) throw badKey(of);
        const byOaep = (wanted: ObjectHandle): Buffer => {
          const wrapped = session.wrap(oaep(to.oaep), publicKey, wanted, 2048);
          if (wrapped.length !== rsaModulusBytes(to.spki)) throw badAnswer(of, 'a wrapped key', wrapped.length);
          return wrapped;
        };
        return (kwp === null ? byOaep(key) : wrapTwice(token, key, kwp, byOaep)).toString('base64');
      } finally {
        session.destroy(publicKey);
      }
    });
  }

  /** A nonce (base64) under a root key, IV of the token's random generator; null where the token lacks the cipher. */
  encryptNonce(
    of: string,
    handle: string,
    nonce: string,
    by: NonceCipher,
  ): ResultOf<typeof MODULE_OPERATIONS, 'unit.encrypt-nonce'> {
    const { token, key } = this.#require(of, handle);
    const { gcm, mechanisms } = token.probed();
    if (by === 'aes-gcm' ? gcm === null : mechanisms['CKM_AES_CBC'] !== WORKS) return null;
    const plaintext = Buffer.from(nonce, 'base64');
    if (plaintext.length === 0 || plaintext.length > MAX_NONCE) {
      throw new RangeError(`nonce: expected 1 to ${String(MAX_NONCE)} bytes, got ${String(plaintext.length)}`);
    }
    return attempt(unchanged(of, 'encrypting the nonce'), () => {
      const iv = token.session.random(gcm !== null && by === 'aes-gcm' ? 12 : BLOCK);
      if (iv.every((byte) => byte === 0)) throw badAnswer(of, 'random bytes, all zero', iv.length);
      const [mechanism, data, length] =
        gcm !== null && by === 'aes-gcm'
          ? ([aesGcm(iv, gcm), plaintext, plaintext.length + GCM_TAG] as const)
          : ([aesCbc(iv), pkcs7(plaintext), pkcs7(plaintext).length] as const);
      const encrypted = token.session.encrypt(mechanism, key, data);
      if (encrypted.length !== length) throw badAnswer(of, 'an encrypted nonce', encrypted.length);
      return { iv: iv.toString('base64'), encryptedNonce: encrypted.toString('base64') };
    });
  }

  /** Destroys a root key and proves it gone. Throws DeviceError; `KEY_STILL_THERE` when it can still be found. */
  destroy(of: string, handle: string): void {
    const { token, key, id } = this.#require(of, handle);
    destroyProven(of, { token, key, id });
    this.#held.delete(handle);
  }

  #require(of: string, handle: string): Held {
    const held = this.#held.get(handle);
    if (held !== undefined) return held;
    throw refused(
      'ROOT_KEY_GONE',
      of,
      'the root key is gone: it lives only as long as its worker',
      'Make a new root key; the one before never left the token.',
    );
  }
}

/** The token's mechanism for RFC 5649, as known answers showed it. Throws DeviceError KWP_NOT_SUPPORTED. */
function keyWrapOf(token: OpenToken): MechanismName {
  const { mechanisms } = token.probed();
  if (mechanisms['CKM_AES_KEY_WRAP_KWP'] === WORKS) return 'CKM_AES_KEY_WRAP_KWP';
  if (mechanisms['CKM_AES_KEY_WRAP_PAD as RFC 5649'] === WORKS) return 'CKM_AES_KEY_WRAP_PAD';
  throw refused(
    'KWP_NOT_SUPPORTED',
    token.of,
    'the token does not wrap by AES key wrap with padding (RFC 5649)',
    'Wrap to a one-time key that the share process makes, and have it wrapped again there.',
  );
}

/** CKM_RSA_AES_KEY_WRAP from its parts, which more tokens have: the one-time key never leaves the token but under OAEP. */
function wrapTwice(
  { session, of }: OpenToken,
  key: ObjectHandle,
  kwp: MechanismName,
  byOaep: (key: ObjectHandle) => Buffer,
): Buffer {
  const asked: Template = {
    CKA_TOKEN: false,
    CKA_PRIVATE: true,
    CKA_SENSITIVE: true,
    CKA_EXTRACTABLE: true,
    ...onlyFor('secret-key', 'CKA_WRAP'),
  };
  const oneTime = session.generateKey(plain('CKM_AES_KEY_GEN'), { ...asked, CKA_VALUE_LEN: 32 });
  try {
    // SECURITY(K-252): a one-time key that can be read shows the root key.
    const wrong = differences(asked, readBack(session, oneTime, [...KEEPING, ...USAGES['secret-key']]));
    if (valueIsReadable(session, oneTime)) wrong.push('CKA_VALUE');
    if (wrong.length > 0) throw notAsAsked(of, 'one-time key', wrong);
    const wrapped = session.wrap(plain(kwp), oneTime, key);
    if (wrapped.length !== KWP_BYTES) throw badAnswer(of, 'a wrapped key', wrapped.length);
    return Buffer.concat([byOaep(oneTime), wrapped]);
  } finally {
    session.destroy(oneTime);
  }
}

/** Padded to whole blocks by PKCS#7, as CKM_AES_CBC_PAD would; more tokens have CKM_AES_CBC. */
function pkcs7(data: Buffer): Buffer {
  const padding = BLOCK - (data.length % BLOCK);
  return Buffer.concat([data, Buffer.alloc(padding, padding)]);
}

/** C_GenerateKey. Where it fails, a key that it made all the same is destroyed. Throws DeviceError. */
function generate({ session, of }: OpenToken, template: Template, id: Buffer): ObjectHandle {
  const doing = 'making a root key';
  try {
    return session.generateKey(plain('CKM_AES_KEY_GEN'), template);
  } catch (error) {
    if (!(error instanceof CryptokiError)) throw error;
    // SECURITY(K-20): the token says that it made none; it is looked for.
    const left = destroyIfAllowed(session, id);
    if (left === 'none') throw asDeviceError(error, unchanged(of, doing));
    const changed =
      left === 'destroyed'
        ? 'It had been made all the same; it was destroyed, and looked for.'
        : 'It may have been made; it goes when the session ends.';
    const trouble = asDeviceError(error, { of, doing, changed, changes: left === 'unknown' });
    if (left !== 'unknown' || !(trouble instanceof DeviceError)) throw trouble;
    const { code, message, next } = trouble;
    throw new DeviceError({ code, message, changed: trouble.changed, next, uncertain: true });
  }
}

/** Destroys the keys with an id and looks for them: whether there were any, or the token did not let itself be asked. */
function destroyIfAllowed(session: Session, id: Buffer): 'none' | 'destroyed' | 'unknown' {
  const search: Template = { CKA_CLASS: CLASS['secret-key'], CKA_ID: id };
  try {
    const found = session.find(search);
    for (const key of found) session.destroy(key);
    if (found.length === 0) return 'none';
    return session.find(search).length === 0 ? 'destroyed' : 'unknown';
  } catch (error) {
    if (error instanceof CryptokiError) return 'unknown';
    throw error;
  }
}

/** Destroys a root key and looks for it. Throws DeviceError that is `uncertain` when it may be left. */
function destroyProven(of: string, { token, key, id }: Held): void {
  const circumstance = {
    of,
    doing: 'destroying the root key',
    changed: 'It goes when the session ends.',
    changes: true,
  };
  attempt(circumstance, () => {
    token.session.destroy(key);
    // SECURITY(K-20): the token says destroyed; it is looked for.
    if (!isGone(token, key, id)) {
      throw new DeviceError({
        code: 'KEY_STILL_THERE',
        message: `${of}: the token says that the root key was destroyed, but still shows it.`,
        changed: 'The key is still in the token.',
        next: 'End the step: a session object goes with its session. Do not use this token for production.',
        uncertain: true,
      });
    }
  });
}

function isGone(token: OpenToken, key: ObjectHandle, id: Buffer): boolean {
  if (token.session.find({ CKA_CLASS: CLASS['secret-key'], CKA_ID: id }).length > 0) return false;
  try {
    token.session.get(key, 'CKA_CLASS');
    return false;
  } catch (error) {
    if (isCkr(error, 'CKR_OBJECT_HANDLE_INVALID', 'CKR_KEY_HANDLE_INVALID')) return true;
    throw error;
  }
}

function unchanged(of: string, doing: string): { of: string; doing: string; changed: string; changes: boolean } {
  return { of, doing, changed: 'Nothing was kept: a root key is a session object.', changes: false };
}

function notAsAsked(of: string, what: string, wrong: readonly string[]): DeviceError {
  return new DeviceError({
    code: 'KEY_NOT_AS_ASKED',
    message: `${of}: the token made the ${what} otherwise than asked: ${wrong.join(', ')}.`,
    changed: 'The key was destroyed; nothing else was changed.',
    next: 'Use another token: this one does not keep a key as it is told to.',
    uncertain: false,
  });
}

function badKey(of: string): DeviceError {
  return new DeviceError({
    code: 'KEY_NOT_AS_ASKED',
    message: `${of}: the wrapping key, read back from the token, is not the one that was put into it.`,
    changed: 'Nothing was wrapped.',
    next: 'Do not use this token before its vendor has explained this.',
    uncertain: false,
  });
}

function badAnswer(of: string, what: string, length: number): DeviceError {
  return new DeviceError({
    code: 'WRONG_ANSWER',
    message: `${of}: the token answered with ${what} of ${String(length)} bytes, which cannot be right.`,
    changed: 'Nothing was kept: a root key is a session object.',
    next: 'Do not use this token before its vendor has explained this.',
    uncertain: false,
  });
}
