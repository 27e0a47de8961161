/**
 * The components scheme: n of n. A master key of 16, 24 or 32 bytes is the XOR of n components of its length; n−1 of them
 * are random, the last is what is missing, so any n−1 say nothing about the key. This is what IBM crypto units and payment
 * HSMs do.
 */
import { freshSecret, type DrawSecret } from './entropy';
import { isKeyLength } from './key-bytes';
import { makeSecrets, secretBytes } from '../secret-bytes';

/** Fewest and most components of a set. */
export const COMPONENT_COUNT = { least: 2, most: 16 } as const;

/** Whether a set can have this many components. */
export function isComponentCount(count: number): boolean {
  return Number.isInteger(count) && count >= COMPONENT_COUNT.least && count <= COMPONENT_COUNT.most;
}

/**
 * Splits a master key into `count` components; the key itself is left as it is.
 *
 * @param draw makes secret bytes for a purpose
 * @returns components in order of their index (1 first); the caller zeroes them
 * @throws RangeError for a key of another length or a count outside 2 to 16
 */
export function splitIntoComponents(masterKey: Uint8Array, count: number, draw: DrawSecret = freshSecret): Buffer[] {
  requireLength(masterKey, 'master key');
  requireCount(count);
  return makeSecrets(Array(count).keys(), (place, random) =>
    place + 1 < count
      ? draw(`keyrite/component/${String(place + 1)}`, masterKey.length)
      : xorAll([masterKey, ...random]),
  );
}

/**
 * Combines all components of a set, in any order.
 *
 * @returns the master key, as long as each of them; the caller zeroes it
 * @throws RangeError for a component of another length than the first, which none has, or a count outside 2 to 16
 */
export function combineComponents(components: readonly Uint8Array[]): Buffer {
  requireCount(components.length);
  for (const component of components) {
    requireLength(component, 'component');
    if (component.length !== components[0]?.length) throw new RangeError('components: expected one length, got two');
  }
  return xorAll(components);
}

function xorAll(parts: readonly Uint8Array[]): Buffer {
  const sum = secretBytes(parts[0]?.length ?? 0);
  for (const part of parts) {
    for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] ?? 0) ^ (part[i] ?? 0);
  }
  return sum;
}

function requireLength(bytes: Uint8Array, label: string): void {
  if (!isKeyLength(bytes.length)) {
    throw new RangeError(`${label}: expected 16, 24 or 32 bytes, got ${String(bytes.length)}`);
  }
}

function requireCount(count: number): void {
  if (!isComponentCount(count)) {
    const { least, most } = COMPONENT_COUNT;
    throw new RangeError(`number of components: expected ${String(least)} to ${String(most)}, got ${String(count)}`);
  }
}
