import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkpointBody } from '../../ceremony/transcript/checkpoint';
import { MerkleTree, leafHash, nodeHash } from '../../ceremony/transcript/merkle';
import {
  SubtreeHasher,
  consistencyRanges,
  inclusionRanges,
  isConsistent,
  proofFault,
  proofFile,
  readProof,
  rootFromInclusion,
  type Proof,
} from '../../ceremony/transcript/proof';

/** Leaves of the reference tests of certificate-transparency (merkletree, RFC 6962), and proofs that those give. */
const REFERENCE = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const INCLUSION: readonly (readonly [leaf: number, size: number, path: readonly string[]])[] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
const CONSISTENCY: readonly (readonly [from: number, to: number, path: readonly string[]])[] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

const MOST = 130;
const leafAt = (place: number): Buffer =>
  createHash('sha256')
    .update(`leaf ${String(place)}`)
    .digest();
const leaves = Array.from({ length: MOST }, (_, place) => leafAt(place));
const bytesOf = (path: readonly string[]): Buffer[] => path.map((one) => Buffer.from(one, 'hex'));

/** RFC 9162 sections 2.1.1, 2.1.3.1 and 2.1.4.1 word by word. */
function naiveRoot(data: readonly Uint8Array[]): Uint8Array {
  const [first] = data;
  if (first === undefined) return createHash('sha256').digest();
  if (data.length === 1) return leafHash(first);
  const k = split(data.length);
  return nodeHash(naiveRoot(data.slice(0, k)), naiveRoot(data.slice(k)));
}
function naivePath(m: number, data: readonly Uint8Array[]): Uint8Array[] {
  if (data.length === 1) return [];
  const k = split(data.length);
  return m < k
    ? [...naivePath(m, data.slice(0, k)), naiveRoot(data.slice(k))]
    : [...naivePath(m - k, data.slice(k)), naiveRoot(data.slice(0, k))];
}
function naiveSubproof(m: number, data: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === data.length) return whole ? [] : [naiveRoot(data)];
  const k = split(data.length);
  return m <= k
    ? [...naiveSubproof(m, data.slice(0, k), whole), naiveRoot(data.slice(k))]
    : [...naiveSubproof(m - k, data.slice(k), false), naiveRoot(data.slice(0, k))];
}
function split(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1);
}

/** Hashes and roots as the leaves pass by. */
function taken(ranges: readonly (readonly [number, number])[], sizes: readonly number[], data: readonly Uint8Array[]) {
  const hasher = new SubtreeHasher(ranges, sizes);
  for (const leaf of data) hasher.append(leaf);
  return hasher;
}
const hexOf = (hashes: readonly Uint8Array[]): string[] => hashes.map((one) => Buffer.from(one).toString('hex'));

const roots = (() => {
  const tree = new MerkleTree();
  return [tree.root(), ...leaves.map((leaf) => (tree.append(leaf), tree.root()))];
})();

describe('known answers', () => {
  const data = REFERENCE.map((leaf) => Buffer.from(leaf, 'hex'));

  it.each(INCLUSION)('leaf %i of %i', (leaf, size, path) => {
    expect(taken(inclusionRanges(leaf, size), [], data.slice(0, size)).hashes()).toEqual(path);
    const root = rootFromInclusion(leaf, size, leafHash(data[leaf] ?? Buffer.alloc(0)), bytesOf(path));
    expect(root).toEqual(naiveRoot(data.slice(0, size)));
  });

  it.each(CONSISTENCY)('%i of %i', (from, to, path) => {
    expect(taken(consistencyRanges(from, to), [], data.slice(0, to)).hashes()).toEqual(path);
    const [earlier, later] = [from, to].map((size) => ({ size, root: naiveRoot(data.slice(0, size)) }));
    expect(earlier !== undefined && later !== undefined && isConsistent(earlier, later, bytesOf(path))).toBe(true);
  });
});

