/** The objects Keyrite keeps on a unit: their labels, the usages each may have, and reading them back. */
import type { AttributeName, Template } from '../pkcs11/attributes';
import type { ObjectHandle } from '../pkcs11/handles';
import type { Session } from '../pkcs11/session';

export { LABEL } from '../../ceremony/command/unit-objects';

/** Attributes as the token tells them; null where it does not. Bytes are hex. */
export type ReadBack = Readonly<Record<string, boolean | number | string | null>>;

/** Every usage a key of a class can have. */
export const USAGES = {
  'secret-key': ['CKA_ENCRYPT', 'CKA_DECRYPT', 'CKA_SIGN', 'CKA_VERIFY', 'CKA_WRAP', 'CKA_UNWRAP', 'CKA_DERIVE'],
  'private-key': ['CKA_DECRYPT', 'CKA_SIGN', 'CKA_SIGN_RECOVER', 'CKA_UNWRAP', 'CKA_DERIVE'],
  'public-key': ['CKA_ENCRYPT', 'CKA_VERIFY', 'CKA_VERIFY_RECOVER', 'CKA_WRAP', 'CKA_DERIVE'],
} as const satisfies Record<string, readonly AttributeName[]>;

/** Attributes that say how well a key is kept. */
export const KEEPING = [
  'CKA_TOKEN',
  'CKA_PRIVATE',
  'CKA_SENSITIVE',
  'CKA_EXTRACTABLE',
  'CKA_ALWAYS_SENSITIVE',
  'CKA_NEVER_EXTRACTABLE',
  'CKA_LOCAL',
  'CKA_MODIFIABLE',
] as const satisfies readonly AttributeName[];

/** The usages of a class as a template: those named are true, every other one is false, none is left to the module. */
export function onlyFor<C extends keyof typeof USAGES>(
  keyClass: C,
  ...allowed: readonly (typeof USAGES)[C][number][]
): Template {
  const names: readonly AttributeName[] = USAGES[keyClass];
  const chosen: readonly AttributeName[] = allowed;
  return Object.fromEntries(names.map((name) => [name, chosen.includes(name)]));
}

/** Attributes of an object as the token tells them, one call each. Throws CryptokiError. */
export function readBack(session: Session, object: ObjectHandle, names: readonly AttributeName[]): ReadBack {
  return Object.fromEntries(
    names.map((name) => {
      const value = session.get(object, name);
      return [name, value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value];
    }),
  );
}

/** Names of the yes-or-no attributes of `asked` that the token tells otherwise, or does not tell. */
export function differences(asked: Template, told: ReadBack): string[] {
  return Object.entries(asked).flatMap(([name, value]) =>
    typeof value === 'boolean' && told[name] !== value ? [name] : [],
  );
}

/** Whether the value of a secret key can be had in clear; what is read is zeroed. It must not be. Throws CryptokiError. */
export function valueIsReadable(session: Session, key: ObjectHandle): boolean {
  const value = session.get(key, 'CKA_VALUE');
  if (value === null || value.length === 0) return false;
  value.fill(0);
  return true;
}
