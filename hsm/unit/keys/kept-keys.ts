/** Keys that stay in a unit as token objects: made, found by their name, sealed against leaving, destroyed and proven gone. */
import { randomBytes } from 'node:crypto';
import { checkValue, type CheckValue } from '../../../ceremony/check-value';
import { DeviceError } from '../../../ceremony/command/device-error';
import { isSecretKey, type KeyAlgorithm, type KeyUse } from '../../../ceremony/keypackage/key-kinds';
import { spkiValue } from '../../../ceremony/keypackage/wrapped-key';
import { CLASS, KEY_TYPE, asBuffer, type Template } from '../../pkcs11/attributes';
import { attempt, refused, unitChanged } from '../../pkcs11/device-trouble';
import type { ObjectHandle } from '../../pkcs11/handles';
import { plain } from '../../pkcs11/mechanisms';
import { CURVE_PARAMS, spkiOf } from '../../pkcs11/spki';
import { KEEPING, USAGES, differences, readBack, valueIsReadable, type ReadBack } from '../objects';
import { cmacBy } from '../registers';
import { reading, type OpenToken } from '../tokens';
import { aesCheckValue } from '../verification-pattern';
import { keyAsked, publicAsked } from './templates';

/** A key to make. */
export interface KeyToMake {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly use: KeyUse;
  /** Whether it may leave the token wrapped, until it is sealed. */
  readonly extractable: boolean;
}

/** A key as the token shows it. */
export interface KeptKey {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly use: KeyUse;
  readonly checkValue: CheckValue;
  /** base64 DER SPKI of a pair; null for a secret key. */
  readonly publicKey: string | null;
  /** Of the secret or private key. */
  readonly attributes: ReadBack;
}

/** The same with the handle of its secret or private key. */
export interface HeldKey extends KeptKey {
  readonly key: ObjectHandle;
}

const RSA_BITS: Partial<Record<KeyAlgorithm, number>> = { 'rsa-3072': 3072, 'rsa-4096': 4096 };
const AES_BYTES: Partial<Record<KeyAlgorithm, number>> = { 'aes-128': 16, 'aes-256': 32 };
const EC_PARAMS: Partial<Record<KeyAlgorithm, Uint8Array>> = {
  'ec-p256': CURVE_PARAMS['ecdsa-p256-sha256'],
  'ec-p384': CURVE_PARAMS['ecdsa-p384-sha384'],
};

/**
 * Makes a key, or takes the one that is there when it is what was asked for.
 *
 * @throws DeviceError `KEY_EXISTS` when another of its name is there; `KEY_NOT_AS_ASKED` when the token makes it otherwise,
 *   and it was destroyed
 */
export function makeKey(token: OpenToken, asked: KeyToMake): HeldKey {
  const { of } = token;
  if (objectsNamed(token, asked.name).length > 0) {
    throw refused(
      'KEY_EXISTS',
      of,
      `an object named ${asked.name} is on the token already`,
      'Give the key another name in the plan, or destroy the other with `key.destroy` first.',
    );
  }
  const circumstance = {
    of,
    doing: `making the key ${asked.name}`,
    changed: `A key ${asked.name} may be on the token.`,
    changes: true,
  };
  attempt(circumstance, () => {
    generate(token, asked);
  });
  try {
    const made = requireKey(token, asked.name);
    const wrong = faults(token, made, asked);
    if (wrong.length === 0) return made;
    throw new DeviceError({
      code: 'KEY_NOT_AS_ASKED',
      message: `${of}: the token made the key ${asked.name} otherwise than asked: ${wrong.join(', ')}.`,
      changed: 'The key was destroyed; nothing else was changed.',
      next: 'Use another token: this one does not keep a key as it is told to.',
      uncertain: false,
    });
  } catch (error) {
    destroyKey(token, asked.name);
    throw error;
  }
}

