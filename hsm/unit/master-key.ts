/**
 * What a command does to the master-key objects: the completing load unwraps the key into the new register, commit and
 * activate relabel it, clear destroys it. Each can be done again after a crash and then finishes what is left.
 */
import { samePattern } from '../../ceremony/check-value';
import { DeviceError } from '../../ceremony/command/device-error';
import { CLASS, KEY_TYPE, type AttributeName, type Template } from '../pkcs11/attributes';
import { CryptokiError } from '../pkcs11/cryptoki-error';
import { attempt, refused, unitChanged } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import type { Session } from '../pkcs11/session';
import type { ImportKeys } from './import-key';
import { KEEPING, LABEL, USAGES, differences, onlyFor, readBack, valueIsReadable } from './objects';
import { cmacBy, readRegisters, type HeldRegister } from './registers';
import { reading, type OpenToken } from './tokens';
import { verificationPattern } from './verification-pattern';

/** The key that completes a set. */
export interface Arriving {
  /** Set id, 32 hex digits; becomes CKA_ID. */
  readonly set: string;
  /** OAEP ciphertext under the import key; null when the command is only finished after a crash. */
  readonly wrapped: Uint8Array | null;
  /** Verification pattern that the key must give, 64 hex digits. */
  readonly pattern: string;
}

/** Attributes a master key must have: it wraps, unwraps and gives its pattern, and nothing else. */
export function masterKeyAsked(hasCmac: boolean): Template {
  const usage = hasCmac
    ? onlyFor('secret-key', 'CKA_WRAP', 'CKA_UNWRAP', 'CKA_SIGN')
    : onlyFor('secret-key', 'CKA_WRAP', 'CKA_UNWRAP', 'CKA_SIGN', 'CKA_ENCRYPT');
  return { CKA_TOKEN: true, CKA_PRIVATE: true, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, ...usage };
}

/**
 * Brings the key of a complete set into the new register. A key that is there already and is the right one is kept; one
 * that a crash left unfinished is destroyed first.
 *
 * @returns names of the attributes that the token made otherwise than asked and that were set right; null when the key
 *   was there already
 * @throws DeviceError; after every failure the new register is empty unless the message says otherwise
 */
export function loadMasterKey(
  token: OpenToken,
  unit: string,
  arriving: Arriving,
  importKeys: ImportKeys,
): readonly string[] | null {
  if (keysLabelled(token, LABEL.committed).length > 0) {
    throw unitChanged(token.of, 'the new register holds a committed key though the state says that it is empty');
  }
  const leftOver = keysLabelled(token, LABEL.uncommitted);
  const asked = masterKeyAsked(token.probed().cmac);
  if (leftOver.length === 1 && leftOver[0] !== undefined && isFinished(token, leftOver[0], asked, arriving)) {
    importKeys.destroy(unit);
    return null;
  }
  if (arriving.wrapped === null) {
    throw refused(
      'MASTER_KEY_NEEDED',
      token.of,
      'the command completes a set, and the master key is neither given nor in the new register',
      'Have the custodians enter their components again, then repeat the load.',
    );
  }
  attempt(
    {
      of: token.of,
      doing: 'destroying an unfinished key',
      changed: 'The unfinished key may still be there.',
      changes: true,
    },
    () => {
      for (const key of leftOver) token.session.destroy(key);
    },
  );
  try {
    const key = unwrap(token, unit, asked, arriving, arriving.wrapped, importKeys);
    const { kept, setRight } = harden(token, key, asked);
    checkPattern(token, kept, arriving.pattern);
    return setRight;
  } finally {
    importKeys.destroy(unit);
  }
}

function isFinished(token: OpenToken, key: ObjectHandle, asked: Template, arriving: Arriving): boolean {
  return attempt(reading(token.of, 'reading the new register'), () => {
    const { session } = token;
    const id = session.get(key, 'CKA_ID');
    if (id === null || Buffer.from(id).toString('hex') !== arriving.set) return false;
    if (faults(session, key, asked).length > 0) return false;
    return samePattern(verificationPattern(session, key, cmacBy(token)), arriving.pattern);
  });
}

