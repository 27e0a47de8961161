/** What a verification finds. */

/** Something that does not hold. */
export interface Finding {
  /** File of the bundle, or `outside` for what was given from outside. */
  readonly where: string;
  /** Line of the transcript, from 0; null where it is about no line. */
  readonly line: number | null;
  readonly reason: string;
}

/** Most findings that are kept of each kind; the others are counted. */
export const MOST_FINDINGS = 10_000;

/** Longest place or reason that is kept, in UTF-16 code units: they quote what a bundle says. */
const MOST_TEXT = 2_000;

/** Collects findings, and what is still missing of a bundle that is not closed. */
export class Findings {
  readonly wrong: Finding[] = [];
  readonly missing: Finding[] = [];
  private wrongCount = 0;
  private missingCount = 0;

  /** How many findings there are, those that were not kept included. */
  get wrongInAll(): number {
    return this.wrongCount;
  }

  /** How many things are missing, those that were not kept included. */
  get missingInAll(): number {
    return this.missingCount;
  }

  /** Something does not hold: the bundle is refused. */
  add(where: string, line: number | null, reason: string): void {
    this.wrongCount += 1;
    keep(this.wrong, { where, line, reason });
  }

  /** Something is not there yet, as in a ceremony under way: the bundle is incomplete. */
  lacks(where: string, line: number | null, reason: string): void {
    this.missingCount += 1;
    keep(this.missing, { where, line, reason });
  }
}

function keep(list: Finding[], { where, line, reason }: Finding): void {
  // SECURITY(K-25): a bundle broken everywhere fills no memory with what is said about it.
  if (list.length < MOST_FINDINGS) list.push({ where: cut(where), line, reason: cut(reason) });
}

function cut(text: string): string {
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
}
