/** Long lists of numbers in little memory, for transcripts of a million lines. */

/** Numbers that only grow, 4 bytes each: the lines of one filter. */
export class LineNumbers {
  private numbers = new Uint32Array(16);
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** Takes the next line; the same one again counts once. Lines come in their order. */
  push(line: number): void {
    if (this.count > 0 && this.numbers[this.count - 1] === line) return;
    if (this.count === this.numbers.length) {
      const larger = new Uint32Array(this.count * 2);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers[this.count] = line;
    this.count += 1;
  }

  /** At most `count` lines from a place on. */
  slice(from: number, count: number): number[] {
    return [...this.numbers.subarray(Math.min(from, this.count), Math.min(from + count, this.count))];
  }

  /** Place of a line; where it is not among them, of the next one, and of the last one behind all. 0 when there are none. */
  placeOf(line: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.numbers[middle] ?? 0) < line) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, Math.min(low, this.count - 1));
  }
}

/** Offsets in a file, 8 bytes each. */
export class Offsets {
  private offsets = new Float64Array(1024);
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(offset: number): void {
    if (this.count === this.offsets.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.offsets);
      this.offsets = larger;
    }
    this.offsets[this.count] = offset;
    this.count += 1;
  }

  /** @throws RangeError for a place where there is none */
  at(place: number): number {
    const offset = place < this.count ? this.offsets[place] : undefined;
    if (offset === undefined) {
      throw new RangeError(`place: expected 0 to ${String(this.count - 1)}, got ${String(place)}`);
    }
    return offset;
  }
}

/** Hashes of 32 bytes, in blocks, so that growing copies nothing. */
export class Hashes {
  private readonly blocks: Uint8Array[] = [];
  private count = 0;

  push(hash: Uint8Array): void {
    const place = this.count % PER_BLOCK;
    if (place === 0) this.blocks.push(new Uint8Array(PER_BLOCK * 32));
    this.blocks.at(-1)?.set(hash.subarray(0, 32), place * 32);
    this.count += 1;
  }

  /** Whether this is the hash of a place. */
  isAt(place: number, hash: Uint8Array): boolean {
    const block = this.blocks[Math.floor(place / PER_BLOCK)];
    if (block === undefined || place >= this.count) return false;
    const from = (place % PER_BLOCK) * 32;
    return Buffer.from(block.buffer, block.byteOffset + from, 32).equals(hash);
  }
}

const PER_BLOCK = 32_768;
