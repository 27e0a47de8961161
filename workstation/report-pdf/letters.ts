/** Which typeface each letter is set in, and what stands for letters that no typeface has. */
import { BOX, type Line, type Span } from '../../ceremony/print/document';

/** Letters in one typeface. */
export interface Run {
  readonly typeface: string;
  /** What is drawn. */
  readonly text: string;
  /** The letters that `text` stands for, where it is not they themselves: goes into the file as ActualText. */
  readonly actual: string | null;
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
  return words;
}

/** The single letters of a run: what a word that is longer than its line is broken into. */
export function lettersOf({ typeface, text, actual, box }: Run): readonly Run[] {
  if (actual === null || box) return Array.from(text, (letter) => ({ typeface, text: letter, actual, box }));
  return Array.from(actual, (letter) => ({ typeface, text: codePointName(letter), actual: letter, box }));
}

function runsOf(text: string, face: Span['face'], find: FindTypeface): Run[] {
  const runs: { typeface: string; text: string; actual: string | null; box: boolean }[] = [];
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
      runs.push({ typeface, text: missing ? codePointName(letter) : letter, actual, box });
    }
  }
  return runs;
}

function codePointName(letter: string): string {
  return `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
