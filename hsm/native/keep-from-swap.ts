/** Secrets that live longer than a call. */
import { companion } from './companion';

/**
 * Keeps the pages of a buffer from swap, and out of dumps, until the process ends: as far as RLIMIT_MEMLOCK lets it, and
 * without a word where it does not. Only memory from `secretBytes` stays where it is.
 */
export function keepFromSwap(secret: Uint8Array): void {
  companion().lockMemory(secret);
}
