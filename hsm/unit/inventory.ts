/** Everything on a token, and keys left in a session, with attributes and check values: what a stranger needs to know it again. */
import { createHash } from 'node:crypto';
import { checkValue, type CheckValue } from '../../ceremony/check-value';
import type { InventoryEntry } from '../../ceremony/engine/ports';
import { CLASS, KEY_TYPE, type AttributeName } from '../pkcs11/attributes';
import { CryptokiError } from '../pkcs11/cryptoki-error';
import { attempt } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { plain } from '../pkcs11/mechanisms';
import type { Session } from '../pkcs11/session';
import { spkiOf } from '../pkcs11/spki';
import { KEEPING, USAGES, readBack } from './objects';
import { reading, type OpenToken } from './tokens';
import { aesCheckValue, type CmacBy } from './verification-pattern';

const CLASS_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(CLASS).map(([name, code]) => [code, name]));
const KEY_TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(KEY_TYPE).map(([name, code]) => [code, name]),
);

/** Attributes that are told of each class; those a token does not tell are null. */
const TOLD: Readonly<Record<string, readonly AttributeName[]>> = {
  'secret-key': [...KEEPING, 'CKA_VALUE_LEN', ...USAGES['secret-key'], 'CKA_WRAP_WITH_TRUSTED'],
  'private-key': [...KEEPING, ...USAGES['private-key'], 'CKA_ALWAYS_AUTHENTICATE'],
  'public-key': ['CKA_TOKEN', 'CKA_PRIVATE', 'CKA_LOCAL', 'CKA_MODIFIABLE', ...USAGES['public-key']],
  certificate: ['CKA_TOKEN', 'CKA_PRIVATE', 'CKA_MODIFIABLE', 'CKA_TRUSTED'],
  data: ['CKA_TOKEN', 'CKA_PRIVATE', 'CKA_MODIFIABLE', 'CKA_APPLICATION'],
};

/**
 * Every token object the user can see, and every secret key that lives in a session of this worker (there is one only
 * while a root key is made, or when one was left), sorted by class, label and id. Throws DeviceError.
 */
export function takeInventory(token: OpenToken): InventoryEntry[] {
  return attempt(reading(token.of, 'taking the inventory'), () =>
    [...token.session.find({ CKA_TOKEN: true }), ...sessionKeys(token)]
      .map((object) => describeObject(token, object))
      .sort((left, right) => compare(sortKey(left), sortKey(right))),
  );
}

/** Secret keys that live in a session of this worker. CKA_TOKEN is asked of each again, since a module may not look at CKA_TOKEN when it searches, and an object must not be told twice. */
export function sessionKeys({ session }: OpenToken): ObjectHandle[] {
  return session
    .find({ CKA_CLASS: CLASS['secret-key'], CKA_TOKEN: false })
    .filter((object) => session.get(object, 'CKA_TOKEN') === false);
}

/** One object with what is told of its class. Throws CryptokiError. */
export function describeObject(token: OpenToken, object: ObjectHandle): InventoryEntry {
  const { session } = token;
  const classCode = session.get(object, 'CKA_CLASS');
  const className = named(CLASS_NAMES, classCode);
  const isKey = className.endsWith('-key');
  const keyTypeCode = isKey ? session.get(object, 'CKA_KEY_TYPE') : null;
  return {
    class: className,
    keyType: isKey ? named(KEY_TYPE_NAMES, keyTypeCode) : null,
    label: session.get(object, 'CKA_LABEL') ?? '',
    id: className === 'data' ? '' : Buffer.from(session.get(object, 'CKA_ID') ?? []).toString('hex'),
    attributes: readBack(session, object, TOLD[className] ?? ['CKA_TOKEN', 'CKA_PRIVATE']),
    checkValue: checkValueIfTold(token, object, classCode, keyTypeCode),
  };
}

/** Null where the key may not be used for its check value, or the token answers zeros. */
function checkValueIfTold(
  token: OpenToken,
  object: ObjectHandle,
  classCode: number | null,
  keyTypeCode: number | null,
): CheckValue | null {
  try {
    return checkValueOf(token, object, classCode, keyTypeCode);
  } catch (error) {
    if (error instanceof CryptokiError || error instanceof RangeError) return null;
    throw error;
  }
}

function checkValueOf(
  token: OpenToken,
  object: ObjectHandle,
  classCode: number | null,
  keyTypeCode: number | null,
): CheckValue | null {
  const { session } = token;
  if (classCode === CLASS['public-key']) {
    const spki = spkiOf(session, object);
    return spki === null
      ? null
      : checkValue('spki-sha256', createHash('sha256').update(Buffer.from(spki, 'base64')).digest());
  }
  if (classCode !== CLASS['secret-key']) return null;
  const maySign = session.get(object, 'CKA_SIGN') === true;
  if (keyTypeCode === KEY_TYPE.aes) {
    const by: CmacBy = maySign && token.probed().cmac ? 'cmac' : 'ecb';
    return aesCheckValue(session, object, by);
  }
  return keyTypeCode === KEY_TYPE['generic-secret'] && maySign ? hmacCheckValue(session, object) : null;
}

function hmacCheckValue(session: Session, key: ObjectHandle): CheckValue {
  return checkValue('hmac-sha256', session.sign(plain('CKM_SHA256_HMAC'), key, Buffer.alloc(16)).subarray(0, 5));
}

function named(names: ReadonlyMap<number, string>, code: number | null): string {
  return code === null ? 'unknown' : (names.get(code) ?? `0x${code.toString(16)}`);
}

function sortKey(entry: InventoryEntry): string {
  return `${entry.class}\0${entry.label}\0${entry.id}`;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
