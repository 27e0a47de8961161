/** What a rule keeps in mind while the lines go by, and no more of it than a limit: lines come from anybody. */
import type { Findings } from './findings';
import { LIMITS, TRANSCRIPT } from './layout';

/** A map by short keys. What goes beyond the limit is a finding, and is not kept. */
export class BoundedMap<V> {
  private readonly entries = new Map<string, V>();
  private readonly what: string;
  private readonly findings: Findings;
  private readonly most: number;
  private isFull = false;

  /**
   * @param what what is kept, in the plural, for the finding
   * @param most entries that are kept at most
   */
  constructor(what: string, findings: Findings, most: number = LIMITS.remembered) {
    this.what = what;
    this.findings = findings;
    this.most = most;
  }

  get(key: string): V | undefined {
    return this.entries.get(key);
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  /** Keys and values, in the order in which the keys came in. */
  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.entries.entries();
  }

  values(): IterableIterator<V> {
    return this.entries.values();
  }

  /** Keeps a value, on behalf of a line. */
  set(key: string, value: V, line: number): void {
    if (this.entries.has(key) || this.entries.size < this.most) {
      this.entries.set(key, value);
      return;
    }
    // SECURITY(K-25): nothing that a bundle says makes the verifier's memory grow without end.
    if (!this.isFull) {
      this.findings.add(TRANSCRIPT, line, `more than ${String(this.most)} ${this.what} to be kept in mind`);
    }
    this.isFull = true;
  }
}
