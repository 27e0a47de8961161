/** Which typeface each letter is set in, and what stands for letters that no typeface has. */
import { BOX, type Line, type Span } from '../../ceremony/print/document';

/** Letters in one typeface. */
export interface Run {
  readonly typeface: string;
  /** What is drawn. */
  readonly text: string;
  /**
   * What `text` stands for, where it is not that itself: goes into the file as ActualText. A word with letters that cannot be
   * set is told whole by its first run: in pieces, nobody who searches finds it. The others tell nothing, where a reader
   * heeds that (poppler tells what is drawn as well).
   */
  readonly actual: string | null;
  /** Numbers are drawn, with spaces between, and no letters. */
  readonly numbers: boolean;
  /** A box to be ticked, drawn and not set. */
  readonly box: boolean;
}

/** Finds the typeface of a letter. */
export type FindTypeface = (face: Span['face'], codePoint: number) => string | null;

/** Controls, format characters (which reorder text or hide in it), private, unassigned: never set as they are. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;

/** Whether a letter cannot be set, so that its number stands for it. */
export function isMissing(letter: string, face: Span['face'], find: FindTypeface): boolean {
  // SECURITY(K-82): a mark that reverses text, or takes no room, must be seen in what people sign.
  return letter !== BOX && (UNSEEN.test(letter) || find(face, letter.codePointAt(0) ?? 0) === null);
}

/** A word, or the space between two: what a line is broken at. */
export interface Word {
  readonly space: boolean;
  readonly runs: readonly Run[];
}

/** The words of a line. A word may be of several spans, where no space stands between them. */
export function wordsOf(line: Line, find: FindTypeface): readonly Word[] {
  const words: { space: boolean; runs: Run[] }[] = [];
  for (const { text, face } of line) {
    for (const piece of text.split(/( +)/)) {
      if (piece === '') continue;
      const space = piece.startsWith(' ');
      const last = words.at(-1);
      const runs = runsOf(piece, face, find);
      if (last !== undefined && last.space === space) last.runs.push(...runs);
      else words.push({ space, runs });
    }
  }
  return words.map(({ space, runs }) => ({ space, runs: toldAtOnce(runs) }));
}

/** The runs of a word, the first of which tells all of it where letters of it cannot be set. Boxes tell of themselves. */
function toldAtOnce(runs: readonly Run[]): readonly Run[] {
  if (!runs.some(({ numbers }) => numbers) || runs.some(({ box }) => box)) return runs;
  const whole = runs.map(({ text, actual }) => actual ?? text).join('');
  return runs.map((run, place) => ({ ...run, actual: place === 0 ? whole : '' }));
}

/** The single letters of a run: what a word that is longer than its line is broken into. The first tells what the run told. */
export function lettersOf({ text, actual, numbers, ...run }: Run): readonly Run[] {
  const drawn = numbers ? text.trim().split(' ') : Array.from(text);
  return drawn.map((piece, place) => ({
    ...run,
    text: piece,
    actual: actual === null || place === 0 ? actual : '',
    numbers,
  }));
}

function runsOf(text: string, face: Span['face'], find: FindTypeface): Run[] {
  const runs: { typeface: string; text: string; actual: string | null; numbers: boolean; box: boolean }[] = [];
  for (const letter of text) {
    const last = runs.at(-1);
    const missing = isMissing(letter, face, find);
    const box = letter === BOX;
    const typeface = (missing || box ? find('exact', 0x55) : find(face, letter.codePointAt(0) ?? 0)) ?? '';
    const actual = missing || box ? letter : null;
    if (last?.typeface === typeface && !box && !last.box && (last.actual === null) === (actual === null)) {
      last.text += actual === null ? letter : ` ${codePointName(letter)}`;
      last.actual = actual === null ? null : `${last.actual ?? ''}${actual}`;
    } else {
      runs.push({ typeface, text: missing ? codePointName(letter) : letter, actual, numbers: missing, box });
    }
  }
  return runs;
}

function codePointName(letter: string): string {
  return `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
