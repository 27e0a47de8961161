/**
 * SLIP-39 (https://github.com/satoshilabs/slips/blob/master/slip-0039.md): a secret as m of n shares, any m of which give
 * it back and fewer say nothing. What is made here has one group; sets of several groups, made by other tools, are combined
 * as well.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { makeSecrets, secretBytes } from '../../secret-bytes';
import { freshSecret, type DrawSecret } from '../entropy';
import { isKeyLength } from '../key-bytes';
import { decryptSecret, encryptSecret } from './encryption';
import { interpolate, type Point } from './gf256';
import { Slip39Refused } from './refused';
import type { Slip39Share } from './share';

/** Most shares of a set. */
export const SLIP39_MOST_SHARES = 16;

const SECRET_X = 255;
const DIGEST_X = 254;
const DIGEST_BYTES = 4;

/** What set is made. */
export interface Slip39Split {
  /** How many shares are needed, 1 to `count`; 1 only with a single share, since several would each be the whole secret. */
  readonly threshold: number;
  /** How many there are, up to 16. */
  readonly count: number;
  /** Printable ASCII; empty for none. A wrong one gives another secret, and nothing tells. */
  readonly passphrase: Uint8Array;
  /** 0 to 15: 10,000 iterations of PBKDF2, doubled as often. */
  readonly iterationExponent: number;
}

/**
 * Splits a secret of 16, 24 or 32 bytes. The secret is left as it is.
 *
 * @param draw makes secret bytes for a purpose
 * @returns shares in order of their member index, from 0; the caller zeroes their values
 * @throws RangeError for another length, threshold or count, or a passphrase that is not printable ASCII
 */
export function splitSlip39(secret: Uint8Array, split: Slip39Split, draw: DrawSecret = freshSecret): Slip39Share[] {
  const { threshold, count, passphrase, iterationExponent } = split;
  if (!isKeyLength(secret.length)) {
    throw new RangeError(`secret: expected 16, 24 or 32 bytes, got ${String(secret.length)}`);
  }
  requireShape(threshold, count, iterationExponent);
  requirePrintable(passphrase);
  const random = draw('keyrite/slip39/identifier', 2);
  const identifier = random.readUInt16BE() >>> 1;
  const set = { identifier, isExtendable: true, iterationExponent, groupThreshold: 1, groupCount: 1 };
  const encrypted = encryptSecret(secret, passphrase, set);
  try {
    return shareOut(encrypted, threshold, count, draw).map((value, memberIndex) => ({
      ...set,
      groupIndex: 0,
      memberIndex,
      memberThreshold: threshold,
      value,
    }));
  } finally {
    encrypted.fill(0);
  }
}

/**
 * The secret that shares give: exactly as many as are needed, in any order.
 *
 * @returns the secret; the caller zeroes it
 * @throws Slip39Refused when the shares are not of one set, too few or too many, or do not fit together
 */
export function combineSlip39(shares: readonly Slip39Share[], passphrase: Uint8Array): Buffer {
  requirePrintable(passphrase);
  const set = shares[0];
  if (set === undefined) throw new Slip39Refused('no shares are given');
  for (const share of shares) requireSameSet(share, set);
  const groups = new Map<number, Slip39Share[]>();
  for (const share of shares) groups.set(share.groupIndex, [...(groups.get(share.groupIndex) ?? []), share]);
  if (groups.size !== set.groupThreshold) {
    throw new Slip39Refused(`${String(set.groupThreshold)} groups are needed, ${String(groups.size)} are given`);
  }
  const points: Point[] = [];
  let encrypted: Buffer | null = null;
  try {
    for (const [x, members] of groups) points.push({ x, y: secretOfGroup(members) });
    encrypted = recover(points);
    return decryptSecret(encrypted, passphrase, set);
  } finally {
    encrypted?.fill(0);
    for (const { y } of points) y.fill(0);
  }
}

/** Whether two shares say that they are of one set. */
function requireSameSet(share: Slip39Share, set: Slip39Share): void {
  const same =
    share.identifier === set.identifier &&
    share.isExtendable === set.isExtendable &&
    share.iterationExponent === set.iterationExponent &&
    share.groupThreshold === set.groupThreshold &&
    share.groupCount === set.groupCount &&
    share.value.length === set.value.length;
  if (!same) throw new Slip39Refused('the shares are not of one set');
}