function unwrap(
  token: OpenToken,
  unit: string,
  asked: Template,
  arriving: Arriving,
  wrapped: Uint8Array,
  importKeys: ImportKeys,
): ObjectHandle {
  importKeys.requireFor(token.of, unit);
  const circumstance = {
    of: token.of,
    doing: 'unwrapping the master key',
    changed: 'The new register is empty.',
    changes: true,
  };
  return attempt(circumstance, () =>
    importKeys.unwrap(token.of, unit, wrapped, {
      CKA_CLASS: CLASS['secret-key'],
      CKA_KEY_TYPE: KEY_TYPE.aes,
      CKA_LABEL: LABEL.uncommitted,
      CKA_ID: Buffer.from(arriving.set, 'hex'),
      ...asked,
    }),
  );
}

/**
 * Makes a key what was asked for, when the token made it otherwise (opencryptoki ignores the template of C_UnwrapKey):
 * by changing it, else by a stricter copy. Returns the key that is right, and the attributes that were not.
 */
function harden(
  token: OpenToken,
  key: ObjectHandle,
  asked: Template,
): { readonly kept: ObjectHandle; readonly setRight: readonly string[] } {
  const circumstance = {
    of: token.of,
    doing: 'making sure the key is kept as asked',
    changed: 'A key that is not kept as asked may be in the new register.',
    changes: true,
  };
  return attempt(circumstance, () => {
    const { session } = token;
    // SECURITY(K-13): what the token was told is not what it did.
    const setRight = faults(session, key, asked);
    for (const name of setRight)
      ifAllowed(() => {
        session.set(key, pick(asked, name));
      });
    const wrong = faults(session, key, asked);
    if (wrong.length === 0) return { kept: key, setRight };
    const copy = ifAllowed(() =>
      session.copy(key, Object.assign({}, ...wrong.map((name) => pick(asked, name))) as Template),
    );
    session.destroy(key);
    if (copy !== null && faults(session, copy, asked).length === 0) return { kept: copy, setRight };
    if (copy !== null) session.destroy(copy);
    throw new DeviceError({
      code: 'KEY_NOT_AS_ASKED',
      message: `${token.of}: the token keeps the master key otherwise than asked and cannot be made to: ${wrong.join(', ')}.`,
      changed: 'The key was destroyed; the new register is empty.',
      next: 'Use another token: this one does not keep a key as it is told to.',
      uncertain: false,
    });
  });
}

/** Attributes that are not as asked; `CKA_SENSITIVE` also when the value can be read whatever the attribute says. */
export function faults(session: Session, key: ObjectHandle, asked: Template): AttributeName[] {
  const wrong = differences(asked, readBack(session, key, [...KEEPING, ...USAGES['secret-key']])) as AttributeName[];
  return valueIsReadable(session, key) && !wrong.includes('CKA_SENSITIVE') ? [...wrong, 'CKA_SENSITIVE'] : wrong;
}

function pick(template: Template, name: AttributeName): Template {
  return { [name]: template[name] };
}

/** Null when the token refuses; what counts is what is read back afterwards. */
function ifAllowed<T>(change: () => T): T | null {
  try {
    return change();
  } catch (error) {
    if (error instanceof CryptokiError) return null;
    throw error;
  }
}

function checkPattern(token: OpenToken, key: ObjectHandle, expected: string): void {
  const circumstance = {
    of: token.of,
    doing: 'computing the verification pattern',
    changed: 'A key of unknown value is in the new register.',
    changes: true,
  };
  const found = attempt(circumstance, () => {
    try {
      return verificationPattern(token.session, key, cmacBy(token));
    } catch (error) {
      token.session.destroy(key);
      throw error;
    }
  });
  if (samePattern(found, expected)) return;
  attempt(circumstance, () => {
    token.session.destroy(key);
  });
  throw new DeviceError({
    code: 'PATTERN_WRONG',
    message: `${token.of}: the key that arrived gives the verification pattern ${found}, expected ${expected}.`,
    changed: 'The key was destroyed; the new register is empty.',
    next: 'Make a new import key and load again. If it happens again, stop: a component or the token is not what it seems.',
    uncertain: false,
  });
}

/** Marks the key in the new register as committed. Throws DeviceError `UNIT_CHANGED` when the pattern is another. */
export function commitMasterKey(token: OpenToken, pattern: string): void {
  const { new: held } = readRegisters(token);
  const key = requirePattern(token, held, 'new', pattern);
  if (held.reading.status === 'full-uncommitted') relabel(token, key, LABEL.committed);
}

/**
 * Puts the committed key in the place of the current one. That one is set aside first, and destroyed last: until then
 * both are on the token, and the same command goes on from wherever it was broken off.
 *
 * @param retired pattern of the current key, which is destroyed
 * @throws DeviceError `UNIT_CHANGED` when a pattern is another
 */
