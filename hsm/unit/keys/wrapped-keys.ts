/** Keys under a unit's master key: wrapped with proof that they come back, restored, and re-enciphered under another one. */
import { createPublicKey, randomBytes } from 'node:crypto';
import { sameCheckValue, samePattern } from '../../../ceremony/check-value';
import { DeviceError } from '../../../ceremony/command/device-error';
import type { SignatureAlgorithm } from '../../../ceremony/command/dsse';
import { isSecretKey, type KeyAlgorithm, type WrapFormat } from '../../../ceremony/keypackage/key-kinds';
import type { WrappedKey } from '../../../ceremony/keypackage/wrapped-key';
import { CLASS, KEY_TYPE, type AttributeName, type Template } from '../../pkcs11/attributes';
import { CryptokiError, isCkr } from '../../pkcs11/cryptoki-error';
import { attempt, refused, unitChanged } from '../../pkcs11/device-trouble';
import type { ObjectHandle } from '../../pkcs11/handles';
import { plain } from '../../pkcs11/mechanisms';
import { signAndVerify } from '../../pkcs11/signing';
import { CURVE_PARAMS } from '../../pkcs11/spki';
import { differences, readBack, valueIsReadable, type ReadBack } from '../objects';
import { cmacBy, readRegisters, type HeldRegisters } from '../registers';
import { reading, type OpenToken } from '../tokens';
import { aesCheckValue } from '../verification-pattern';
import { destroyKey, faults, findKey, requireKey, type KeyToMake } from './kept-keys';
import { keyAsked, momentAsked, publicAsked } from './templates';

type WrapMechanism = WrappedKey['mechanism'];

/** A master key in one of the registers. */
interface MasterKey {
  readonly pattern: string;
  readonly key: ObjectHandle;
}

const SIGNING: Readonly<Record<Exclude<KeyAlgorithm, 'aes-128' | 'aes-256'>, SignatureAlgorithm>> = {
  'rsa-3072': 'rsa-pss-sha256',
  'rsa-4096': 'rsa-pss-sha256',
  'ec-p256': 'ecdsa-p256-sha256',
  'ec-p384': 'ecdsa-p384-sha384',
};

/**
 * Wraps a key under the current master key, and proves that it comes back.
 *
 * @param format null: RFC 5649 where the token has it, else RFC 3394
 * @throws DeviceError; `NO_KEY_WRAP` where the token has none of it
 */
export function wrapKey(token: OpenToken, name: string, format: WrapFormat | null): WrappedKey {
  const held = requireKey(token, name);
  const current = readRegisters(token).current;
  if (current.key === null || current.reading.pattern === null) {
    throw refused('NO_MASTER_KEY', token.of, 'the current register is empty', 'Activate a master key first.');
  }
  const masterKey = { pattern: current.reading.pattern, key: current.key };
  const { chosen, mechanism } = wrapping(token, format, isSecretKey(held.algorithm));
  const wrapped = attempt(unchanged(token, `wrapping the key ${name}`), () =>
    token.session.wrap(plain(mechanism), masterKey.key, held.key, MOST_WRAPPED),
  );
  const algorithm = isSecretKey(held.algorithm) ? aesOf(token, wrapped) : held.algorithm;
  const file: WrappedKey = {
    keyrite: 'wrapped-key/1',
    name,
    algorithm,
    use: held.use,
    checkValue: { algorithm: isSecretKey(algorithm) ? 'aes-cmac' : 'spki-sha256', value: held.checkValue.value },
    publicKey: held.publicKey,
    masterKey: masterKey.pattern,
    format: chosen,
    mechanism,
    wrapped: wrapped.toString('base64'),
  };
  comesBack(token, masterKey, file);
  return file;
}

/**
 * Brings a wrapped key back as a token object that never leaves the token.
 *
 * @throws DeviceError; `OTHER_MASTER_KEY` when the current master key is not the one that wraps it, `KEY_EXISTS`
 */
