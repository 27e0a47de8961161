/**
 * Canonical bytes of a share, and the public commitment to it (DESIGN.md section 7). The commitment binds scheme,
 * threshold, number of shares, index and set, so that a share with its true secret but another index does not match.
 *
 * Canonical bytes of a component, 20, 28 or 36 in all:
 *
 * | offset | length | what |
 * | --- | --- | --- |
 * | 0 | 1 | scheme: 0x01, components |
 * | 1 | 1 | threshold |
 * | 2 | 1 | number of shares in the set |
 * | 3 | 1 | index, from 1 |
 * | 4 | 16, 24 or 32 | component |
 *
 * Of a threshold share: 0x02, threshold, number of shares, index, then its words of SLIP-39 in ASCII, one space between them.
 *
 * Commitment: SHA-256(`keyrite/share/1` || 0x00 || salt (16) || set id (16) || canonical bytes).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isKeyLength } from './key-bytes';
import { secretBytes } from '../secret-bytes';

/** Length in bytes of the salt of a commitment, which is public. */
export const SALT_BYTES = 16;

/** Length in bytes of a set id. */
export const SET_ID_BYTES = 16;

/** What a share is besides its secret. `set` is 16 bytes in hex. */
export interface ShareName {
  readonly set: string;
  readonly scheme: 'components' | 'threshold';
  readonly threshold: number;
  readonly count: number;
  /** From 1 to `count`. */
  readonly index: number;
}

const SCHEMES: Readonly<Record<ShareName['scheme'], number>> = { components: 1, threshold: 2 };
const DOMAIN = Buffer.from('keyrite/share/1\0', 'ascii');

/**
 * Canonical bytes of a share: see the table above.
 *
 * @param share a component, or the words of a threshold share in ASCII
 * @returns bytes that the caller zeroes
 * @throws RangeError for a component of a length that none has, or numbers that do not fit together
 */
export function canonicalShare(name: ShareName, share: Uint8Array): Buffer {
  const { scheme, threshold, count, index } = name;
  if (scheme === 'components' && !isKeyLength(share.length)) {
    throw new RangeError(`component: expected 16, 24 or 32 bytes, got ${String(share.length)}`);
  }
  const fit = [threshold, count, index].every((n) => Number.isInteger(n) && n >= 1 && n <= 255);
  if (!fit || index > count || threshold > count) {
    throw new RangeError('share: expected index and threshold ≤ number of shares, each 1 to 255');
  }
  if (scheme === 'components' && threshold !== count) throw new RangeError('share: all components are needed');
  const bytes = secretBytes(4 + share.length);
  bytes.set([SCHEMES[scheme], threshold, count, index]);
  bytes.set(share, 4);
  return bytes;
}

/**
 * The commitment to a share as 64 hex digits; `salt` is 16 bytes in hex.
 *
 * @throws RangeError when salt or set id are not 16 bytes in hex, or as {@link canonicalShare}
 */
export function commitToShare(name: ShareName, bytes: Uint8Array, salt: string): string {
  const share = canonicalShare(name, bytes);
  try {
    return createHash('sha256')
      .update(DOMAIN)
      .update(sixteenBytes(salt, 'salt'))
      .update(sixteenBytes(name.set, 'set id'))
      .update(share)
      .digest('hex');
  } finally {
    share.fill(0);
  }
}

/** Whether a share is the one committed to; `commitment` is 64 hex digits. Compares in constant time. Throws as {@link commitToShare}. */
export function matchesCommitment(name: ShareName, share: Uint8Array, salt: string, commitment: string): boolean {
  const got = Buffer.from(commitToShare(name, share, salt), 'hex');
  const expected = Buffer.from(commitment, 'hex');
  return got.length === expected.length && timingSafeEqual(got, expected);
}

function sixteenBytes(text: string, label: string): Buffer {
  if (!/^[0-9a-f]{32}$/.test(text)) throw new RangeError(`${label}: expected 16 bytes in lower-case hex`);
  return Buffer.from(text, 'hex');
}