export function replaceMasterKey(token: OpenToken, pattern: string, retired: string): void {
  setAside(token, retired, pattern);
  activateMasterKey(token, pattern);
  retire(token, retired);
}

/** Nothing is set aside before the key that takes its place was seen. */
function setAside(token: OpenToken, retired: string, pattern: string): void {
  const held = readRegisters(token);
  if (held.retiring.key !== null) {
    requirePattern(token, held.retiring, 'retiring', retired);
    return;
  }
  const isDone = held.new.key === null && held.current.key !== null;
  if (isDone && samePattern(held.current.reading.pattern ?? '', pattern)) return;
  requirePattern(token, held.new, 'new', pattern);
  relabel(token, requirePattern(token, held.current, 'current', retired), LABEL.retiring);
}

/** The key that took its place is in the current register by now. */
function retire(token: OpenToken, retired: string): void {
  const { retiring } = readRegisters(token);
  if (retiring.key !== null) {
    const key = requirePattern(token, retiring, 'retiring', retired);
    const circumstance = {
      of: token.of,
      doing: 'destroying the master key that was retired',
      changed: 'The new master key is in the current register; the one before may still be on the token.',
      changes: true,
    };
    attempt(circumstance, () => {
      token.session.destroy(key);
    });
  }
  if (keysLabelled(token, LABEL.retiring).length > 0)
    throw unitChanged(token.of, 'the master key that was retired was destroyed, and is still there');
}

/** Moves the committed key to the current register. Throws DeviceError `UNIT_CHANGED` when the pattern is another. */
export function activateMasterKey(token: OpenToken, pattern: string): void {
  const held = readRegisters(token);
  if (held.current.key !== null && held.new.key === null) {
    requirePattern(token, held.current, 'current', pattern);
    return;
  }
  if (held.current.key !== null)
    throw unitChanged(token.of, 'the current register is taken though the state says that it is empty');
  relabel(token, requirePattern(token, held.new, 'new', pattern), LABEL.current);
}

/**
 * Destroys the key in the new register, if there is one, and looks that none is left.
 *
 * @param pattern of that key, 64 hex digits; null where the state says that no key is there yet
 * @throws DeviceError `UNIT_CHANGED` when another key is there than the command names
 */
export function clearNewRegister(token: OpenToken, pattern: string | null): void {
  const { new: held } = readRegisters(token);
  if (held.key !== null) {
    if (pattern === null) throw unitChanged(token.of, 'a key is in the new register though the state says otherwise');
    const key = requirePattern(token, held, 'new', pattern);
    const circumstance = {
      of: token.of,
      doing: 'destroying the key in the new register',
      changed: 'The key may still be in the new register.',
      changes: true,
    };
    attempt(circumstance, () => {
      token.session.destroy(key);
    });
  }
  const left = [LABEL.uncommitted, LABEL.committed].flatMap((label) => keysLabelled(token, label));
  if (left.length > 0) throw unitChanged(token.of, 'the key in the new register was destroyed, and one is still there');
}

function requirePattern(token: OpenToken, held: HeldRegister, name: string, pattern: string): ObjectHandle {
  if (held.key === null) throw unitChanged(token.of, `the ${name} register is empty though the state says otherwise`);
  const found = held.reading.pattern ?? 'none';
  if (!samePattern(found, pattern)) {
    throw unitChanged(
      token.of,
      `the key in the ${name} register gives the pattern ${found}, the command names ${pattern}`,
    );
  }
  return held.key;
}

function relabel(token: OpenToken, key: ObjectHandle, label: string): void {
  const circumstance = {
    of: token.of,
    doing: `moving the master key to ${label}`,
    changed: 'The key is still in the register it was in.',
    changes: true,
  };
  attempt(circumstance, () => {
    token.session.set(key, { CKA_LABEL: label });
  });
  if (keysLabelled(token, label).length !== 1) throw unitChanged(token.of, `the master key did not move to ${label}`);
}

/** Master keys under a label. Throws DeviceError. */
export function keysLabelled(token: OpenToken, label: string): ObjectHandle[] {
  return attempt(reading(token.of, 'looking for master keys'), () =>
    token.session.find({ CKA_CLASS: CLASS['secret-key'], CKA_LABEL: label, CKA_TOKEN: true }),
  );
}