export function restoreKey(token: OpenToken, file: WrappedKey): ReadBack {
  const masterKey = masterKeyOf(token, file.masterKey, 'current');
  const asked = { name: file.name, algorithm: file.algorithm, use: file.use, extractable: false };
  if (findKey(token, file.name) !== null) {
    throw refused(
      'KEY_EXISTS',
      token.of,
      `an object named ${file.name} is on the token already`,
      'Destroy it with `key.destroy` first, if it is the one that is to be replaced.',
    );
  }
  comesBack(token, masterKey, file);
  const circumstance = {
    of: token.of,
    doing: `bringing the key ${file.name} back`,
    changed: `A key ${file.name} may be on the token.`,
    changes: true,
  };
  try {
    attempt(circumstance, () => {
      const template = keyAsked(token, file.algorithm, file.use, { token: true, extractable: false });
      const common = { CKA_LABEL: file.name, CKA_ID: randomBytes(16) };
      unwrap(token, masterKey, file, { ...common, ...template });
      if (file.publicKey !== null)
        token.session.create({ ...common, ...publicObject(file.publicKey), ...publicAsked(file.use) });
    });
    setRight(token, requireKey(token, file.name).key, asked);
    const found = requireKey(token, file.name);
    // A module may tell no length of a key that was unwrapped.
    const wrong = faults(token, { ...found, algorithm: file.algorithm }, asked);
    if (!sameCheckValue(found.checkValue, file.checkValue)) wrong.push('check value');
    if (wrong.length === 0) return found.attributes;
    throw new DeviceError({
      code: 'KEY_NOT_AS_ASKED',
      message: `${token.of}: the token brought the key ${file.name} back otherwise than asked: ${wrong.join(', ')}.`,
      changed: 'The key was destroyed on the token; it is in the store as before.',
      next: 'Use another token: this one does not keep a key as it is told to.',
      uncertain: false,
    });
  } catch (error) {
    destroyKey(token, file.name);
    throw error;
  }
}

/**
 * Wraps keys anew: each is unwrapped under the one master key, wrapped under the other, unwrapped again and compared.
 * Nothing of it stays on the token.
 *
 * @param to pattern of the committed key in the new register; the keys name the current one
 * @returns the keys in their order, wrapped under the other master key
 * @throws DeviceError naming the key that failed; then none of these was re-enciphered
 */
export function reEncipher(token: OpenToken, to: string, files: readonly WrappedKey[]): WrappedKey[] {
  const first = files[0];
  if (first === undefined) return [];
  const registers = readRegisters(token);
  const from = masterKeyOf(token, first.masterKey, 'current', registers);
  const next = masterKeyOf(token, to, 'new', registers);
  return files.map((file, place) => {
    if (file.masterKey !== from.pattern) throw otherMasterKey(token, file, from.pattern);
    const { mechanism } = wrapping(token, file.format, isSecretKey(file.algorithm));
    const wrapped = withMoment(token, from, file, { extractable: true, readsValue: place === 0 }, (key) =>
      attempt(unchanged(token, `wrapping the key ${file.name} anew`), () =>
        token.session.wrap(plain(mechanism), next.key, key, MOST_WRAPPED),
      ),
    );
    const anew: WrappedKey = { ...file, masterKey: to, mechanism, wrapped: wrapped.toString('base64') };
    comesBack(token, next, anew, place === 0);
    return anew;
  });
}

/** Proves of keys that are wrapped under a master key in one of the registers that each comes back. Throws DeviceError naming the first that does not. */
export function checkWrapped(token: OpenToken, pattern: string, files: readonly WrappedKey[]): void {
  const masterKey = masterKeyOf(token, pattern, 'either');
  for (const [place, file] of files.entries()) {
    if (file.masterKey !== pattern) throw otherMasterKey(token, file, pattern);
    comesBack(token, masterKey, file, place === 0);
  }
}

/** NSS keeps the usages of a private key otherwise than it was told to; what counts is what is read back afterwards. */
function setRight({ session, ...token }: OpenToken, key: ObjectHandle, asked: KeyToMake): void {
  const template = keyAsked({ session, ...token }, asked.algorithm, asked.use, { token: true, extractable: false });
  const wrong = differences(template, readBack(session, key, Object.keys(template) as AttributeName[]));
  for (const name of wrong as AttributeName[]) {
    try {
      session.set(key, { [name]: template[name] });
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
    }
  }
}

const MOST_WRAPPED = 8192;

/** What is read back of a key that lives for a moment: how it is kept. Its usages end with it. */
const KEPT = ['CKA_TOKEN', 'CKA_SENSITIVE', 'CKA_EXTRACTABLE'] as const;

function keptOf(asked: Template): Template {
  return Object.fromEntries(KEPT.map((name) => [name, asked[name]]));
}

