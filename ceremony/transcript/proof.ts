/**
 * Inclusion and consistency proofs over a transcript's tree (RFC 9162 sections 2.1.3 and 2.1.4, the same as RFC 6962's):
 * that one line is under a checkpoint, and that a later checkpoint only added to an earlier one. A proof is made while
 * the lines pass by, with memory of O(log n), and checked without them.
 */
import * as v from 'valibot';
import { canonicalJson, parseCanonical, type Json } from '../canonical-json';
import { hex } from '../check-value';
import { Base64, Sha256Hex } from '../text-forms';
import { MAX_CHECKPOINT_BYTES, parseCheckpoint } from './checkpoint';
import { MerkleTree, leafHash, nodeHash } from './merkle';

/** Leaves `start` to `end` (exclusive), from 0. */
type Range = readonly [start: number, end: number];

/** The subtrees whose hashes prove that leaf `leaf` is in a tree of `size` leaves, from the leaf up (RFC 9162 2.1.3.1). */
export function inclusionRanges(leaf: number, size: number): readonly Range[] {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(leaf) || leaf < 0 || leaf >= size) {
    throw new RangeError(`leaf: expected 0 to ${String(size - 1)}, got ${String(leaf)}`);
  }
  const ranges: Range[] = [];
  for (let [start, end]: Range = [0, size]; end - start > 1;) {
    const middle = start + splitOf(end - start);
    if (leaf < middle) ranges.push([middle, end]);
    else ranges.push([start, middle]);
    [start, end] = leaf < middle ? [start, middle] : [middle, end];
  }
  return ranges.reverse();
}

/** The subtrees whose hashes prove that the first `from` of `to` leaves are as they were (RFC 9162 2.1.4.1). */
export function consistencyRanges(from: number, to: number): readonly Range[] {
  if (!Number.isSafeInteger(to) || !Number.isSafeInteger(from) || from < 1 || from > to) {
    throw new RangeError(`earlier size: expected 1 to ${String(to)}, got ${String(from)}`);
  }
  const ranges: Range[] = [];
  let [start, end]: Range = [0, to];
  while (from < end) {
    const middle = start + splitOf(end - start);
    if (from <= middle) ranges.push([middle, end]);
    else ranges.push([start, middle]);
    [start, end] = from <= middle ? [start, middle] : [middle, end];
  }
  // A subtree that begins at the first leaf is the earlier tree itself, whose hash is known.
  if (start > 0) ranges.push([start, end]);
  return ranges.reverse();
}

/** Hashes of some subtrees, and roots at some sizes, taken as the leaves pass by: O(n) work, O(log n) memory. */
export class SubtreeHasher {
  private readonly subtrees: readonly { readonly range: Range; readonly tree: MerkleTree }[];
  private readonly inOrder: { readonly range: Range; readonly tree: MerkleTree }[];
  private readonly sizes: ReadonlySet<number>;
  private readonly found = new Map<number, string>();
  private readonly whole = new MerkleTree();

  /** @param ranges disjoint ranges of leaves; `sizes`: tree sizes whose roots are wanted */
  constructor(ranges: readonly Range[], sizes: readonly number[]) {
    this.subtrees = ranges.map((range) => ({ range, tree: new MerkleTree() }));
    this.inOrder = [...this.subtrees].sort((left, right) => left.range[0] - right.range[0]);
    this.sizes = new Set(sizes);
  }

  /** Takes the next leaf: a line's bytes without its LF. */
  append(leaf: Uint8Array): void {
    const place = this.whole.size;
    this.whole.append(leaf);
    const [next] = this.inOrder;
    if (next !== undefined && place >= next.range[0]) {
      next.tree.append(leaf);
      if (place + 1 === next.range[1]) this.inOrder.shift();
    }
    if (this.sizes.has(this.whole.size)) this.found.set(this.whole.size, hex(this.whole.root()));
  }

  /** Hashes of the ranges in their order, lower-case hex. Throws RangeError when the leaves ended before them. */
  hashes(): readonly string[] {
    if (this.inOrder.length > 0) throw new RangeError('leaves: they ended before the subtrees did');
    return this.subtrees.map(({ tree }) => hex(tree.root()));
  }

  /** Root over the first `size` leaves, lower-case hex; null when they were fewer, or the size was not asked for. */
  root(size: number): string | null {
    return this.found.get(size) ?? null;
  }
}

/** Root that a leaf hash and its path give, 32 bytes; null when the path does not fit leaf and size (RFC 9162 2.1.3.2). */
export function rootFromInclusion(
  leaf: number,
  size: number,
  hash: Uint8Array,
  path: readonly Uint8Array[],
): Uint8Array | null {
  if (leaf >= size) return null;
  let [index, last] = [leaf, size - 1];
  let root = hash;
  for (const sibling of path) {
    if (last === 0) return null;
    if (isOdd(index) || index === last) {
      root = nodeHash(sibling, root);
      while (!isOdd(index) && index > 0) [index, last] = [half(index), half(last)];
    } else root = nodeHash(root, sibling);
    [index, last] = [half(index), half(last)];
  }
  return last === 0 ? root : null;
}

