/** Import keys: ephemeral RSA pairs made in a token, to which the share process wraps the master key. */
import { createPublicKey } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import { importKeyStatement } from '../../ceremony/command/statements';
import type { ResultOf, MODULE_OPERATIONS } from '../contract';
import type { Template } from '../pkcs11/attributes';
import { attempt, refused } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { plain, type OaepHash } from '../pkcs11/mechanisms';
import { spkiOf } from '../pkcs11/spki';
import { signAsUnit, type Identity } from './identity';
import { KEEPING, USAGES, differences, onlyFor, readBack } from './objects';
import { reading, type OpenToken } from './tokens';

/** Modulus of import keys in bits: security of 128 bits (NIST SP 800-57), for a key that lives for minutes. */
export const IMPORT_KEY_BITS = 3072;

interface Held {
  readonly token: OpenToken;
  readonly publicKey: ObjectHandle;
  readonly privateKey: ObjectHandle;
  readonly oaep: OaepHash;
}

const PRIVATE_ASKED: Template = {
  CKA_TOKEN: false,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_EXTRACTABLE: false,
  ...onlyFor('private-key', 'CKA_UNWRAP'),
};

/** The import keys alive in this worker, one for each unit at most. */
export class ImportKeys {
  readonly #held = new Map<string, Held>();

  /**
   * Makes an import key; one made before is destroyed. SHA-1 is used only where the token unwraps nothing better.
   *
   * @throws DeviceError; `OAEP_NOT_SUPPORTED`, `KEY_NOT_AS_ASKED`
   */
  make(token: OpenToken, unit: string, identity: Identity): ResultOf<typeof MODULE_OPERATIONS, 'unit.make-import-key'> {
    this.destroy(unit);
    const oaep = oaepOf(token);
    const circumstance = {
      of: token.of,
      doing: 'making an import key',
      changed: 'Nothing on the token was changed.',
      changes: false,
    };
    const pair = attempt(circumstance, () =>
      token.session.generateKeyPair(
        plain('CKM_RSA_PKCS_KEY_PAIR_GEN'),
        {
          CKA_TOKEN: false,
          CKA_PRIVATE: false,
          CKA_MODULUS_BITS: IMPORT_KEY_BITS,
          CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]),
          ...onlyFor('public-key'),
        },
        PRIVATE_ASKED,
      ),
    );
    this.#held.set(unit, { token, ...pair, oaep });
    const told = attempt(reading(token.of, 'reading the import key back'), () => ({
      spki: spkiOf(token.session, pair.publicKey),
      wrong: differences(
        PRIVATE_ASKED,
        readBack(token.session, pair.privateKey, [...KEEPING, ...USAGES['private-key']]),
      ),
    }));
    const bits = told.spki === null ? 0 : modulusBits(told.spki);
    if (told.spki === null || told.wrong.length > 0 || bits !== IMPORT_KEY_BITS) {
      this.destroy(unit);
      throw notAsAsked(token.of, told.wrong.length > 0 ? told.wrong.join(', ') : `modulus of ${String(bits)} bits`);
    }
    const signature = signAsUnit(token, identity, importKeyStatement(told.spki, oaep));
    return { spki: told.spki, bits, oaep, signature: Buffer.from(signature).toString('base64') };
  }

  /** The import key of a unit. Throws DeviceError `IMPORT_KEY_GONE` when this worker holds none. */
  require(of: string, unit: string): Held {
    const held = this.#held.get(unit);
    if (held !== undefined) return held;
    throw refused(
      'IMPORT_KEY_GONE',
      of,
      'the import key is gone: it lives only as long as its worker, and for one load',
      'Make a new import key, wrap the master key to it, and load again.',
    );
  }

  /** Destroys the import key of a unit, if there is one. Throws DeviceError when the token does not. */
  destroy(unit: string): void {
    const held = this.#held.get(unit);
    if (held === undefined) return;
    this.#held.delete(unit);
    const circumstance = {
      of: held.token.of,
      doing: 'destroying the import key',
      changed: 'It goes when the session ends.',
      changes: true,
    };
    attempt(circumstance, () => {
      held.token.session.destroy(held.privateKey);
      held.token.session.destroy(held.publicKey);
    });
  }
}

function oaepOf(token: OpenToken): OaepHash {
  const { oaepUnwrap } = token.probed();
  if (oaepUnwrap.sha256) return 'sha256';
  if (oaepUnwrap.sha1) return 'sha1';
  throw refused(
    'OAEP_NOT_SUPPORTED',
    token.of,
    'the token unwraps no RSA-OAEP, so that no key can be brought into it',
    'Use a token that unwraps RSA-OAEP.',
  );
}

function modulusBits(spki: string): number {
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}

function notAsAsked(of: string, what: string): DeviceError {
  return new DeviceError({
    code: 'KEY_NOT_AS_ASKED',
    message: `${of}: the token made the import key otherwise than asked: ${what}.`,
    changed: 'The key was destroyed; nothing else was changed.',
    next: 'Use another token: this one does not keep a key as it is told to.',
    uncertain: false,
  });
}
