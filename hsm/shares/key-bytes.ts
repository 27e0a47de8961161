/** Lengths of master keys that are made as shares. */

/** Lengths in bytes: AES-128, AES-192, AES-256. */
export const KEY_BYTES = [16, 24, 32] as const;

/** Length in bytes of a master key and of each component. */
export type KeyBytes = (typeof KEY_BYTES)[number];

/** Whether a master key can have this length. */
export function isKeyLength(length: number): length is KeyBytes {
  return KEY_BYTES.some((one) => one === length);
}

/** Length in bytes of a set's master key: 32 where the set does not say otherwise. */
export function keyBytesOf({ bytes }: { readonly bytes?: KeyBytes }): KeyBytes {
  return bytes ?? 32;
}
