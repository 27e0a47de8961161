/** Copies of secrets that nobody would look for: of calls that fail half-way, and in buffers that the system gave. */
import type * as Crypto from 'node:crypto';
import { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { shareKeyStatement } from '../../ceremony/command/statements';
import { splitIntoComponents } from '../../hsm/shares/components';
import { sealToToken } from '../../hsm/shares/forms/token-form';
import { SetInHand } from '../../hsm/shares/set-in-hand';
import { combineSlip39, splitSlip39 } from '../../hsm/shares/slip39/scheme';
import { componentSet } from './custodians';

/** What Node's crypto gave out, and what was kept from swap; a call after `swapAllowed` ones fails. */
const seen = vi.hoisted(() => ({
  given: [] as Uint8Array[],
  kept: [] as Uint8Array[],
  swapAllowed: Number.POSITIVE_INFINITY,
}));

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof Crypto>();
  const noted = <T extends Uint8Array>(bytes: T): T => {
    seen.given.push(bytes);
    return bytes;
  };
  return {
    ...real,
    randomBytes: (length: number) => noted(real.randomBytes(length)),
    createHmac: (algorithm: string, key: Uint8Array) => {
      const mac = real.createHmac(algorithm, key);
      const digest = mac.digest.bind(mac) as () => Buffer;
      return Object.assign(mac, { digest: () => noted(digest()) });
    },
  };
});

vi.mock('../../hsm/native/keep-from-swap', () => ({
  keepFromSwap: (bytes: Uint8Array) => {
    seen.kept.push(bytes);
    if (seen.kept.length > seen.swapAllowed) throw new Error('no memory');
  },
}));

afterEach(() => {
  seen.given.length = 0;
  seen.kept.length = 0;
  seen.swapAllowed = Number.POSITIVE_INFINITY;
});

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);
const notZeroed = (buffers: readonly Uint8Array[]) => buffers.filter((bytes) => !isZero(bytes)).length;

describe('shares that were made before one could not be', () => {
  /** Draws that are kept to be looked at; the one after `good` fails. */
  const failing = (good: number) => {
    const drawn: Buffer[] = [];
    const draw = (_purpose: string, length: number): Buffer => {
      if (drawn.length === good) throw new Error('the generator failed');
      drawn.push(Buffer.alloc(length, 0xa5));
      return drawn.at(-1)!;
    };
    return { drawn, draw };
  };
  const key = Buffer.alloc(32, 7);

  it.each([0, 1, 2])('components are zeroed, after %i draws', (good) => {
    const { drawn, draw } = failing(good);
    expect(() => splitIntoComponents(key, 4, draw)).toThrow('the generator failed');
    expect(drawn).toHaveLength(good);
    expect(notZeroed(drawn)).toBe(0);
  });

  // The first draw is the identifier, which is public; the last one the blind of the digest.
  it.each([1, 2, 3])('shares of SLIP-39 are zeroed, after %i draws', (good) => {
    const { drawn, draw } = failing(good);
    const set = { threshold: 4, count: 5, passphrase: Buffer.alloc(0), iterationExponent: 0 };
    expect(() => splitSlip39(key, set, draw)).toThrow('the generator failed');
    expect(drawn).toHaveLength(good);
    expect(notZeroed(drawn.slice(1))).toBe(0);
  });

  it.each([
    ['components', 3],
    ['threshold', 2],
  ] as const)('a set of %s is zeroed, which its process cannot hold', (scheme, threshold) => {
    seen.swapAllowed = 1;
    expect(() => SetInHand.generate({ scheme, threshold, count: 3 })).toThrow('no memory');
    expect(seen.kept).toHaveLength(2);
    expect(notZeroed(seen.kept)).toBe(0);
  });
});

describe('what the system gave', () => {
  it('of the digest of a SLIP-39 set all of it is zeroed, not the four bytes that are used', () => {
    const draw = (_purpose: string, length: number) => Buffer.alloc(length, 0xa5);
    const set = { threshold: 2, count: 3, passphrase: Buffer.alloc(0), iterationExponent: 0 };
    const shares = splitSlip39(Buffer.alloc(32, 7), set, draw);
    expect(seen.given).toHaveLength(1);
    expect(notZeroed(seen.given)).toBe(0);
    combineSlip39(shares.slice(1), Buffer.alloc(0)).fill(0);
    expect(seen.given).toHaveLength(2);
    expect(notZeroed(seen.given)).toBe(0);
    expect(() => combineSlip39([shares[0]!, { ...shares[1]!, value: Buffer.alloc(32) }], Buffer.alloc(0))).toThrow();
    expect(seen.given).toHaveLength(3);
    expect(notZeroed(seen.given)).toBe(0);
  });

  it('the key of an envelope is nowhere but where it is zeroed', async () => {
    const token = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const holder = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spkiOf = (pair: { publicKey: Crypto.KeyObject }) =>
      pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const made = SetInHand.generate(componentSet(2));
    const about = { set: made.known.set, index: 1, spki: spkiOf(token), oaep: 'sha256' as const };
    const signature = sign('sha256', shareKeyStatement(about), holder.privateKey).toString('base64');
    seen.given.length = 0;
    await sealToToken(made, {
      index: 1,
      custodian: 'carol',
      key: { spki: about.spki, bits: 2048, oaep: about.oaep, signature },
      holder: { algorithm: 'ecdsa-p256-sha256', spki: spkiOf(holder) },
    });
    // What stays is the initialisation vector, which is public.
    expect(seen.given.filter((bytes) => !isZero(bytes)).map(({ length }) => length)).toEqual([12]);
  });
});