describe(`every size to ${String(MOST)}`, () => {
  it('gives the inclusion proofs of the definition, which hold for that leaf alone', () => {
    for (let size = 1; size <= MOST; size += 1) {
      // Every leaf of small trees, and the ends and a few more of others.
      const some = size <= 17 ? [...Array(size).keys()] : [0, 1, size >> 1, size - 2, size - 1, (size * 7) % size];
      for (const leaf of some) {
        const data = leaves.slice(0, size);
        const path = taken(inclusionRanges(leaf, size), [size], data).hashes();
        expect(path).toEqual(hexOf(naivePath(leaf, data)));
        const hash = leafHash(leafAt(leaf));
        expect(rootFromInclusion(leaf, size, hash, bytesOf(path))).toEqual(roots[size]);
        for (const other of [leaf - 1, leaf + 1, size, size + 1].filter((one) => one >= 0)) {
          expect(rootFromInclusion(other, size, hash, bytesOf(path)) ?? null).not.toEqual(roots[size]);
        }
        expect(rootFromInclusion(leaf, size, hash, bytesOf([...path, '00'.repeat(32)]))).toBeNull();
      }
    }
  });

  it('gives the consistency proofs of the definition, which hold for those two trees alone', () => {
    for (let to = 1; to <= MOST; to += 1) {
      const some = to <= 17 ? [...Array(to).keys()].map((one) => one + 1) : [1, 2, to >> 1, 64, to - 1, to];
      for (const from of some.filter((one) => one <= to)) {
        const data = leaves.slice(0, to);
        const path = taken(consistencyRanges(from, to), [], data).hashes();
        expect(path).toEqual(hexOf(naiveSubproof(from, data, true)));
        const at = (size: number) => ({ size, root: roots[size] ?? Buffer.alloc(32) });
        expect(isConsistent(at(from), at(to), bytesOf(path))).toBe(true);
        expect(isConsistent(at(from), { ...at(to), root: Buffer.alloc(32) }, bytesOf(path))).toBe(false);
        expect(isConsistent({ ...at(from), root: Buffer.alloc(32) }, at(to), bytesOf(path))).toBe(false);
        if (from > 1) expect(isConsistent({ ...at(from), size: from - 1 }, at(to), bytesOf(path))).toBe(false);
        expect(isConsistent(at(from), at(to), bytesOf([...path, '00'.repeat(32)]))).toBe(false);
      }
    }
  });

  it('finds roots at the sizes asked for, and says when the leaves end too soon', () => {
    const hasher = taken(inclusionRanges(3, 40), [7, 40], leaves.slice(0, 20));
    expect(hasher.root(7)).toBe(Buffer.from(roots[7] ?? []).toString('hex'));
    expect(hasher.root(40)).toBeNull();
    expect(() => hasher.hashes()).toThrow(RangeError);
    expect(() => inclusionRanges(4, 4)).toThrow('leaf: expected 0 to 3, got 4');
    expect(() => consistencyRanges(0, 4)).toThrow('earlier size: expected 1 to 4, got 0');
    expect(() => consistencyRanges(5, 4)).toThrow(RangeError);
  });
});

describe('proof files', () => {
  const name = { mode: 'rehearsal', id: 'some-ceremony' } as const;
  const rootAt = (size: number): string => Buffer.from(roots[size] ?? []).toString('hex');
  const checkpointAt = (size: number): Uint8Array => checkpointBody({ ...name, size, root: rootAt(size) });
  const about = { format: 'keyrite-proof/1', origin: 'keyrite/rehearsal/some-ceremony' } as const;
  const inclusion = (line: number, size: number): Proof => ({
    ...about,
    kind: 'inclusion',
    size,
    root: rootAt(size),
    line,
    leaf: Buffer.from(leafHash(leafAt(line))).toString('hex'),
    path: [...taken(inclusionRanges(line, size), [], leaves.slice(0, size)).hashes()],
    bytes: leafAt(line).toString('base64'),
  });
  const consistency = (from: number, to: number): Proof => ({
    ...about,
    kind: 'consistency',
    from: { size: from, root: rootAt(from) },
    to: { size: to, root: rootAt(to) },
    path: [...taken(consistencyRanges(from, to), [], leaves.slice(0, to)).hashes()],
  });
  const CASES: readonly (readonly [string, Proof, readonly Uint8Array[]])[] = [
    ['a line in the middle', inclusion(20, 57), [checkpointAt(57)]],
    ['the last line of an odd tree', inclusion(56, 57), [checkpointAt(57)]],
    ['the only line', inclusion(0, 1), [checkpointAt(1)]],
    ['two checkpoints', consistency(23, 57), [checkpointAt(23), checkpointAt(57)]],
    ['two checkpoints, the first a power of two', consistency(32, 57), [checkpointAt(32), checkpointAt(57)]],
    ['a checkpoint and itself', consistency(57, 57), [checkpointAt(57), checkpointAt(57)]],
  ];

  it.each(CASES)('%s: holds, and no changed byte is accepted', (_, proof, checkpoints) => {
    const file = proofFile(proof);
    expect(readProof(file)).toEqual(proof);
    expect(proofFault(proof, checkpoints)).toBeNull();
    for (let at = 0; at < file.length; at += 1) {
      for (const flip of [0x01, 0x02, 0x10, 0x20, 0x80]) {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const read = readProof(changed);
        if (read !== null) expect(proofFault(read, checkpoints), `byte ${String(at)} ^ ${String(flip)}`).not.toBeNull();
      }
    }
    for (const length of [0, 1, file.length - 1]) expect(readProof(file.subarray(0, length))).toBeNull();
    expect(readProof(Buffer.concat([file, Buffer.from('\n')]))).toBeNull();
  });

  it('is about the checkpoints in hand, and no others', () => {
    const proof = inclusion(20, 57);
    const production = checkpointBody({ ...name, mode: 'production', size: 57, root: rootAt(57) });
    expect(proofFault(proof, [checkpointAt(58)])).toBe('it is about another checkpoint');
    expect(proofFault(proof, [production])).toBe('it is about another ceremony or mode');
    expect(proofFault(proof, [])).toContain('expected 1, got 0');
    expect(proofFault(consistency(23, 57), [checkpointAt(57), checkpointAt(23)])).toBe(
      'it is about another checkpoint',
    );
    expect(proofFault(proof, [Buffer.from('keyrite/rehearsal/some-ceremony\n57\n')])).toContain('exact form');
  });

  it('does not disclose a line that is too long for a file', () => {
    const proof = inclusion(0, 1);
    if (proof.kind !== 'inclusion') throw new Error('a proof of inclusion was made');
    const bytes = Buffer.alloc(900 * 1024, 'x').toString('base64');
    expect(() => proofFile({ ...proof, bytes })).toThrow('too long to be disclosed');
  });
});
