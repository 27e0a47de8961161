/**
 * Whether a token keeps keys as it is told to. The right answer is always that it does: each question first does the
 * thing where it is allowed, so that a token which cannot do it at all is not taken for one that forbids it.
 */
import { CLASS, KEY_TYPE, type Template } from '../attributes';
import { CryptokiError } from '../cryptoki-error';
import type { Findings } from '../finding';
import type { ObjectHandle } from '../handles';
import type { KnownKeys } from '../known-keys';
import { MECHANISMS, oaep, plain, type OaepHash } from '../mechanisms';
import { KEY_WRAP, NIST_BLOCK, NIST_KEY } from '../probe-vectors';
import { wayOut } from '../probes';
import type { Session } from '../session';

/** Asks all of them, in a logged-in session that is closed afterwards. */
export function askKeeping(session: Session, keys: KnownKeys, findings: Findings): void {
  findings.ask('C_CreateObject secret key', () => hasClass(session, created(session)));
  findings.ask('CKA_SENSITIVE true', () => !isReadable(session, generated(session)));
  findings.ask('C_UnwrapKey keeps to its template', () => isKept(session, unwrapped(session, keys)));
  findings.ask('C_UnwrapKey, then set right', () => canBeSetRight(session, unwrapped(session, keys)));
  findings.ask('C_SetAttributeValue does not weaken CKA_EXTRACTABLE', () =>
    staysKept(session, (key) => {
      session.set(key, { CKA_EXTRACTABLE: true });
      return key;
    }),
  );
  findings.ask('C_SetAttributeValue does not weaken CKA_SENSITIVE', () =>
    staysKept(session, (key) => {
      session.set(key, { CKA_SENSITIVE: false });
      return key;
    }),
  );
  findings.ask('C_CopyObject does not weaken CKA_EXTRACTABLE', () =>
    staysKept(session, (key) => session.copy(key, { CKA_EXTRACTABLE: true })),
  );
  findings.ask('C_CopyObject does not weaken CKA_SENSITIVE', () =>
    staysKept(session, (key) => session.copy(key, { CKA_SENSITIVE: false })),
  );
  findings.ask('CKA_ENCRYPT false', () =>
    forbids(
      () => generated(session, { CKA_ENCRYPT: true }),
      () => generated(session, { CKA_ENCRYPT: false, CKA_SIGN: true }),
      (key) => session.encrypt(plain('CKM_AES_ECB'), key, NIST_BLOCK),
    ),
  );
  findings.ask('CKA_LOCAL and CKA_NEVER_EXTRACTABLE of a key made in the token', () =>
    tells(session, generated(session), true),
  );
  findings.ask('CKA_LOCAL and CKA_NEVER_EXTRACTABLE of a key brought in', () =>
    tells(session, broughtIn(session, keys), false),
  );
  askFlags(session, keys, findings);
}

/** Attributes that forbid something, each by its name. Keyrite sets none of them yet. */
function askFlags(session: Session, keys: KnownKeys, findings: Findings): void {
  const key = (more: Template = {}) => generated(session, more);
  const relabel = (object: ObjectHandle): void => {
    session.set(object, { CKA_LABEL: 'keyrite:probe' });
  };
  const copy = (object: ObjectHandle) => session.copy(object, { CKA_LABEL: 'keyrite:probe' });
  const destroy = (object: ObjectHandle): void => {
    session.destroy(object);
  };
  const encrypt = (object: ObjectHandle) => session.encrypt(plain('CKM_AES_ECB'), object, NIST_BLOCK);
  findings.ask('CKA_MODIFIABLE false', () => forbids(key, () => key({ CKA_MODIFIABLE: false }), relabel));
  findings.ask('CKA_COPYABLE false', () => forbids(key, () => key({ CKA_COPYABLE: false }), copy));
  findings.ask('CKA_DESTROYABLE false', () => forbids(key, () => key({ CKA_DESTROYABLE: false }), destroy));
  findings.ask('CKA_ALLOWED_MECHANISMS', () => forbids(key, () => key({ CKA_ALLOWED_MECHANISMS: ONLY_CMAC }), encrypt));
  findings.ask('CKA_WRAP_WITH_TRUSTED true', () => {
    const wrap = wayOut(session, keys);
    const mayLeave = { CKA_EXTRACTABLE: true } as const;
    return forbids(
      () => key(mayLeave),
      () => key({ ...mayLeave, CKA_WRAP_WITH_TRUSTED: true }),
      wrap,
    );
  });
}

