/** Kinds of keys that stay in units, and how they are wrapped. Constants alone: windows take them in, too. */

/** Most key stores of a plan. */
export const MAX_KEY_STORES = 16;

/** What keys are made. */
export const KEY_ALGORITHMS = ['aes-128', 'aes-256', 'rsa-3072', 'rsa-4096', 'ec-p256', 'ec-p384'] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/** What a key is for, and so which attributes it is made with; a pair goes by what its private half does. */
export const KEY_USES = ['encrypt', 'wrap', 'sign', 'decrypt', 'unwrap'] as const;
export type KeyUse = (typeof KEY_USES)[number];

/** RFC 5649 and RFC 3394. */
export const WRAP_FORMATS = ['AES-KWP', 'AES-KW'] as const;
export type WrapFormat = (typeof WRAP_FORMATS)[number];

const USES: Readonly<Record<KeyAlgorithm, readonly KeyUse[]>> = {
  'aes-128': ['encrypt', 'wrap'],
  'aes-256': ['encrypt', 'wrap'],
  'rsa-3072': ['sign', 'decrypt', 'unwrap'],
  'rsa-4096': ['sign', 'decrypt', 'unwrap'],
  'ec-p256': ['sign'],
  'ec-p384': ['sign'],
};

/** Uses that keys of an algorithm can have. */
export function usesOf(algorithm: KeyAlgorithm): readonly KeyUse[] {
  return USES[algorithm];
}

/** Whether keys of an algorithm are secret keys; the others are pairs. */
export function isSecretKey(algorithm: KeyAlgorithm): boolean {
  return algorithm === 'aes-128' || algorithm === 'aes-256';
}
