/**
 * What a person types, as UTF-8 bytes of a fixed place in memory. It never becomes a string: keys come one by one, and
 * whoever made the place zeroes it.
 */
export class TypedBytes {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #overflown = false;

  /** @param capacity most bytes that are kept; what is typed beyond them is dropped and {@link overflown} is set */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`capacity: expected 1 or more bytes, got ${String(capacity)}`);
    }
    this.#bytes = new Uint8Array(capacity);
  }

  /** Length in bytes. */
  get length(): number {
    return this.#length;
  }

  /** More was typed than there is place for; only {@link clear} makes that good. */
  get overflown(): boolean {
    return this.#overflown;
  }

  /** Whether nothing was typed, or all of it was taken back. */
  get isEmpty(): boolean {
    return this.#length === 0 && !this.#overflown;
  }

  /** Adds a character (or the few that one key gives), as UTF-8. */
  append(text: string): void {
    const place = this.#bytes.subarray(this.#length);
    const { read, written } = new TextEncoder().encodeInto(text, place);
    if (read === text.length) {
      this.#length += written;
      return;
    }
    place.fill(0);
    this.#overflown = true;
  }

  /** Takes back the last character, whatever its length in bytes. */
  removeLast(): void {
    while (this.#length > 0) {
      this.#length -= 1;
      const byte = this.#bytes[this.#length] ?? 0;
      this.#bytes[this.#length] = 0;
      if (byte >> 6 !== 0b10) return;
    }
  }

  /** Zeroes all of it. */
  clear(): void {
    this.#bytes.fill(0);
    this.#length = 0;
    this.#overflown = false;
  }

  /** Whether both hold the same; takes as long wherever they differ. */
  equals(other: TypedBytes): boolean {
    if (this.#bytes.length !== other.#bytes.length) return false;
    let difference = this.#length ^ other.#length;
    for (const [at, byte] of this.#bytes.entries()) difference |= byte ^ (other.#bytes[at] ?? 0);
    return difference === 0;
  }

  /** A copy with a buffer of its own of just this length: a view would be sent with all that lies around it. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** The character at a place, or an empty text; of what is ASCII and may show. */
  at(place: number): string {
    return place < this.#length ? String.fromCharCode(this.#bytes[place] ?? 0) : '';
  }

  /** All of it as text; for what may show, never for a PIN. */
  text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(0, this.#length));
  }
}
