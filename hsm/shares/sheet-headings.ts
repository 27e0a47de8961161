/**
 * The headings of a worksheet, which name the share; they are public. Typed back they may be left out, but one that is
 * there must be right, and then a refusal can say whose share this is instead.
 */
import type { ShareName } from './commitment';
import { WorksheetRefused } from './sheet-refused';

/** The short form of a set id (16 bytes hex) on a worksheet: its first four bytes, in two groups. */
export function shortSetId(set: string): string {
  return `${set.slice(0, 4)} ${set.slice(4, 8)}`.toUpperCase();
}

/** Title and headings, and the empty line below them; UTF-8. */
export function writeHeadings(name: ShareName, custodian: string): Buffer {
  const lines = headings(name, custodian).map(([key, value]) => `${key.padEnd(11)}${value}`);
  return Buffer.from(['KEYRITE SHARE', ...lines, '', ''].join('\n'));
}

/** The headings of a worksheet, each its label and what stands there. */
function headings(name: ShareName, custodian: string): [string, string][] {
  return [
    ['Set', shortSetId(name.set)],
    ['Share', `${String(name.index)} of ${String(name.count)}`],
    [
      'Scheme',
      name.scheme === 'components'
        ? 'components, all needed'
        : `SLIP-39 words, ${String(name.threshold)} of ${String(name.count)} needed`,
    ],
    ['Custodian', custodian],
  ];
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const HEADING = /^\s*(keyrite\s+share|set|share|scheme|custodian)(?:\s(.*))?$/i;
const SHARE = Buffer.from('share', 'ascii');
const KEYWORDS = [...['keyrite', 'set', 'scheme', 'custodian'].map((word) => Buffer.from(word, 'ascii')), SHARE];

/** Lines as views of the typed bytes; CR, LF, or both end one. */
export function* linesOf(typed: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (let at = 0; at <= typed.length; at += 1) {
    const byte = typed[at];
    if (byte !== undefined && byte !== LINE_FEED && byte !== 0x0d) continue;
    yield typed.subarray(start, at);
    start = at + 1;
  }
}

/** Whether a line begins with the whole of a heading's word. Compared as bytes: rows never become strings. */
export function isHeading(line: Uint8Array): boolean {
  const start = line.findIndex((byte) => !isBlank(byte));
  const begun = KEYWORDS.find((word) => word.every((letter, i) => ((line[start + i] ?? 0) | 0x20) === letter));
  if (start < 0 || begun === undefined) return false;
  const end = start + begun.length;
  if (end < line.length && !isBlank(line[end] ?? 0)) return false;
  // One wrong letter makes `share` of `sharp`, a word of SLIP-39: the heading has a number behind it.
  return begun !== SHARE || isDigit(line.subarray(end).find((byte) => !isBlank(byte)));
}

/**
 * Compares a heading that somebody typed with that of the share asked for.
 *
 * @throws WorksheetRefused naming the heading, or whose share it is by it
 */
export function checkHeading(typed: Uint8Array, name: ShareName, custodian: string): void {
  const [, word, rest] = HEADING.exec(Buffer.from(typed).toString('latin1')) ?? [];
  const key = squeezed(word ?? '');
  const title: [string, string] = ['KEYRITE SHARE', ''];
  const heading = [title, ...headings(name, custodian)].find(([label]) => squeezed(label) === key);
  if (heading === undefined) throw new WorksheetRefused('a heading is none of those of the worksheet');
  const [label, expected] = heading;
  if (squeezed(rest ?? '') !== squeezed(expected)) throw new WorksheetRefused(headingTrouble(label, rest ?? '', name));
}

function headingTrouble(label: string, value: string, name: ShareName): string {
  const asked = `share ${String(name.index)} of set ${shortSetId(name.set)} is asked for`;
  if (label === 'Set' && /^[0-9a-f]{8}$/.test(squeezed(value))) return `this is a share of another set: ${asked}`;
  const other = /^([0-9]{1,2})of([0-9]{1,2})$/.exec(squeezed(value));
  if (label === 'Share' && other !== null && Number(other[2]) === name.count && Number(other[1]) <= name.count) {
    return `by its heading this is share ${String(Number(other[1]))}: ${asked}`;
  }
  return `the heading ${label} is not that of the worksheet handed out: ${asked}`;
}

function squeezed(text: string): string {
  return text.replace(/\s/g, '').toLowerCase();
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Whether a byte is a blank or a tab. */
export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0x09;
}
