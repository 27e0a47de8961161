/**
 * Import keys: ephemeral pairs made in a token, to which the share process wraps the master key. RSA, which unwraps by OAEP;
 * or EC on P-256, with which a key is agreed that unwraps, where the token has no OAEP or the plan asks for it.
 */
import { createPublicKey } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import { agreementKeyStatement, importKeyStatement } from '../../ceremony/command/statements';
import type { ResultOf, MODULE_OPERATIONS } from '../contract';
import { agreementHolds, makeAgreementPair, unwrapByAgreement, type AgreementKdf } from '../pkcs11/agreement';
import type { Template } from '../pkcs11/attributes';
import { CryptokiError } from '../pkcs11/cryptoki-error';
import { attempt, refused } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { oaep, plain, type OaepHash } from '../pkcs11/mechanisms';
import type { KeyPair } from '../pkcs11/session';
import { spkiOf } from '../pkcs11/spki';
import { signAsUnit, type Identity } from './identity';
import { KEEPING, USAGES, differences, onlyFor, readBack } from './objects';
import { reading, type OpenToken } from './tokens';

/** Modulus of import keys in bits: security of 128 bits (NIST SP 800-57), for a key that lives for minutes. */
export const IMPORT_KEY_BITS = 3072;

type RsaImportKey = ResultOf<typeof MODULE_OPERATIONS, 'unit.make-import-key'>;
type AgreementKey = ResultOf<typeof MODULE_OPERATIONS, 'unit.make-agreement-key'>;

/** Which way a token goes. */
type Way = { readonly by: 'rsa-oaep'; readonly oaep: OaepHash } | { readonly by: 'ecdh'; readonly kdf: AgreementKdf };

interface Held {
  readonly token: OpenToken;
  readonly pair: KeyPair;
  readonly way: Way;
}

const KEPT: Template = { CKA_TOKEN: false, CKA_PRIVATE: true, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false };
const ASKED: Readonly<Record<Way['by'], Template>> = {
  'rsa-oaep': { ...KEPT, ...onlyFor('private-key', 'CKA_UNWRAP') },
  ecdh: { ...KEPT, ...onlyFor('private-key', 'CKA_DERIVE') },
};

/** The import keys alive in this worker, one for each unit at most. */
export class ImportKeys {
  readonly #held = new Map<string, Held>();

  /**
   * Makes an RSA import key; one made before is destroyed. SHA-1 is used only where the token unwraps nothing better.
   *
   * @throws DeviceError; `OAEP_NOT_SUPPORTED`, `KEY_NOT_AS_ASKED`
   */
  make(token: OpenToken, unit: string, identity: Identity): RsaImportKey {
    const way = { by: 'rsa-oaep', oaep: oaepOf(token) } as const;
    const spki = this.#makePair(token, unit, way);
    const signature = signAsUnit(token, identity, importKeyStatement(spki, way.oaep));
    return { spki, bits: IMPORT_KEY_BITS, oaep: way.oaep, signature: Buffer.from(signature).toString('base64') };
  }

  /**
   * Makes a key to agree with; an import key made before is destroyed.
   *
   * @throws DeviceError; `ECDH_NOT_SUPPORTED`, `KEY_NOT_AS_ASKED`
   */
  makeForAgreement(token: OpenToken, unit: string, identity: Identity): AgreementKey {
    const way = { by: 'ecdh', kdf: kdfOf(token) } as const;
    const spki = this.#makePair(token, unit, way);
    const signature = signAsUnit(token, identity, agreementKeyStatement(spki, way.kdf));
    return { spki, agreement: 'ecdh-p256', kdf: way.kdf, signature: Buffer.from(signature).toString('base64') };
  }