function secretOfGroup(members: readonly Slip39Share[]): Buffer {
  const needed = members[0]?.memberThreshold ?? 0;
  if (members.some(({ memberThreshold }) => memberThreshold !== needed))
    throw new Slip39Refused('shares of one group ask for different numbers of shares');
  if (new Set(members.map(({ memberIndex }) => memberIndex)).size !== members.length)
    throw new Slip39Refused('a share is given twice');
  if (members.length !== needed)
    throw new Slip39Refused(`${String(needed)} shares are needed, ${String(members.length)} are given`);
  return recover(members.map(({ memberIndex, value }) => ({ x: memberIndex, y: value })));
}

/** Values of a secret's shares at x = 0, 1, …: any `threshold` of them give it back. */
function shareOut(secret: Uint8Array, threshold: number, count: number, draw: DrawSecret): Buffer[] {
  if (threshold === 1) return makeSecrets(Array(count).keys(), () => copyOf(secret));
  const random = makeSecrets(Array(threshold - 2).keys(), (x) =>
    draw(`keyrite/slip39/share/${String(x)}`, secret.length),
  );
  let digest: Buffer | null = null;
  try {
    digest = digestPoint(secret, draw);
    const points = [...random.map((y, x) => ({ x, y })), { x: DIGEST_X, y: digest }, { x: SECRET_X, y: secret }];
    const others = makeSecrets(Array(count - random.length).keys(), (at) => interpolate(points, random.length + at));
    return [...random, ...others];
  } catch (error) {
    for (const share of random) share.fill(0);
    throw error;
  } finally {
    digest?.fill(0);
  }
}

/** What tells whether shares belong together: a digest of the secret, and what blinds it; the caller zeroes it. */
function digestPoint(secret: Uint8Array, draw: DrawSecret): Buffer {
  const blind = draw('keyrite/slip39/digest', secret.length - DIGEST_BYTES);
  try {
    const sum = digestOf(secret, blind);
    const point = secretBytes(secret.length);
    sum.copy(point);
    blind.copy(point, DIGEST_BYTES);
    sum.fill(0);
    return point;
  } finally {
    blind.fill(0);
  }
}

/** The secret behind points, with the digest that tells whether they belong together; the caller zeroes it. */
function recover(points: readonly Point[]): Buffer {
  const [only] = points;
  if (points.length === 1 && only !== undefined) return copyOf(only.y);
  const secret = interpolate(points, SECRET_X);
  const digest = interpolate(points, DIGEST_X);
  const sum = digestOf(secret, digest.subarray(DIGEST_BYTES));
  const fits = timingSafeEqual(sum, digest.subarray(0, DIGEST_BYTES));
  for (const bytes of [digest, sum]) bytes.fill(0);
  if (fits) return secret;
  secret.fill(0);
  throw new Slip39Refused('the shares do not belong together: their digest is wrong');
}

function digestOf(secret: Uint8Array, blind: Uint8Array): Buffer {
  const whole = createHmac('sha256', blind).update(secret).digest();
  const digest = secretBytes(DIGEST_BYTES);
  whole.copy(digest);
  whole.fill(0);
  return digest;
}

function copyOf(bytes: Uint8Array): Buffer {
  const copy = secretBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

function requireShape(threshold: number, count: number, iterationExponent: number): void {
  const isWhole = [threshold, count, iterationExponent].every(Number.isInteger);
  if (!isWhole || count < 1 || count > SLIP39_MOST_SHARES || threshold < 1 || threshold > count) {
    throw new RangeError(`shares: expected m of n with n up to 16, got ${String(threshold)} of ${String(count)}`);
  }
  if (threshold === 1 && count > 1) throw new RangeError('shares: 1 of several would be the secret, several times');
  if (iterationExponent < 0 || iterationExponent > 15) {
    throw new RangeError(`iteration exponent: expected 0 to 15, got ${String(iterationExponent)}`);
  }
}

function requirePrintable(passphrase: Uint8Array): void {
  if (passphrase.every((byte) => byte >= 0x20 && byte <= 0x7e)) return;
  throw new RangeError('passphrase: expected printable ASCII characters');
}
