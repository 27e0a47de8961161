import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MerkleTree, leafHash, nodeHash, treeHash } from '../../ceremony/transcript/merkle';

/** Leaves and roots of the reference tests of certificate-transparency (merkletree, RFC 6962). */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** RFC 6962 section 2.1 word by word: split at the largest power of two below n. */
function recursive(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return leafHash(first);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(recursive(leaves.slice(0, split)), recursive(leaves.slice(split)));
}

describe('MerkleTree', () => {
  it.each(ROOTS.map((root, size) => [size, root] as const))('hashes the first %i reference leaves', (size, root) => {
    expect(hex(treeHash(LEAVES.slice(0, size).map((leaf) => Buffer.from(leaf, 'hex'))))).toBe(root);
  });

  it('gives at every size what the recursive definition gives', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 40 }), (leaves) => {
        const tree = new MerkleTree();
        leaves.forEach((leaf, place) => {
          expect(tree.size).toBe(place);
          tree.append(leaf);
          expect(hex(tree.root())).toBe(hex(recursive(leaves.slice(0, place + 1))));
        });
      }),
      { numRuns: 50 },
    );
  });
});