/** CKA_ALLOWED_MECHANISMS with one mechanism in it, as CK_MECHANISM_TYPE of 8 bytes. */
const ONLY_CMAC = ulong(MECHANISMS.CKM_AES_CMAC);

function ulong(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

const KEPT: Template = { CKA_TOKEN: false, CKA_PRIVATE: true, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false };

function generated(session: Session, more: Template = {}): ObjectHandle {
  return session.generateKey(plain('CKM_AES_KEY_GEN'), { ...KEPT, CKA_ENCRYPT: true, CKA_VALUE_LEN: 32, ...more });
}

const KNOWN: Template = { ...KEPT, CKA_CLASS: CLASS['secret-key'], CKA_KEY_TYPE: KEY_TYPE.aes, CKA_ENCRYPT: true };

function created(session: Session): ObjectHandle {
  return session.create({ ...KNOWN, CKA_VALUE: NIST_KEY });
}

/** Unwrapped by OAEP with the first hash that the token takes, else by AES key wrap. Throws the last CryptokiError. */
function unwrapped(session: Session, keys: KnownKeys): ObjectHandle {
  const byOaep = (hash: OaepHash) => (): ObjectHandle | null => {
    const sealed = keys.sealed(hash, NIST_KEY);
    return sealed === null ? null : session.unwrap(oaep(hash), sealed.privateKey, sealed.wrapped, KNOWN);
  };
  const byKeyWrap = (): ObjectHandle => {
    const wrapping = keys.aes(KEY_WRAP.wrapping, { CKA_UNWRAP: true });
    return session.unwrap(plain('CKM_AES_KEY_WRAP'), wrapping, KEY_WRAP.answer, KNOWN);
  };
  return firstThatWorks([byOaep('sha256'), byOaep('sha1'), byKeyWrap]);
}

function broughtIn(session: Session, keys: KnownKeys): ObjectHandle {
  return firstThatWorks([() => created(session), () => unwrapped(session, keys)]);
}

/** CKR_ATTRIBUTE_TYPE_INVALID: what a token means that does not tell the public key to wrap to. */
const NOT_TOLD = 0x12;

/** Throws the last CryptokiError where nothing works. */
function firstThatWorks(ways: readonly (() => ObjectHandle | null)[]): ObjectHandle {
  let refusal = new CryptokiError('C_GetAttributeValue', NOT_TOLD);
  for (const way of ways) {
    try {
      const made = way();
      if (made !== null) return made;
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function hasClass(session: Session, key: ObjectHandle): boolean {
  return session.get(key, 'CKA_CLASS') === CLASS['secret-key'];
}

/** Whether a value can be had in clear. It is of a published key, or of one that nothing else is under. */
function isReadable(session: Session, key: ObjectHandle): boolean {
  const value = session.get(key, 'CKA_VALUE');
  if (value === null || value.length === 0) return false;
  value.fill(0);
  return true;
}

function isKept(session: Session, key: ObjectHandle): boolean {
  return (
    session.get(key, 'CKA_SENSITIVE') === true &&
    session.get(key, 'CKA_EXTRACTABLE') === false &&
    !isReadable(session, key)
  );
}

function canBeSetRight(session: Session, key: ObjectHandle): boolean {
  if (!isKept(session, key)) session.set(key, { CKA_SENSITIVE: true, CKA_EXTRACTABLE: false });
  return isKept(session, key);
}

/** Whether a kept key stays so, whatever is asked: a refusal is right, and so is a change that changes nothing. */
function staysKept(session: Session, weaken: (key: ObjectHandle) => ObjectHandle): boolean {
  const key = generated(session);
  try {
    return isKept(session, weaken(key));
  } catch (error) {
    if (error instanceof CryptokiError) return isKept(session, key);
    throw error;
  }
}

/**
 * Whether something can be done to one object and not to another.
 *
 * @throws CryptokiError when it cannot be done to the first, or the second cannot be made
 */
function forbids(
  allowed: () => ObjectHandle,
  forbidden: () => ObjectHandle,
  act: (on: ObjectHandle) => unknown,
): boolean {
  act(allowed());
  const object = forbidden();
  try {
    act(object);
    return false;
  } catch (error) {
    if (error instanceof CryptokiError) return true;
    throw error;
  }
}

/** What a key says of its origin. */
function tells(session: Session, key: ObjectHandle, madeHere: boolean): boolean {
  return session.get(key, 'CKA_LOCAL') === madeHere && session.get(key, 'CKA_NEVER_EXTRACTABLE') === madeHere;
}
