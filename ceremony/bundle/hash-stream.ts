/** SHA-256 over content that comes in pieces, with as much of it kept as is asked for. */
import { createHash } from 'node:crypto';

/** A content that was longer than allowed; no more of it was read. */
export class TooLong extends Error {
  override readonly name = 'TooLong';
}

/** What came in. */
export interface Hashed {
  /** Lower-case hex. */
  readonly sha256: string;
  /** The whole content; null when it is longer than was to be kept. */
  readonly content: Uint8Array | null;
}

/**
 * Reads pieces to their end.
 *
 * @param most bytes that are read at most
 * @param keep bytes up to which the content is kept
 * @throws TooLong when there is more than `most`
 */
export async function hashPieces(pieces: AsyncIterable<Uint8Array>, most: number, keep: number): Promise<Hashed> {
  const hash = createHash('sha256');
  let kept: Uint8Array[] | null = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > most) throw new TooLong();
    hash.update(piece);
    if (length > keep) kept = null;
    // A piece stands until the next one only.
    else kept?.push(Buffer.from(piece));
  }
  return { sha256: hash.digest('hex'), content: kept === null ? null : Buffer.concat(kept) };
}
