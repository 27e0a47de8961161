/** RFC 6962 section 2.1 Merkle tree hash with SHA-256, built line by line: O(log n) work and memory per line. */
import { createHash } from 'node:crypto';

const LEAF = Buffer.from([0x00]);
const NODE = Buffer.from([0x01]);

/** SHA-256 of 0x00 and the leaf's bytes; 32 bytes. */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return createHash('sha256').update(LEAF).update(leaf).digest();
}

/** SHA-256 of 0x01 and two hashes; 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** A tree that grows at its end. Keeps one hash for each complete subtree: as many as `size` has bits set. */
export class MerkleTree {
  private readonly peaks: { readonly leaves: number; readonly hash: Uint8Array }[] = [];
  private leaves = 0;

  /** Number of leaves. */
  get size(): number {
    return this.leaves;
  }

  /** Adds a leaf by its bytes (a transcript line without its LF). */
  append(leaf: Uint8Array): void {
    let added = { leaves: 1, hash: leafHash(leaf) };
    for (let last = this.peaks.at(-1); last !== undefined && last.leaves === added.leaves; last = this.peaks.at(-1)) {
      this.peaks.pop();
      added = { leaves: last.leaves * 2, hash: nodeHash(last.hash, added.hash) };
    }
    this.peaks.push(added);
    this.leaves += 1;
  }

  /** The tree hash over all leaves so far, 32 bytes; SHA-256 of nothing for an empty tree. */
  root(): Uint8Array {
    const hashes = this.peaks.map((peak) => peak.hash);
    if (hashes.length === 0) return createHash('sha256').digest();
    return hashes.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** The tree hash over `leaves`, 32 bytes. */
export function treeHash(leaves: Iterable<Uint8Array>): Uint8Array {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}