  #makePair(token: OpenToken, unit: string, way: Way): string {
    this.destroy(unit);
    const circumstance = {
      of: token.of,
      doing: 'making an import key',
      changed: 'Nothing on the token was changed.',
      changes: false,
    };
    const pair = attempt(circumstance, () => pairFor(token, way));
    this.#held.set(unit, { token, pair, way });
    const told = attempt(reading(token.of, 'reading the import key back'), () => ({
      spki: spkiOf(token.session, pair.publicKey),
      wrong: differences(
        ASKED[way.by],
        readBack(token.session, pair.privateKey, [...KEEPING, ...USAGES['private-key']]),
      ),
    }));
    const { spki } = told;
    const size = spki === null ? 'no public half' : sizeOf(spki);
    if (spki !== null && told.wrong.length === 0 && size === SIZE[way.by]) return spki;
    this.destroy(unit);
    throw notAsAsked(token.of, told.wrong.length > 0 ? told.wrong.join(', ') : size);
  }

  /**
   * Unwraps what was wrapped to the import key of a unit.
   *
   * @param template of the key that arrives
   * @throws CryptokiError; DeviceError `IMPORT_KEY_GONE` when this worker holds none; RangeError for a wrapped key of
   *   another length
   */
  unwrap(of: string, unit: string, wrapped: Uint8Array, template: Template): ObjectHandle {
    const { token, pair, way } = this.#require(of, unit);
    if (way.by === 'rsa-oaep') return token.session.unwrap(oaep(way.oaep), pair.privateKey, wrapped, template);
    const agreed = onlyFor('secret-key', 'CKA_UNWRAP');
    return unwrapByAgreement(token.session, pair.privateKey, way.kdf, wrapped, agreed, template);
  }

  /** Throws DeviceError `IMPORT_KEY_GONE` when this worker holds no import key of the unit. */
  requireFor(of: string, unit: string): void {
    this.#require(of, unit);
  }

  #require(of: string, unit: string): Held {
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
      held.token.session.destroy(held.pair.privateKey);
      held.token.session.destroy(held.pair.publicKey);
    });
  }
}

function pairFor({ session }: OpenToken, { by }: Way): KeyPair {
  if (by === 'ecdh') {
    return makeAgreementPair(session, { forPublic: onlyFor('public-key'), forPrivate: ASKED.ecdh });
  }
  return session.generateKeyPair(
    plain('CKM_RSA_PKCS_KEY_PAIR_GEN'),
    {
      CKA_TOKEN: false,
      CKA_PRIVATE: false,
      CKA_MODULUS_BITS: IMPORT_KEY_BITS,
      CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]),
      ...onlyFor('public-key'),
    },
    ASKED['rsa-oaep'],
  );
}

function oaepOf(token: OpenToken): OaepHash {
  const { oaepUnwrap } = token.probed();
  if (oaepUnwrap.sha256) return 'sha256';
  if (oaepUnwrap.sha1) return 'sha1';
  throw refused(
    'OAEP_NOT_SUPPORTED',
    token.of,
    'the token unwraps no RSA-OAEP, so that no key can be brought into it that way',
    'Have a key agreed by ECDH instead, or use a token that unwraps RSA-OAEP.',
  );
}

function kdfOf(token: OpenToken): AgreementKdf {
  // A hash of what was agreed is the better key; SoftHSM2 can only take it as it is.
  const kdf = (['sha256', 'none'] as const).find((one) => agrees(token, one));
  if (kdf !== undefined) return kdf;
  throw refused(
    'ECDH_NOT_SUPPORTED',
    token.of,
    'the token agrees by ECDH on no key that unwraps a master key',
    'Use a token that does, or one that unwraps RSA-OAEP; take `import: ecdh` out of the plan if it is there.',
  );
}

/** Tried on a published key, in a session of its own, which takes everything with it. Throws DeviceError. */
function agrees({ of, beside }: OpenToken, kdf: AgreementKdf): boolean {
  return attempt(reading(of, 'finding out how a key is agreed'), () =>
    beside((session) => {
      try {
        // SECURITY(K-14): only a right answer at the end of the whole way counts.
        return agreementHolds(session, kdf);
      } catch (error) {
        if (error instanceof CryptokiError) return false;
        throw error;
      }
    }),
  );
}

const SIZE: Readonly<Record<Way['by'], string>> = {
  'rsa-oaep': `rsa ${String(IMPORT_KEY_BITS)}`,
  ecdh: 'ec prime256v1',
};

/** Kind and size of a public key, such as `rsa 3072`. */
function sizeOf(spki: string): string {
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  return `${key.asymmetricKeyType ?? 'key'} ${String(modulusLength ?? namedCurve ?? '')}`;
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
