/** What a verification finds. */

/** Something that does not hold. */
export interface Finding {
  /** File of the bundle, or `outside` for what was given from outside. */
  readonly where: string;
  /** Line of the transcript, from 0; null where it is about no line. */
  readonly line: number | null;
  readonly reason: string;
}

/** Most findings that are kept: a bundle broken everywhere needs no longer list. */
const MOST = 200;

/** Collects findings, and what is still missing of a bundle that is not closed. */
export class Findings {
  readonly wrong: Finding[] = [];
  readonly missing: Finding[] = [];

  /** Something does not hold: the bundle is refused. */
  add(where: string, line: number | null, reason: string): void {
    if (this.wrong.length < MOST) this.wrong.push({ where, line, reason });
  }

  /** Something is not there yet, as in a ceremony under way: the bundle is incomplete. */
  lacks(where: string, line: number | null, reason: string): void {
    if (this.missing.length < MOST) this.missing.push({ where, line, reason });
  }
}