function generate({ session, ...token }: OpenToken, { name, algorithm, use, extractable }: KeyToMake): void {
  const common: Template = { CKA_LABEL: name, CKA_ID: randomBytes(16) };
  const asked = keyAsked({ session, ...token }, algorithm, use, { token: true, extractable });
  const bytes = AES_BYTES[algorithm];
  if (bytes !== undefined) {
    session.generateKey(plain('CKM_AES_KEY_GEN'), { ...common, ...asked, CKA_VALUE_LEN: bytes });
    return;
  }
  const forPublic = { ...common, ...publicAsked(use) };
  const bits = RSA_BITS[algorithm];
  if (bits !== undefined) {
    const size: Template = { CKA_MODULUS_BITS: bits, CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]) };
    session.generateKeyPair(plain('CKM_RSA_PKCS_KEY_PAIR_GEN'), { ...forPublic, ...size }, { ...common, ...asked });
    return;
  }
  const params = EC_PARAMS[algorithm];
  if (params === undefined) throw new RangeError(`key: expected a known algorithm, got ${algorithm}`);
  session.generateKeyPair(
    plain('CKM_EC_KEY_PAIR_GEN'),
    { ...forPublic, CKA_EC_PARAMS: params },
    { ...common, ...asked },
  );
}

/** Attributes of a key that are not as asked, and whatever else keeps it from being what was asked for. */
export function faults(token: OpenToken, found: HeldKey, asked: KeyToMake): string[] {
  const wrong = differences(
    keyAsked(token, asked.algorithm, asked.use, { token: true, extractable: asked.extractable }),
    found.attributes,
  );
  if (found.algorithm !== asked.algorithm) wrong.push(`algorithm ${found.algorithm}`);
  // SECURITY(K-13): what the token was told is not what it did.
  if (isSecretKey(asked.algorithm) && valueIsReadable(token.session, found.key)) wrong.push('CKA_VALUE');
  return wrong;
}

/** The key of a name; null when there is no object of that name. Throws DeviceError: `UNIT_CHANGED` when there are several, `KEY_HALF_MADE` where one half of a pair is there. */
export function findKey(token: OpenToken, name: string): HeldKey | null {
  const found = objectsNamed(token, name);
  if (found.length === 0) return null;
  return attempt(reading(token.of, `reading the key ${name}`), () => describe(token, name, found));
}

/** As {@link findKey}. Throws DeviceError `KEY_MISSING` when there is none. */
export function requireKey(token: OpenToken, name: string): HeldKey {
  const found = findKey(token, name);
  if (found !== null) return found;
  throw refused(
    'KEY_MISSING',
    token.of,
    `there is no key ${name} on the token`,
    'Look at the inventory of the unit: the key is on another unit, was destroyed, or has another name.',
  );
}

interface Named {
  readonly object: ObjectHandle;
  readonly class: number | null;
}

/** Keys of a name, of all classes. */
function objectsNamed({ session, of }: OpenToken, name: string): Named[] {
  return attempt(reading(of, `looking for the key ${name}`), () =>
    session
      .find({ CKA_LABEL: name, CKA_TOKEN: true })
      // Asked of each: not every module compares a label to its end.
      .filter((object) => session.get(object, 'CKA_LABEL') === name)
      .map((object) => ({ object, class: session.get(object, 'CKA_CLASS') })),
  );
}

function describe(token: OpenToken, name: string, found: readonly Named[]): HeldKey {
  const { session, of } = token;
  const ofClass = (code: number): readonly ObjectHandle[] =>
    found.filter((one) => one.class === code).map(({ object }) => object);
  const [secret, ...otherSecrets] = ofClass(CLASS['secret-key']);
  const [priv, ...otherPrivates] = ofClass(CLASS['private-key']);
  const [pub, ...otherPublics] = ofClass(CLASS['public-key']);
  const isAlone = otherSecrets.length + otherPrivates.length + otherPublics.length === 0;
  if (secret !== undefined && priv === undefined && pub === undefined && isAlone) {
    const attributes = readBack(session, secret, [...KEEPING, 'CKA_VALUE_LEN', ...USAGES['secret-key']]);
    const algorithm = attributes['CKA_VALUE_LEN'] === 16 ? 'aes-128' : 'aes-256';
    if (session.get(secret, 'CKA_KEY_TYPE') !== KEY_TYPE.aes) throw unitChanged(of, `${name} is no AES key`);
    return {
      key: secret,
      name,
      algorithm,
      use: attributes['CKA_WRAP'] === true ? 'wrap' : 'encrypt',
      checkValue: aesCheckValue(session, secret, cmacBy(token)),
      publicKey: null,
      attributes,
    };
  }
  if (secret === undefined && priv !== undefined && pub !== undefined && isAlone) {
    const publicKey = spkiOf(session, pub);
    if (publicKey === null) throw unitChanged(of, `the public key of ${name} cannot be read`);
    const attributes = readBack(session, priv, [...KEEPING, ...USAGES['private-key']]);
    return {
      key: priv,
      name,
      algorithm: pairAlgorithm(token, pub, name),
      use: attributes['CKA_SIGN'] === true ? 'sign' : attributes['CKA_DECRYPT'] === true ? 'decrypt' : 'unwrap',
      checkValue: checkValue('spki-sha256', Buffer.from(spkiValue(publicKey), 'hex')),
      publicKey,
      attributes,
    };
  }
  if (found.length === 1 && secret === undefined && isAlone) throw halfMade(of, name);
  throw unitChanged(of, `the objects named ${name} are neither one secret key nor one pair`);
}

