/** With which attributes keys are made, by algorithm and use: every usage that is not named is false. */
import type { KeyAlgorithm, KeyUse } from '../../../ceremony/keypackage/key-kinds';
import type { Template } from '../../pkcs11/attributes';
import type { OpenToken } from '../tokens';
import { onlyFor } from '../objects';

/** How long a key lives and whether it may leave the token wrapped. */
export interface Keeping {
  readonly token: boolean;
  readonly extractable: boolean;
}

/**
 * What a secret or private key must be. Beside its use a secret key has CKA_SIGN (CKA_ENCRYPT where the token lacks CMAC)
 * for its check value, as master keys have.
 */
export function keyAsked(token: OpenToken, algorithm: KeyAlgorithm, use: KeyUse, keeping: Keeping): Template {
  return { ...kept(keeping), ...usageOf(token, algorithm, use) };
}

/** What a key must be that is unwrapped for a moment: it gives its check value, or a signature, and does nothing else. */
export function momentAsked(token: OpenToken, isSecret: boolean, extractable: boolean): Template {
  const known = MOMENTS.get(token) ?? new Map<string, Template>();
  const which = `${String(isSecret)} ${String(extractable)}`;
  const made = known.get(which) ?? makeMoment(token, isSecret, extractable);
  MOMENTS.set(token, known.set(which, made));
  return made;
}

/** A rotation asks for the same two thousands of times. */
const MOMENTS = new WeakMap<OpenToken, Map<string, Template>>();

function makeMoment(token: OpenToken, isSecret: boolean, extractable: boolean): Template {
  const usage = isSecret ? onlyFor('secret-key', proofOf(token)) : onlyFor('private-key', 'CKA_SIGN');
  return { ...kept({ token: false, extractable }), ...usage };
}

/** What the public half of a pair must be. */
export function publicAsked(use: KeyUse): Template {
  const other = use === 'sign' ? 'CKA_VERIFY' : use === 'decrypt' ? 'CKA_ENCRYPT' : 'CKA_WRAP';
  return { CKA_TOKEN: true, CKA_PRIVATE: false, ...onlyFor('public-key', other) };
}

function kept({ token, extractable }: Keeping): Template {
  return { CKA_TOKEN: token, CKA_PRIVATE: true, CKA_SENSITIVE: true, CKA_EXTRACTABLE: extractable };
}

function usageOf(token: OpenToken, algorithm: KeyAlgorithm, use: KeyUse): Template {
  switch (use) {
    case 'encrypt':
      return onlyFor('secret-key', 'CKA_ENCRYPT', 'CKA_DECRYPT', proofOf(token));
    case 'wrap':
      return onlyFor('secret-key', 'CKA_WRAP', 'CKA_UNWRAP', proofOf(token));
    case 'sign':
      return onlyFor('private-key', 'CKA_SIGN');
    case 'decrypt':
      return onlyFor('private-key', 'CKA_DECRYPT');
    case 'unwrap':
      return onlyFor('private-key', 'CKA_UNWRAP');
    default:
      throw new RangeError(`use: expected one of ${algorithm}`);
  }
}

function proofOf(token: OpenToken): 'CKA_SIGN' | 'CKA_ENCRYPT' {
  return token.probed().cmac ? 'CKA_SIGN' : 'CKA_ENCRYPT';
}