/** Unwraps a key for a moment and compares its check value, or has it sign. Throws DeviceError `KEY_WRONG`. */
function comesBack(token: OpenToken, masterKey: MasterKey, file: WrappedKey, readsValue = true): void {
  const holds = withMoment(token, masterKey, file, { extractable: false, readsValue }, (key) =>
    attempt(unchanged(token, `checking the key ${file.name}`), () => proves(token, key, file)),
  );
  if (holds) return;
  throw new DeviceError({
    code: 'KEY_WRONG',
    message: `${token.of}: the wrapped key ${file.name}, unwrapped again, is not the key of the check value ${file.checkValue.value}.`,
    changed: 'Nothing was changed, and nothing of it was kept.',
    next: 'Stop. The file is not what was wrapped, or the token does not do what it says: bring the file back from a copy of the store.',
    uncertain: false,
  });
}

function proves(token: OpenToken, key: ObjectHandle, { algorithm, checkValue, publicKey }: WrappedKey): boolean {
  if (algorithm === 'aes-128' || algorithm === 'aes-256') {
    return sameCheckValue(aesCheckValue(token.session, key, cmacBy(token)), checkValue);
  }
  return (
    publicKey !== null && signAndVerify(token.session, key, SIGNING[algorithm], publicKey, randomBytes(32)) !== null
  );
}

/**
 * Uses a key that is unwrapped as a session object, and destroys it.
 *
 * @param readsValue whether its value is asked for, too, whatever CKA_SENSITIVE says: once for each request is enough
 */
function withMoment<T>(
  token: OpenToken,
  masterKey: MasterKey,
  file: WrappedKey,
  { extractable, readsValue }: { readonly extractable: boolean; readonly readsValue: boolean },
  use: (key: ObjectHandle) => T,
): T {
  const { session } = token;
  const asked = momentAsked(token, isSecretKey(file.algorithm), extractable);
  const key = attempt(unchanged(token, `unwrapping the key ${file.name}`), () => unwrap(token, masterKey, file, asked));
  try {
    attempt(reading(token.of, `reading the key ${file.name} back`), () => {
      // SECURITY(K-13): what the token was told is not what it did.
      const wrong = differences(keptOf(asked), session.flags(key, KEPT) ?? readBack(session, key, KEPT));
      if (readsValue && isSecretKey(file.algorithm) && valueIsReadable(session, key)) wrong.push('CKA_VALUE');
      if (wrong.length > 0) throw notAsAsked(token, file, wrong);
    });
    return use(key);
  } finally {
    attempt(
      { ...unchanged(token, `destroying the key ${file.name}`), changed: 'It goes when the session ends.' },
      () => {
        session.destroy(key);
      },
    );
  }
}

function unwrap(token: OpenToken, masterKey: MasterKey, file: WrappedKey, asked: Template): ObjectHandle {
  const { session } = token;
  const secret = isSecretKey(file.algorithm);
  const { mechanism } = wrapping(token, file.format, secret);
  const bytes = Buffer.from(file.wrapped, 'base64');
  const kind: Template = secret
    ? { CKA_CLASS: CLASS['secret-key'], CKA_KEY_TYPE: KEY_TYPE.aes }
    : { CKA_CLASS: CLASS['private-key'], CKA_KEY_TYPE: file.algorithm.startsWith('rsa') ? KEY_TYPE.rsa : KEY_TYPE.ec };
  const given = { ...kind, ...asked };
  try {
    return session.unwrap(plain(mechanism), masterKey.key, bytes, given);
  } catch (error) {
    if (!isCkr(error, 'CKR_TEMPLATE_INCOMPLETE') || file.publicKey === null) throw error;
    // NSS finds a private key again by the public one, and wants it told (CKA_NSS_DB).
    return session.unwrap(plain(mechanism), masterKey.key, bytes, { ...given, CKA_NSS_DB: pointOf(file.publicKey) });
  }
}

/** The master key of a pattern, in the register where it must be. Throws DeviceError `OTHER_MASTER_KEY`. */
function masterKeyOf(
  token: OpenToken,
  pattern: string,
  register: 'new' | 'current' | 'either',
  held: HeldRegisters = readRegisters(token),
): MasterKey {
  if (register !== 'current' && held.new.reading.status === 'full-uncommitted') {
    throw unitChanged(token.of, 'the key in the new register is not committed');
  }
  const looked = register === 'either' ? [held.current, held.new] : [held[register]];
  const found = looked.find((one) => one.reading.pattern !== null && samePattern(one.reading.pattern, pattern));
  if (found !== undefined && found.key !== null) return { pattern, key: found.key };
  const shown = looked.map((one) => one.reading.pattern ?? 'none').join(' and ');
  throw refused(
    'OTHER_MASTER_KEY',
    token.of,
    `the keys are wrapped under the master key of the pattern ${pattern}, and the unit shows ${shown}`,
    'Use a unit that has the master key of these keys.',
  );
}