/** What a crash leaves between the two halves of a pair that are brought onto a token one after the other. */
function halfMade(of: string, name: string): DeviceError {
  return refused(
    'KEY_HALF_MADE',
    of,
    `there is one half of the pair ${name} and not the other`,
    'Where Keyrite was interrupted it puts this right by itself. Otherwise somebody acted on this token: find out before going on.',
  );
}

function pairAlgorithm({ session, of }: OpenToken, publicKey: ObjectHandle, name: string): KeyAlgorithm {
  const bits = (session.get(publicKey, 'CKA_MODULUS')?.length ?? 0) * 8;
  if (session.get(publicKey, 'CKA_KEY_TYPE') === KEY_TYPE.rsa) {
    if (bits >= 3072 && bits <= 3080) return 'rsa-3072';
    if (bits >= 4096 && bits <= 4104) return 'rsa-4096';
  }
  const params = asBuffer(session.get(publicKey, 'CKA_EC_PARAMS') ?? new Uint8Array());
  const curve = (['ec-p256', 'ec-p384'] as const).find((one) => params.equals(EC_PARAMS[one] ?? new Uint8Array()));
  if (curve !== undefined) return curve;
  throw unitChanged(of, `the pair ${name} is of a kind that Keyrite does not make`);
}

/**
 * Has a key never leave the token any more; done already, it is only read.
 *
 * @returns the attributes, read back
 * @throws DeviceError `KEY_NOT_AS_ASKED` when the token goes on calling it extractable
 */
export function sealKey(token: OpenToken, name: string): ReadBack {
  const held = requireKey(token, name);
  if (held.attributes['CKA_EXTRACTABLE'] === false) return held.attributes;
  const circumstance = {
    of: token.of,
    doing: `sealing the key ${name}`,
    changed: 'The key may still leave the token wrapped.',
    changes: true,
  };
  attempt(circumstance, () => {
    token.session.set(held.key, { CKA_EXTRACTABLE: false });
  });
  const { attributes } = requireKey(token, name);
  if (attributes['CKA_EXTRACTABLE'] === false) return attributes;
  throw new DeviceError({
    code: 'KEY_NOT_AS_ASKED',
    message: `${token.of}: the token was told that the key ${name} must not leave it, and still says that it may.`,
    changed: 'The key is on the token, wrapped in the store, and may leave the token wrapped.',
    next: 'Use another token: this one does not keep a key as it is told to.',
    uncertain: true,
  });
}

/** Destroys every object of a key's name and looks that none is left; returns how many there were. Throws DeviceError. */
export function destroyKey(token: OpenToken, name: string): number {
  const found = objectsNamed(token, name);
  const circumstance = {
    of: token.of,
    doing: `destroying the key ${name}`,
    changed: 'The key, or half of it, may still be on the token.',
    changes: true,
  };
  attempt(circumstance, () => {
    for (const { object } of found) token.session.destroy(object);
  });
  // SECURITY(K-20): the token says destroyed; it is looked for.
  if (objectsNamed(token, name).length === 0) return found.length;
  throw new DeviceError({
    code: 'KEY_STILL_THERE',
    message: `${token.of}: the token says that the key ${name} was destroyed, but still shows it.`,
    changed: 'The key is still on the token.',
    next: 'Have the vendor’s tool destroy it, before two people, and put that on record.',
    uncertain: true,
  });
}

/** Without the handle, which stays in the worker. */
export function told({ name, algorithm, use, checkValue: value, publicKey, attributes }: HeldKey): KeptKey {
  return { name, algorithm, use, checkValue: value, publicKey, attributes };
}
