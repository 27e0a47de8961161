/**
 * A key that others left on a token: looked at, and made the current master key by a signed command. The register a key is
 * in is its label, so the key gets that label; its value is never read, and it is never copied or destroyed.
 */
import { samePattern } from '../../ceremony/check-value';
import type { CommandPayload } from '../../ceremony/command/unit-state';
import type { ExaminedKey, KeyAddress } from '../../ceremony/engine/ports';
import { CLASS, KEY_TYPE, type AttributeName, type Template } from '../pkcs11/attributes';
import { CryptokiError } from '../pkcs11/cryptoki-error';
import { attempt, refused, unitChanged } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { describeObject } from './inventory';
import { masterKeyAsked } from './master-key';
import { KEEPING, LABEL, USAGES, differences, readBack } from './objects';
import { cmacByOf, readRegisters } from './registers';
import { reading, type OpenToken } from './tokens';
import { verificationPattern } from './verification-pattern';

type Adoption = Extract<CommandPayload, { command: 'master-key.adopt' }>;

/**
 * The key as it stands, with its pattern.
 *
 * @throws DeviceError `KEY_NOT_FOUND` unless there is exactly one, `NOT_AN_AES_KEY`, `NO_PATTERN` when the token lets
 *   nobody compute one with it
 */
export function examineKey(token: OpenToken, address: KeyAddress): ExaminedKey {
  const key = theOne(token, address);
  return attempt(reading(token.of, 'examining the key'), () => {
    const attributes = readBack(token.session, key, [...KEEPING, ...USAGES['secret-key']]);
    const wider = differences(masterKeyAsked(token.probed().cmac), attributes);
    return {
      object: describeObject(token, key),
      pattern: patternOf(token, key),
      wider: wider.map((name) => `${name} ${String(attributes[name] ?? 'not told')}`),
    };
  });
}

function theOne(token: OpenToken, { label, id }: KeyAddress): ObjectHandle {
  const { session, of } = token;
  const found = attempt(reading(of, 'looking for the key'), () =>
    labelled(token, label).filter((key) => isOfId(token, key, id)),
  );
  const [key] = found;
  if (key === undefined || found.length > 1) {
    throw refused(
      'KEY_NOT_FOUND',
      of,
      `there ${found.length === 0 ? 'is no secret key' : `are ${String(found.length)} secret keys`} labelled “${label}”${id === null ? '' : ` with the id ${id}`}, and one is to be adopted`,
      'Take an inventory, and name the key as it is there, with its id where its label is not enough.',
    );
  }
  if (attempt(reading(of, 'looking at the key'), () => session.get(key, 'CKA_KEY_TYPE')) === KEY_TYPE.aes) return key;
  throw refused(
    'NOT_AN_AES_KEY',
    of,
    `the key labelled “${label}” is no AES key`,
    'Only an AES key can be a master key.',
  );
}

function labelled(token: OpenToken, label: string): ObjectHandle[] {
  return token.session.find({ CKA_CLASS: CLASS['secret-key'], CKA_LABEL: label, CKA_TOKEN: true });
}

function isOfId(token: OpenToken, key: ObjectHandle, id: string | null): boolean {
  return id === null || Buffer.from(token.session.get(key, 'CKA_ID') ?? []).toString('hex') === id;
}

function patternOf(token: OpenToken, key: ObjectHandle): string {
  try {
    return verificationPattern(token.session, key, cmacByOf(token, key));
  } catch (error) {
    if (!(error instanceof CryptokiError) && !(error instanceof RangeError)) throw error;
    throw refused(
      'NO_PATTERN',
      token.of,
      `the token computes no verification pattern with this key (${error.message}): it may neither sign nor encrypt`,
      'A key without a pattern cannot be told from another. Give it CKA_SIGN with the vendor’s tool, in a `vendor.procedure`.',
    );
  }
}

/**
 * Moves the key to the current register, then takes usages away from it where the command says so. Done by half, the same
 * command finishes it.
 *
 * @returns attributes that were set right
 * @throws DeviceError `UNIT_CHANGED` when another key is there than the command names
 */
export function adoptMasterKey(token: OpenToken, { label, id, pattern, harden }: Adoption): readonly string[] {
  const { current } = readRegisters(token);
  const key = current.key ?? theOne(token, { label, id });
  const found =
    current.key === null
      ? attempt(reading(token.of, 'examining the key'), () => patternOf(token, key))
      : (current.reading.pattern ?? 'none');
  if (!samePattern(found, pattern)) {
    throw unitChanged(token.of, `the key to be adopted gives the pattern ${found}, the command names ${pattern}`);
  }
  if (current.key === null) relabel(token, key);
  return harden ? hardened(token, key) : [];
}

function relabel(token: OpenToken, key: ObjectHandle): void {
  const circumstance = {
    of: token.of,
    doing: `giving the key the label ${LABEL.current}`,
    changed: 'The key has the label that it had.',
    changes: true,
  };
  attempt(circumstance, () => {
    token.session.set(key, { CKA_LABEL: LABEL.current });
  });
  if (attempt(reading(token.of, 'reading the label back'), () => labelled(token, LABEL.current)).length === 1) return;
  throw unitChanged(token.of, `the key did not get the label ${LABEL.current}`);
}

/** Names of the attributes that the token let be set right; of the others, readings tell. */
function hardened(token: OpenToken, key: ObjectHandle): readonly string[] {
  const { session } = token;
  const asked = masterKeyAsked(cmacByOf(token, key) === 'cmac');
  const circumstance = {
    of: token.of,
    doing: 'taking usages away from the adopted key',
    changed: 'The key is in the current register, and may be used for more than a master key should.',
    changes: true,
  };
  return attempt(circumstance, () => {
    const wrong = (): string[] => differences(asked, readBack(session, key, [...KEEPING, ...USAGES['secret-key']]));
    const before = wrong();
    for (const name of before) setIfAllowed(token, key, { [name]: asked[name as AttributeName] });
    const left = wrong();
    return before.filter((name) => !left.includes(name));
  });
}

function setIfAllowed(token: OpenToken, key: ObjectHandle, change: Template): void {
  try {
    token.session.set(key, change);
  } catch (error) {
    // What counts is what is read back afterwards.
    if (!(error instanceof CryptokiError)) throw error;
  }
}
