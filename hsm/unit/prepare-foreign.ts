/**
 * Rehearsals only: puts objects on a throw-away token as somebody else might have left them, so that a plan which adopts can
 * be rehearsed. Their values follow from a text that everybody may know, so that units on several tokens have one key.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { ArgsOf, MODULE_OPERATIONS } from '../contract';
import { CLASS, KEY_TYPE, type Template } from '../pkcs11/attributes';
import { attempt } from '../pkcs11/device-trouble';
import { plain } from '../pkcs11/mechanisms';
import { P256_PARAMS } from '../pkcs11/spki';
import type { OpenToken } from './tokens';

type Wanted = ArgsOf<typeof MODULE_OPERATIONS, 'foreign.prepare'>['objects'][number];

/** Makes the objects; half of a key pair is made with its other half, once. Throws DeviceError. */
export function prepareForeign(token: OpenToken, objects: readonly Wanted[]): void {
  const pairs = new Set<string>();
  attempt(
    { of: token.of, doing: 'making what others would have left', changed: 'Some of it may be there.', changes: true },
    () => {
      for (const one of objects) make(token, one, pairs);
    },
  );
}

function make(token: OpenToken, { class: kind, label, id, seed }: Wanted, pairs: Set<string>): void {
  const { session } = token;
  const CKA_ID = id === null ? randomBytes(8) : Buffer.from(id, 'hex');
  const common: Template = { CKA_TOKEN: true, CKA_PRIVATE: true, CKA_LABEL: label };
  if (kind === 'secret-key') session.create({ ...common, ...WIDE_AES, CKA_ID, CKA_VALUE: valueOf(seed) });
  else if (kind === 'data') {
    session.create({ ...common, CKA_CLASS: CLASS.data, CKA_APPLICATION: 'another', CKA_VALUE: valueOf(seed) });
  } else if (!pairs.has(label)) {
    pairs.add(label);
    const { mechanism, parameters } = token.probed().ec ? EC : RSA;
    session.generateKeyPair(
      plain(mechanism),
      { ...common, ...parameters, CKA_PRIVATE: false, CKA_ID, CKA_VERIFY: true },
      { ...common, CKA_ID, CKA_SENSITIVE: true, CKA_SIGN: true },
    );
  }
}

const EC = { mechanism: 'CKM_EC_KEY_PAIR_GEN', parameters: { CKA_EC_PARAMS: P256_PARAMS } } as const;
const RSA = {
  mechanism: 'CKM_RSA_PKCS_KEY_PAIR_GEN',
  parameters: { CKA_MODULUS_BITS: 2048, CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]) },
} as const;

/** As somebody makes a key who does not think of what it is for: it may do everything, and leave the token. */
const WIDE_AES: Template = {
  CKA_CLASS: CLASS['secret-key'],
  CKA_KEY_TYPE: KEY_TYPE.aes,
  CKA_SENSITIVE: true,
  CKA_EXTRACTABLE: true,
  CKA_ENCRYPT: true,
  CKA_DECRYPT: true,
  CKA_WRAP: true,
  CKA_UNWRAP: true,
  CKA_SIGN: true,
  CKA_VERIFY: true,
};

/** 32 bytes that follow from a text: no secret. */
function valueOf(seed: string): Buffer {
  return createHash('sha256').update(`keyrite rehearsal: ${seed}`).digest();
}
