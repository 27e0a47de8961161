/**
 * The components scheme: n of n. A 32-byte master key is the XOR of n components of 32 bytes; n−1 of them are random,
 * the last is what is missing, so any n−1 say nothing about the key. This is what IBM crypto units and payment HSMs do.
 */
import { freshSecret } from './entropy';
import { secretBytes } from '../secret-bytes';

/** Length in bytes of a master key and of each component. */
export const COMPONENT_BYTES = 32;

/** Fewest and most components of a set. */
export const COMPONENT_COUNT = { least: 2, most: 16 } as const;

/** Whether a set can have this many components. */
export function isComponentCount(count: number): boolean {
  return Number.isInteger(count) && count >= COMPONENT_COUNT.least && count <= COMPONENT_COUNT.most;
}

/**
 * Splits a master key of 32 bytes into `count` components; the key itself is left as it is.
 *
 * @returns components in order of their index (1 first); the caller zeroes them
 * @throws RangeError for a key of another length or a count outside 2 to 16
 */
export function splitIntoComponents(masterKey: Uint8Array, count: number): Buffer[] {
  requireLength(masterKey, 'master key');
  requireCount(count);
  const random = Array.from({ length: count - 1 }, (_, i) =>
    freshSecret(`keyrite/component/${String(i + 1)}`, COMPONENT_BYTES),
  );
  return [...random, xorAll([masterKey, ...random])];
}

/**
 * Combines all components of a set, in any order.
 *
 * @returns the master key, 32 bytes; the caller zeroes it
 * @throws RangeError for a component of another length or a count outside 2 to 16
 */
export function combineComponents(components: readonly Uint8Array[]): Buffer {
  requireCount(components.length);
  for (const component of components) requireLength(component, 'component');
  return xorAll(components);
}

function xorAll(parts: readonly Uint8Array[]): Buffer {
  const sum = secretBytes(COMPONENT_BYTES);
  for (const part of parts) {
    for (let i = 0; i < COMPONENT_BYTES; i += 1) sum[i] = (sum[i] ?? 0) ^ (part[i] ?? 0);
  }
  return sum;
}

function requireLength(bytes: Uint8Array, label: string): void {
  if (bytes.length !== COMPONENT_BYTES) {
    throw new RangeError(`${label}: expected ${String(COMPONENT_BYTES)} bytes, got ${String(bytes.length)}`);
  }
}

function requireCount(count: number): void {
  if (!isComponentCount(count)) {
    const { least, most } = COMPONENT_COUNT;
    throw new RangeError(`number of components: expected ${String(least)} to ${String(most)}, got ${String(count)}`);
  }
}
