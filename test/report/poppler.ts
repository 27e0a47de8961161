/** What poppler's programs make of a PDF: its text, its structure, its pages as pictures. None of it is our code. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { GreyPicture } from './grey-picture';

const run = promisify(execFile);
const LIMIT = 256 * 1024 * 1024;

/** Hands a PDF to something that wants a file. */
async function asFile<T>(pdf: Uint8Array, use: (path: string, folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'keyrite-pdf-'));
  try {
    const path = join(folder, 'document.pdf');
    await writeFile(path, pdf);
    return await use(path, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The text of each page, in reading order as poppler finds it. */
export function textOfPages(pdf: Uint8Array): Promise<string[]> {
  return asFile(pdf, async (path) => {
    const { stdout } = await run('pdftotext', ['-enc', 'UTF-8', path, '-'], { maxBuffer: LIMIT });
    return stdout.split('\f').slice(0, -1);
  });
}

/** The whole text on one line, all white space as single spaces. */
export async function textOf(pdf: Uint8Array): Promise<string> {
  return (await textOfPages(pdf)).join(' ').replace(/\s+/g, ' ');
}

/** A word where it stands on its page, in points. */
export interface PlacedWord {
  readonly page: number;
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Every word with its place. */
export function wordsOf(pdf: Uint8Array): Promise<PlacedWord[]> {
  return asFile(pdf, async (path) => {
    const { stdout } = await run('pdftotext', ['-bbox', '-enc', 'UTF-8', path, '-'], { maxBuffer: LIMIT });
    let page = -1;
    const words: PlacedWord[] = [];
    const tag = /<page |<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">([^<]*)/g;
    for (const [whole, left, top, right, bottom, text = ''] of stdout.matchAll(tag)) {
      if (whole.startsWith('<page')) page += 1;
      else
        words.push({ page, text, left: Number(left), top: Number(top), right: Number(right), bottom: Number(bottom) });
    }
    return words;
  });
}

/** What pdfinfo says, by its names. */
export function infoOf(pdf: Uint8Array): Promise<Record<string, string>> {
  return asFile(pdf, async (path) => {
    const { stdout } = await run('pdfinfo', ['-isodates', path]);
    return Object.fromEntries(
      stdout.split('\n').flatMap((line) => {
        const at = line.indexOf(':');
        return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()]];
      }),
    );
  });
}

/** The structure tree with its text, as pdfinfo prints it. */
export function structureOf(pdf: Uint8Array): Promise<string> {
  return asFile(pdf, async (path) => (await run('pdfinfo', ['-struct-text', path], { maxBuffer: LIMIT })).stdout);
}

/** Each page as a grey picture. */
export function picturesOf(pdf: Uint8Array, dpi: number): Promise<GreyPicture[]> {
  return asFile(pdf, async (path, folder) => {
    await run('pdftoppm', ['-r', String(dpi), '-gray', path, join(folder, 'page')]);
    const names = (await readdir(folder)).filter((name) => name.endsWith('.pgm')).sort();
    return Promise.all(names.map(async (name) => readPgm(await readFile(join(folder, name)))));
  });
}

/** Reads a picture as pdftoppm writes it: `P5`, width, height, 255, and a byte for each pixel. */
function readPgm(pgm: Buffer): GreyPicture {
  const head = /^P5\n(\d+) (\d+)\n255\n/.exec(pgm.toString('latin1', 0, 64));
  if (head === null) throw new RangeError('picture: expected grey PGM, got something else');
  const [width, height] = [Number(head[1]), Number(head[2])];
  return { width, height, pixels: pgm.subarray(head[0].length, head[0].length + width * height) };
}
