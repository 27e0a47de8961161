/** Looks for thousands of needles in one pass over hundreds of megabytes. */
import type { Needle } from './secrets';

/** Needles have at least this many bytes: the first four find the candidates. */
const PREFIX = 4;
const FILTER_BITS = 18;
const GOLDEN = 0x9e3779b1;

/** A search for any of many needles. */
export class NeedleSearch {
  readonly #byPrefix = new Map<number, Needle[]>();
  readonly #filter = new Uint8Array(1 << FILTER_BITS);
  /** Length of the longest needle, in bytes: pieces of one whole overlap by it. */
  readonly longest: number;

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      if (needle.bytes.length < PREFIX) throw new RangeError(`needle: expected at least 4 bytes: ${needle.what}`);
      const prefix = needle.bytes.readInt32LE(0);
      this.#byPrefix.set(prefix, [...(this.#byPrefix.get(prefix) ?? []), needle]);
      this.#filter[slotOf(prefix)] = 1;
    }
    this.longest = Math.max(0, ...needles.map(({ bytes }) => bytes.length));
  }

  /** What is in `hay`: names of forms, each once. */
  in(hay: Uint8Array): string[] {
    const found = new Set<string>();
    const filter = this.#filter;
    let last = 0;
    for (let at = 0; at < hay.length; at += 1) {
      last = (last >>> 8) | (hay[at]! << 24);
      if (filter[slotOf(last)] === 1 && at >= PREFIX - 1) this.#compare(hay, at - PREFIX + 1, last, found);
    }
    return [...found];
  }

  #compare(hay: Uint8Array, at: number, prefix: number, found: Set<string>): void {
    for (const { what, bytes } of this.#byPrefix.get(prefix) ?? []) {
      if (bytes.equals(hay.subarray(at, at + bytes.length))) found.add(what);
    }
  }
}

function slotOf(prefix: number): number {
  return Math.imul(prefix, GOLDEN) >>> (32 - FILTER_BITS);
}
