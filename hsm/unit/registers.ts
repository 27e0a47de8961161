/** Master-key registers, always read from the key objects: the register a key is in is its label. */
import type { UnitReading } from '../../ceremony/engine/ports';
import { CLASS } from '../pkcs11/attributes';
import { attempt, unitChanged } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { KEEPING, LABEL, USAGES, readBack } from './objects';
import { reading, type OpenToken } from './tokens';
import { verificationPattern, type CmacBy } from './verification-pattern';

type Registers = NonNullable<UnitReading['registers']>;
type Register = Registers['new'];

/** A register with the key object in it; `key` is null when it is empty. */
export interface HeldRegister {
  readonly reading: Register;
  readonly key: ObjectHandle | null;
}

/** Both registers of a unit. */
export interface HeldRegisters {
  readonly new: HeldRegister;
  readonly current: HeldRegister;
  /** The key that a rotation is retiring: only where one was broken off. */
  readonly retiring: HeldRegister;
}

const EMPTY: HeldRegister = { reading: { status: 'empty', pattern: null, set: null, attributes: null }, key: null };

/** By which mechanism this token computes patterns. */
export function cmacBy(token: OpenToken): CmacBy {
  return token.probed().cmac ? 'cmac' : 'ecb';
}

/** As {@link cmacBy}, of a key that may not be one of ours: one that may only encrypt gives its pattern by ECB. */
export function cmacByOf(token: OpenToken, key: ObjectHandle): CmacBy {
  return cmacBy(token) === 'cmac' && token.session.get(key, 'CKA_SIGN') !== false ? 'cmac' : 'ecb';
}

/**
 * Reads both registers, computing each key's pattern.
 *
 * @throws DeviceError `UNIT_CHANGED` when two keys claim one register, or a pattern is all zeros
 */
export function readRegisters(token: OpenToken): HeldRegisters {
  const uncommitted = inRegister(token, LABEL.uncommitted, 'full-uncommitted');
  const committed = inRegister(token, LABEL.committed, 'full-committed');
  if (uncommitted.key !== null && committed.key !== null)
    throw unitChanged(token.of, 'two keys claim the new register');
  return {
    new: uncommitted.key === null ? committed : uncommitted,
    current: inRegister(token, LABEL.current, 'valid'),
    retiring: inRegister(token, LABEL.retiring, 'valid'),
  };
}

/** What {@link readRegisters} tells the world. */
export function tellRegisters(held: HeldRegisters): Registers {
  const { new: arriving, current, retiring } = held;
  const half = retiring.key === null ? {} : { retiring: retiring.reading };
  return { new: arriving.reading, current: current.reading, ...half };
}

function inRegister(token: OpenToken, label: string, status: Register['status']): HeldRegister {
  const { session, of } = token;
  return attempt(reading(of, 'reading the master-key registers'), () => {
    const keys = session.find({ CKA_CLASS: CLASS['secret-key'], CKA_LABEL: label, CKA_TOKEN: true });
    const key = keys[0];
    if (key === undefined) return EMPTY;
    if (keys.length > 1) throw unitChanged(of, `${String(keys.length)} keys are labelled ${label}`);
    const id = session.get(key, 'CKA_ID');
    const attributes = readBack(session, key, [...KEEPING, ...USAGES['secret-key']]);
    return { reading: { status, pattern: patternOf(token, key), set: setOf(id), attributes }, key };
  });
}

function patternOf(token: OpenToken, key: ObjectHandle): string {
  try {
    return verificationPattern(token.session, key, cmacByOf(token, key));
  } catch (error) {
    if (error instanceof RangeError)
      throw unitChanged(token.of, `a master key gives no verification pattern (${error.message})`);
    throw error;
  }
}

function setOf(id: Uint8Array | null): string | null {
  return id?.length === 16 ? Buffer.from(id).toString('hex') : null;
}
