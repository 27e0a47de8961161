/** What is wrong with the text of a plan or binding, and where. */

/** One thing that is wrong. Lines and columns count from 1; columns in UTF-16 code units, as editors show them. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** Where in the document, such as `steps[3].units[0]`; empty for the document as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Most problems that a message names; `problems` has all of them. */
const SHOWN = 50;

/** A plan or binding could not be read. The message names the problems, one a line. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly problems: readonly Problem[];

  constructor(what: 'plan' | 'binding', problems: readonly Problem[]) {
    const more = problems.length > SHOWN ? [`and ${String(problems.length - SHOWN)} more`] : [];
    const lines = [...problems.slice(0, SHOWN).map(problemText), ...more];
    super(`The ${what} cannot be read:\n${lines.map((line) => `  ${line}`).join('\n')}`);
    this.problems = problems;
  }
}

/** A problem as people read it: `line 4, column 3: positions[0].role: expected ...`. */
export function problemText(problem: Problem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `line ${String(problem.line)}, column ${String(problem.column)}: ${path}${problem.message}`;
}
