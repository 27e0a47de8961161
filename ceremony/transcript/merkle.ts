/** RFC 6962 section 2.1 Merkle tree hash with SHA-256, built line by line: O(log n) work and memory per line. */
import { createHash } from 'node:crypto';
import { sha256Binary } from './sha256';

const HASH_BYTES = 32;
const LEAF = 0x00;
const NODE = 0x01;

/** SHA-256 of 0x00 and the leaf's bytes; 32 bytes. */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return bytesOf(hashLeaf(leaf));
}

/** SHA-256 of 0x01 and two hashes; 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return bytesOf(hashNode(Buffer.from(left).toString('binary'), Buffer.from(right).toString('binary')));
}

/** A tree that grows at its end. Keeps one hash for each complete subtree: as many as `size` has bits set. */
export class MerkleTree {
  /** Hashes as strings of 32 characters, one for each byte: they are made and hashed again without copies between. */
  private readonly peaks: { readonly leaves: number; readonly hash: string }[] = [];
  private leaves = 0;

  /** Number of leaves. */
  get size(): number {
    return this.leaves;
  }

  /** Adds a leaf by its bytes (a transcript line without its LF). */
  append(leaf: Uint8Array): void {
    let added = { leaves: 1, hash: hashLeaf(leaf) };
    for (let last = this.peaks.at(-1); last !== undefined && last.leaves === added.leaves; last = this.peaks.at(-1)) {
      this.peaks.pop();
      added = { leaves: last.leaves * 2, hash: hashNode(last.hash, added.hash) };
    }
    this.peaks.push(added);
    this.leaves += 1;
  }

  /** The tree hash over all leaves so far, 32 bytes; SHA-256 of nothing for an empty tree. */
  root(): Uint8Array {
    const hashes = this.peaks.map((peak) => peak.hash);
    if (hashes.length === 0) return createHash('sha256').digest();
    return bytesOf(hashes.reduceRight((right, left) => hashNode(left, right)));
  }
}

/** The tree hash over `leaves`, 32 bytes. */
export function treeHash(leaves: Iterable<Uint8Array>): Uint8Array {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}

/** What is hashed, put together in one place that is used again for each; a leaf's first byte stays 0x00. */
let leafInput = Buffer.alloc(64 * 1024, LEAF);
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, NODE);

function hashLeaf(leaf: Uint8Array): string {
  if (leafInput.length <= leaf.length) leafInput = Buffer.alloc(leaf.length * 2, LEAF);
  leafInput.set(leaf, 1);
  return sha256Binary(leafInput.subarray(0, 1 + leaf.length));
}

function hashNode(left: string, right: string): string {
  nodeInput.write(left, 1, 'binary');
  nodeInput.write(right, 1 + HASH_BYTES, 'binary');
  return sha256Binary(nodeInput);
}

function bytesOf(hash: string): Uint8Array {
  return Buffer.from(hash, 'binary');
}
