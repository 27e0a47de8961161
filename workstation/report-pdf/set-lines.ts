/** Breaks text into lines of a width. */
import type { Line } from '../../ceremony/print/document';
import { lettersOf, wordsOf, type FindTypeface, type Run } from './letters';

/** A run in its place on a line. */
export interface SetRun extends Run {
  /** From the left end of the line, and how wide it is, in points. */
  readonly x: number;
  readonly width: number;
}

/** A line, ready to be drawn. */
export type SetLine = readonly SetRun[];

/** Knows the letters of its typefaces and how wide they are. */
export interface Measure {
  readonly find: FindTypeface;
  /** Width in points. */
  width(run: Run, size: number): number;
}

/**
 * Sets a line of text in as many lines of `width` points as it takes. A word that is wider than a line is broken
 * anywhere; nothing is ever left out.
 */
export function setLines(line: Line, size: number, width: number, measure: Measure): readonly SetLine[] {
  const lines: SetRun[][] = [];
  let current: SetRun[] = [];
  let x = 0;
  const widthOf = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + measure.width(run, size), 0);
  const put = (run: Run): void => {
    const wide = measure.width(run, size);
    const last = current.at(-1);
    if (last !== undefined && isSame(last, run)) {
      current[current.length - 1] = { ...last, text: last.text + run.text, width: last.width + wide };
    } else current.push({ ...run, x, width: wide });
    x += wide;
  };
  const end = (): void => {
    lines.push(current);
    current = [];
    x = 0;
  };
  for (const { space, runs } of wordsOf(line, measure.find)) {
    const wide = widthOf(runs);
    if (space) {
      if (x === 0) continue;
      const ends = x + wide > width;
      // Also at the end of a line, where nobody sees it: text that is copied or read aloud has it between the words.
      for (const run of runs) put(run);
      if (ends) end();
      continue;
    }
    if (x > 0 && x + wide > width) end();
    if (wide <= width) {
      for (const run of runs) put(run);
      continue;
    }
    for (const letter of runs.flatMap(lettersOf)) {
      if (x > 0 && x + measure.width(letter, size) > width) end();
      put(letter);
    }
  }
  if (current.length > 0 || lines.length === 0) lines.push(current);
  return lines;
}

/** Whether a run goes on in the same way, so that both are drawn at once. */
function isSame(left: Run, right: Run): boolean {
  return left.typeface === right.typeface && left.actual === null && right.actual === null;
}
