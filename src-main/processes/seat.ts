/** Who sat at the secret window last, and whether the same person may be taken to sit there still. */

/** How long after a window is gone its person is taken to sit there still, in milliseconds. */
const STILL_SEATED_MS = 10_000;

/** The seat at the secret window: whoever is not certainly in it is called to it. */
export class Seat {
  #last: { readonly person: string; readonly left: number } | null = null;

  /**
   * Whether a person answered the window before, less than ten seconds ago, and nothing came in between.
   *
   * @param now milliseconds of the wall clock, which unlike a monotonic one counts while the machine sleeps
   */
  isStillTakenBy(person: string, now: number): boolean {
    if (this.#last === null || this.#last.person !== person) return false;
    const ago = now - this.#last.left;
    // A clock that was set back tells nothing.
    return ago >= 0 && ago < STILL_SEATED_MS;
  }

  /** The person's window is gone, `now` milliseconds of the wall clock. */
  leave(person: string, now: number): void {
    this.#last = { person, left: now };
  }

  /** Something else came in between: whoever comes next is called. */
  empty(): void {
    this.#last = null;
  }
}
