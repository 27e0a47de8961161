/**
 * The typefaces that go into what is printed: IBM Plex, as the packages of Fontsource cut it into subsets by script. A
 * letter is set in the first subset that has it.
 */
import mono from '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff';
import monoCyrillic from '@fontsource/ibm-plex-mono/files/ibm-plex-mono-cyrillic-400-normal.woff';
import monoLatinExt from '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-ext-400-normal.woff';
import sans from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-400-normal.woff';
import sansCyrillic from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-cyrillic-400-normal.woff';
import sansCyrillicExt from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-cyrillic-ext-400-normal.woff';
import sansGreek from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-greek-400-normal.woff';
import sansLatinExt from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-ext-400-normal.woff';
import sansVietnamese from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-vietnamese-400-normal.woff';
import heavy from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-600-normal.woff';
import heavyCyrillic from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-cyrillic-600-normal.woff';
import heavyCyrillicExt from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-cyrillic-ext-600-normal.woff';
import heavyGreek from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-greek-600-normal.woff';
import heavyLatinExt from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-ext-600-normal.woff';
import heavyVietnamese from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-vietnamese-600-normal.woff';
import type { Span } from '../../ceremony/print/document';
import type { FontFace } from '../../ceremony/print/html';

/** A subset of a typeface. */
export interface Typeface extends FontFace {
  readonly name: string;
}

/** The code points of each subset, as Fontsource declares them in `unicode.json`. A subset need not have them all. */
const RANGES = {
  latin:
    'U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD',
  'latin-ext':
    'U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF',
  vietnamese:
    'U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB',
  greek: 'U+0370-0377,U+037A-037F,U+0384-038A,U+038C,U+038E-03A1,U+03A3-03FF',
  cyrillic: 'U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116',
  'cyrillic-ext': 'U+0460-052F,U+1C80-1C8A,U+20B4,U+2DE0-2DFF,U+A640-A69F,U+FE2E-FE2F',
} as const;

type Script = keyof typeof RANGES;

const SANS: readonly (readonly [Script, Uint8Array, Uint8Array])[] = [
  ['latin', sans, heavy],
  ['latin-ext', sansLatinExt, heavyLatinExt],
  ['vietnamese', sansVietnamese, heavyVietnamese],
  ['greek', sansGreek, heavyGreek],
  ['cyrillic', sansCyrillic, heavyCyrillic],
  ['cyrillic-ext', sansCyrillicExt, heavyCyrillicExt],
];
const MONO: readonly (readonly [Script, Uint8Array])[] = [
  ['latin', mono],
  ['latin-ext', monoLatinExt],
  ['cyrillic', monoCyrillic],
];

const REGULAR = SANS.map(([script, woff]) => typeface('IBM Plex Sans', 400, script, woff));
const SEMIBOLD = SANS.map(([script, , woff]) => typeface('IBM Plex Sans', 600, script, woff));
const EXACT = MONO.map(([script, woff]) => typeface('IBM Plex Mono', 400, script, woff));

/** The subsets in which the letters of each face are looked for, in order. What Plex Mono lacks, Plex Sans may have. */
export const TYPEFACES: Readonly<Record<Span['face'], readonly Typeface[]>> = {
  plain: REGULAR,
  strong: SEMIBOLD,
  exact: [...EXACT, ...REGULAR.slice(1)],
};

/** The subsets that an HTML file needs for these texts. Those for Latin are always among them. */
export function facesFor(texts: readonly string[]): readonly FontFace[] {
  const used = new Set(texts.flatMap((text) => Array.from(text, (letter) => letter.codePointAt(0) ?? 0)));
  const all = [...REGULAR, ...SEMIBOLD, ...EXACT];
  return all
    .filter(({ range }) => range === RANGES.latin || covers(range, used))
    .map(({ family, weight, range, woff }) => ({ family, weight, range, woff }));
}

function typeface(family: Typeface['family'], weight: Typeface['weight'], script: Script, woff: Uint8Array): Typeface {
  return { name: `${family} ${String(weight)} ${script}`, family, weight, range: RANGES[script], woff };
}

/** Whether a `unicode-range` has one of the code points. */
function covers(range: string, used: ReadonlySet<number>): boolean {
  const parts = range.split(',').map((part) => {
    const [from = '', to = from] = part.slice(2).split('-');
    return [Number.parseInt(from, 16), Number.parseInt(to, 16)] as const;
  });
  return [...used].some((point) => parts.some(([from, to]) => point >= from && point <= to));
}
