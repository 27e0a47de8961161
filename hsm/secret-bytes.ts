/** Memory for secrets. */

/**
 * Zero bytes to put a secret into, and to zero afterwards. Up to 64 bytes V8 keeps the content of `new Uint8Array(n)` and
 * `Buffer.alloc(n)` in its own heap, until somebody wants its address: then it moves, and leaves a copy behind that nobody
 * can zero (measured on Node 20: every PIN was found again). What is made here has its place from the start, and keeps it.
 */
export function secretBytes(length: number): Buffer {
  // SECURITY(K-195): zeroing it must zero the only copy.
  return Buffer.from(new ArrayBuffer(length));
}

/**
 * Makes secrets one after the other. Where one cannot be made, those before it are zeroed: nobody else knows of them.
 *
 * @param make is given those that were made before
 * @returns secrets that the caller zeroes
 * @throws what `make` throws
 */
export function makeSecrets<T>(from: Iterable<T>, make: (one: T, before: readonly Buffer[]) => Buffer): Buffer[] {
  const made: Buffer[] = [];
  try {
    for (const one of from) made.push(make(one, made));
    return made;
  } catch (error) {
    for (const secret of made) secret.fill(0);
    throw error;
  }
}
