import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalShare, commitToShare, matchesCommitment, type ShareName } from '../../hsm/shares/commitment';
import { combineComponents, splitIntoComponents } from '../../hsm/shares/components';

const RUNS = process.env['KEYRITE_DEEP'] === '1' ? 10_000 : 500;
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Keys with zeros at either end, which careless number formats lose. */
const edgyKey = fc.tuple(key, fc.nat(32), fc.nat(32)).map(([bytes, front, back]) => {
  const edgy = Uint8Array.from(bytes);
  edgy.fill(0, 0, front);
  edgy.fill(0, 32 - back);
  return edgy;
});

describe('components', () => {
  it('give the key back in any order, for every number of components', () => {
    fc.assert(
      fc.property(fc.oneof(key, edgyKey), fc.integer({ min: 2, max: 16 }), (masterKey, count) => {
        const components = splitIntoComponents(masterKey, count);
        expect(components).toHaveLength(count);
        expect(combineComponents(components.reverse()).equals(masterKey)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it.each(Array.from({ length: 15 }, (_, i) => i + 2))('come as %i, none of them missing or spare', (count) => {
    const masterKey = Buffer.alloc(32);
    const components = splitIntoComponents(masterKey, count);
    expect(new Set(components.map((one) => one.toString('hex'))).size).toBe(count === 2 ? 1 : count);
    if (count > 2) expect(combineComponents(components.slice(1)).equals(masterKey)).toBe(false);
  });

  it('combine as XOR does', () => {
    const one = Buffer.alloc(32, 0x0f);
    const two = Buffer.alloc(32, 0x35);
    const three = Buffer.alloc(32, 0xc1);
    expect(combineComponents([one, two, three]).equals(Buffer.alloc(32, 0x0f ^ 0x35 ^ 0xc1))).toBe(true);
  });

  it('are different each time and leave the key as it is', () => {
    const masterKey = Buffer.alloc(32, 7);
    const [first] = splitIntoComponents(masterKey, 3);
    const [second] = splitIntoComponents(masterKey, 3);
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(false);
    expect(masterKey.equals(Buffer.alloc(32, 7))).toBe(true);
  });

  it.each([0, 1, 17, 2.5, Number.NaN])('are refused in the number %d', (count) => {
    expect(() => splitIntoComponents(Buffer.alloc(32), count)).toThrow('number of components: expected 2 to 16');
  });

  it('are refused in another length', () => {
    expect(() => splitIntoComponents(Buffer.alloc(31), 2)).toThrow('master key: expected 16, 24 or 32 bytes, got 31');
    expect(() => combineComponents([Buffer.alloc(32), Buffer.alloc(33)])).toThrow(
      'component: expected 16, 24 or 32 bytes, got 33',
    );
    expect(() => combineComponents([Buffer.alloc(32)])).toThrow('number of components');
  });
});

describe('commitment', () => {
  const name: ShareName = {
    set: '3f2a91c0d5e64b7788990a1b2c3d4e5f',
    scheme: 'components',
    threshold: 3,
    count: 3,
    index: 2,
  };
  const component = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
  const salt = 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf';

  it('is the hash that DESIGN section 7 writes down', () => {
    const share = canonicalShare(name, component);
    expect(share.toString('hex')).toBe(`01030302${component.toString('hex')}`);
    const text = Buffer.concat([
      Buffer.from('keyrite/share/1\0'),
      Buffer.from(salt, 'hex'),
      Buffer.from(name.set, 'hex'),
      share,
    ]);
    expect(commitToShare(name, component, salt)).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('binds set, index, number of shares, salt and every bit of the secret', () => {
    const commitment = commitToShare(name, component, salt);
    expect(matchesCommitment(name, component, salt, commitment)).toBe(true);
    const others: [ShareName, Buffer, string][] = [
      [{ ...name, index: 1 }, component, salt],
      [{ ...name, set: `4${name.set.slice(1)}` }, component, salt],
      [{ ...name, threshold: 4, count: 4 }, component, salt],
      [name, component, `b${salt.slice(1)}`],
      ...Array.from({ length: 256 }, (_, bit): [ShareName, Buffer, string] => {
        const flipped = Buffer.from(component);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        return [name, flipped, salt];
      }),
    ];
    for (const [other, bytes, otherSalt] of others) {
      expect(matchesCommitment(other, bytes, otherSalt, commitment)).toBe(false);
    }
  });

  it('does not match what is no commitment', () => {
    for (const text of ['', '00', 'zz', commitToShare(name, component, salt).slice(2)]) {
      expect(matchesCommitment(name, component, salt, text)).toBe(false);
    }
  });

  it('refuses numbers that do not fit together', () => {
    for (const wrong of [
      { index: 0 },
      { index: 4 },
      { threshold: 2 },
      { threshold: 256, count: 256 },
      { index: 1.5 },
    ]) {
      expect(() => canonicalShare({ ...name, ...wrong }, component)).toThrow(RangeError);
    }
    expect(() => canonicalShare(name, Buffer.alloc(17))).toThrow('component: expected 16, 24 or 32 bytes, got 17');
    expect(() => commitToShare(name, component, 'a0')).toThrow('salt: expected 16 bytes');
    expect(() => commitToShare({ ...name, set: 'A'.repeat(32) }, component, salt)).toThrow('set id: expected 16 bytes');
  });
});
