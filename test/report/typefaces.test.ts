/** The typefaces: what they are said to hold, which go into a file, and how they are unwrapped. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TYPEFACES, facesFor } from '../../workstation/report-pdf/typefaces';
import { unwrapWoff } from '../../workstation/report-pdf/unwrap-woff';
import { ROOT } from '../rules/lint-text';

const declared = (family: string): Record<string, string> =>
  JSON.parse(readFileSync(join(ROOT, `node_modules/@fontsource/${family}/unicode.json`), 'utf8')) as Record<
    string,
    string
  >;

const all = [...new Set(Object.values(TYPEFACES).flat())];

describe('the typefaces', () => {
  it('have the ranges that their package declares', () => {
    for (const { family, name, range } of all) {
      const ranges = declared(family === 'IBM Plex Sans' ? 'ibm-plex-sans' : 'ibm-plex-mono');
      expect(range, name).toBe(ranges[name.split(' ').at(-1) ?? '']);
    }
  });

  it('go into a file as far as its letters ask for them, Latin always', () => {
    const names = (texts: readonly string[]): string[] =>
      facesFor(texts).map(({ family, weight, range }) => `${family} ${String(weight)} ${range.slice(0, 6)}`);
    const latin = ['IBM Plex Sans 400 U+0000', 'IBM Plex Sans 600 U+0000', 'IBM Plex Mono 400 U+0000'];
    expect(names(['Ada'])).toEqual(latin);
    expect(names(['Ada', 'Ελένη'])).toEqual(expect.arrayContaining([...latin, 'IBM Plex Sans 400 U+0370']));
    expect(names(['Ада']).length).toBe(6);
  });

  it('unwrapped, are TrueType fonts with every table where their directory says', () => {
    for (const { name, woff } of all) {
      const font = Buffer.from(unwrapWoff(woff));
      expect(font.readUInt32BE(0), name).toBe(0x00010000);
      const tables = Array.from({ length: font.readUInt16BE(4) }, (_, place) => {
        const entry = 12 + place * 16;
        return {
          tag: font.toString('latin1', entry, entry + 4),
          sum: font.readUInt32BE(entry + 4),
          offset: font.readUInt32BE(entry + 8),
          length: font.readUInt32BE(entry + 12),
        };
      });
      expect(tables.map(({ tag }) => tag)).toEqual(expect.arrayContaining(['cmap', 'glyf', 'head', 'hmtx', 'loca']));
      for (const { tag, sum, offset, length } of tables) {
        // The sum of `head` is made with its own total left out (OpenType, `checksumAdjustment`).
        if (tag !== 'head') expect(sumOf(font.subarray(offset, offset + Math.ceil(length / 4) * 4)), tag).toBe(sum);
      }
    }
  });

  it('are refused when they are something else', () => {
    expect(() => unwrapWoff(Buffer.from('wOF2'.padEnd(60)))).toThrow(
      new RangeError('font: expected WOFF 1.0, got something else'),
    );
  });
});

function sumOf(table: Buffer): number {
  let sum = 0;
  for (let at = 0; at < table.length; at += 4) sum = (sum + table.readUInt32BE(at)) >>> 0;
  return sum;
}