/** Whether `path` shows that the tree of `to.size` and `to.root` begins with that of `from` (RFC 9162 2.1.4.2). */
export function isConsistent(
  from: { readonly size: number; readonly root: Uint8Array },
  to: { readonly size: number; readonly root: Uint8Array },
  path: readonly Uint8Array[],
): boolean {
  if (from.size < 1 || from.size > to.size) return false;
  if (from.size === to.size) return path.length === 0 && same(from.root, to.root);
  let [index, last] = [from.size - 1, to.size - 1];
  while (isOdd(index)) [index, last] = [half(index), half(last)];
  // An earlier size that is a power of two is a subtree of the later tree: its hash is not repeated in the path.
  const [first, ...rest] = index === 0 ? [from.root, ...path] : path;
  if (first === undefined) return false;
  let [before, after] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(index) || index === last) {
      before = nodeHash(sibling, before);
      after = nodeHash(sibling, after);
      while (!isOdd(index) && index > 0) [index, last] = [half(index), half(last)];
    } else after = nodeHash(after, sibling);
    [index, last] = [half(index), half(last)];
  }
  return last === 0 && same(before, from.root) && same(after, to.root);
}

const Origin = v.pipe(v.string(), v.regex(/^keyrite\/(?:rehearsal|production)\/[a-z0-9][a-z0-9-]{0,62}$/));
const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** 64 hashes are enough for any tree. */
const Path = v.pipe(v.array(Sha256Hex), v.maxLength(64));

/** A proof file: that one line is under a checkpoint, or that one checkpoint began as another. Hashes in lower-case hex. */
export const Proof = v.variant('kind', [
  v.strictObject({
    format: v.literal('keyrite-proof/1'),
    kind: v.literal('inclusion'),
    /** First line of the checkpoint; size and root are its too. */
    origin: Origin,
    size: Size,
    root: Sha256Hex,
    /** Number of the line, from 0, and its leaf hash. */
    line: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    leaf: Sha256Hex,
    path: Path,
    /** The line's bytes without its LF, where it is disclosed. */
    bytes: v.optional(Base64),
  }),
  v.strictObject({
    format: v.literal('keyrite-proof/1'),
    kind: v.literal('consistency'),
    origin: Origin,
    from: v.strictObject({ size: Size, root: Sha256Hex }),
    to: v.strictObject({ size: Size, root: Sha256Hex }),
    path: Path,
  }),
]);
export type Proof = v.InferOutput<typeof Proof>;

/** Bytes of a proof file: its canonical form and an LF. Throws RangeError when it is longer than 1 MiB. */
export function proofFile(proof: Proof): Uint8Array {
  const bytes = Buffer.from(`${canonicalJson(proof as unknown as Json)}\n`, 'utf8');
  if (readProof(bytes) === null) throw new RangeError('proof: the line is too long to be disclosed in a proof');
  return bytes;
}

/** Reads a proof file; null for anything but a proof in its exact form. Never throws. */
export function readProof(content: Uint8Array): Proof | null {
  try {
    if (content.at(-1) !== 0x0a) return null;
    const parsed = v.safeParse(Proof, parseCanonical(content.subarray(0, -1)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/**
 * What is wrong with a proof, given the bytes of the checkpoints it is about (one for inclusion; the earlier and the later
 * one for consistency); null when it holds. Whose signatures the checkpoints carry is for the caller to check.
 */
export function proofFault(proof: Proof, checkpoints: readonly Uint8Array[]): string | null {
  // SECURITY(K-90): only checkpoints that somebody holds in hand count; what a proof says of them must be their words.
  const read = checkpoints.map((bytes) => (bytes.length > MAX_CHECKPOINT_BYTES ? null : parseCheckpoint(bytes)));
  const wanted = proof.kind === 'inclusion' ? [proof] : [proof.from, proof.to];
  if (read.length !== wanted.length)
    return `checkpoints: expected ${String(wanted.length)}, got ${String(read.length)}`;
  for (const [place, { size, root }] of wanted.entries()) {
    const checkpoint = read[place] ?? null;
    if (checkpoint === null) return 'a checkpoint given is not one in its exact form';
    if (`keyrite/${checkpoint.mode}/${checkpoint.id}` !== proof.origin) return 'it is about another ceremony or mode';
    if (checkpoint.size !== size || checkpoint.root !== root) return 'it is about another checkpoint';
  }
  const path = proof.path.map((one) => Buffer.from(one, 'hex'));
  if (proof.kind === 'consistency') {
    const [from, to] = [proof.from, proof.to].map(({ size, root }) => ({ size, root: Buffer.from(root, 'hex') }));
    if (from === undefined || to === undefined) return 'it lacks a checkpoint';
    return isConsistent(from, to, path) ? null : 'its hashes do not lead from the earlier root to the later';
  }
  const leaf = Buffer.from(proof.leaf, 'hex');
  if (proof.bytes !== undefined && !same(leafHash(Buffer.from(proof.bytes, 'base64')), leaf)) {
    return 'the line it discloses is not the one whose leaf hash it names';
  }
  const root = rootFromInclusion(proof.line, proof.size, leaf, path);
  return root !== null && hex(root) === proof.root ? null : 'its hashes do not lead to the root';
}

/** Largest power of two below `size` (at least 2). */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.from(left).equals(right);
}