/** Mechanism by which a token wraps in a format: found by known answers, since 0x210A means two things. */
function wrapping(
  token: OpenToken,
  format: WrapFormat | null,
  isSecret: boolean,
): { readonly chosen: WrapFormat; readonly mechanism: WrapMechanism } {
  const { mechanisms } = token.probed();
  const works = (name: string): boolean => mechanisms[name] === 'works';
  if (format !== 'AES-KW') {
    if (works('CKM_AES_KEY_WRAP_KWP')) return { chosen: 'AES-KWP', mechanism: 'CKM_AES_KEY_WRAP_KWP' };
    if (works('CKM_AES_KEY_WRAP_PAD as RFC 5649')) return { chosen: 'AES-KWP', mechanism: 'CKM_AES_KEY_WRAP_PAD' };
  }
  if (format !== 'AES-KWP' && isSecret && works('CKM_AES_KEY_WRAP'))
    return { chosen: 'AES-KW', mechanism: 'CKM_AES_KEY_WRAP' };
  throw refused(
    'NO_KEY_WRAP',
    token.of,
    `the token wraps no ${isSecret ? 'secret' : 'private'} key by ${format ?? 'AES-KWP or AES-KW'}, as known answers showed`,
    'Use a unit whose token does; a key is never made readable to get it out.',
  );
}

/** Of an AES key, by the length of its wrapping: a module may tell no length of a key that was unwrapped. */
function aesOf(token: OpenToken, wrapped: Uint8Array): KeyAlgorithm {
  if (wrapped.length === 24) return 'aes-128';
  if (wrapped.length === 40) return 'aes-256';
  throw unitChanged(
    token.of,
    `a wrapped AES key has ${String(wrapped.length)} bytes, which no key of 128 or 256 bits has`,
  );
}

/** CKA_NSS_DB of a private key: the modulus, or the point, of its public key. */
function pointOf(spki: string): Uint8Array {
  const jwk = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }).export({
    format: 'jwk',
  });
  const part = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
  return jwk.kty === 'RSA' ? part(jwk.n) : Buffer.concat([Buffer.from([4]), part(jwk.x), part(jwk.y)]);
}

/** Template of a public key object. */
function publicObject(spki: string): Template {
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  const jwk = key.export({ format: 'jwk' });
  const part = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
  if (jwk.kty === 'RSA') {
    return {
      CKA_CLASS: CLASS['public-key'],
      CKA_KEY_TYPE: KEY_TYPE.rsa,
      CKA_MODULUS: part(jwk.n),
      CKA_PUBLIC_EXPONENT: part(jwk.e),
    };
  }
  const point = pointOf(spki);
  const header = point.length < 0x80 ? [0x04, point.length] : [0x04, 0x81, point.length];
  return {
    CKA_CLASS: CLASS['public-key'],
    CKA_KEY_TYPE: KEY_TYPE.ec,
    CKA_EC_PARAMS: CURVE_PARAMS[jwk.crv === 'P-256' ? 'ecdsa-p256-sha256' : 'ecdsa-p384-sha384'],
    CKA_EC_POINT: Buffer.concat([Buffer.from(header), point]),
  };
}

function unchanged(token: OpenToken, doing: string): { of: string; doing: string; changed: string; changes: boolean } {
  return { of: token.of, doing, changed: 'Nothing was kept: what is unwrapped is a session object.', changes: false };
}

function otherMasterKey(token: OpenToken, { name, masterKey }: WrappedKey, pattern: string): DeviceError {
  return refused(
    'OTHER_MASTER_KEY',
    token.of,
    `the key ${name} is wrapped under the master key of the pattern ${masterKey}, the others under ${pattern}`,
    'Look at the store: a file of another generation is in it.',
  );
}

function notAsAsked(token: OpenToken, { name }: WrappedKey, wrong: readonly string[]): DeviceError {
  return new DeviceError({
    code: 'KEY_NOT_AS_ASKED',
    message: `${token.of}: the token unwrapped the key ${name} otherwise than asked: ${wrong.join(', ')}.`,
    changed: 'The key was destroyed on the token; it is in the store as before.',
    next: 'Use another token: this one does not keep a key as it is told to.',
    uncertain: false,
  });
}
