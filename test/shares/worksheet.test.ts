import { randomBytes, randomInt } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDigits } from '../../hsm/shares/check-digits';
import type { ShareName } from '../../hsm/shares/commitment';
import { WorksheetRefused } from '../../hsm/shares/sheet-refused';
import { readWorksheet, writeWorksheet } from '../../hsm/shares/worksheet';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const NAME: ShareName = {
  set: '3f2a91c0d5e64b7788990a1b2c3d4e5f',
  scheme: 'components',
  threshold: 3,
  count: 3,
  index: 2,
};
const COMPONENT = Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 255));
const SHEET = writeWorksheet(NAME, 'carol', COMPONENT).toString();
const FIRST_ROW = SHEET.indexOf('\n1 ') + 1;

const read = (text: string): Buffer => readWorksheet(Buffer.from(text), NAME, 'carol');
const refusal = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    if (error instanceof WorksheetRefused) return error.message;
    throw error;
  }
  return 'accepted';
};
const rowsOf = (text: string): string[] => text.slice(FIRST_ROW).trimEnd().split('\n');
const sheetOf = (rows: readonly string[]): string => `${SHEET.slice(0, FIRST_ROW)}${rows.join('\n')}\n`;
const withRow = (row: number, change: (line: string) => string): string =>
  sheetOf(rowsOf(SHEET).map((line, i) => (i + 1 === row ? change(line) : line)));

describe('check digits', () => {
  const codeword = (row: number, digits: readonly number[]): number[] => [
    row,
    ...digits,
    ...checkDigits(row, Uint8Array.from(digits)),
  ];
  const isCodeword = (word: readonly number[]): boolean => {
    const [row = 0, ...rest] = word;
    if (row < 1) return false;
    return checkDigits(row, Uint8Array.from(rest.slice(0, 8))).join() === rest.slice(8).join();
  };
  const samples = [1, 5, 8].map((row) =>
    codeword(
      row,
      Array.from({ length: 8 }, (_, i) => (i * 7 + row) & 15),
    ),
  );

  it('are linear, so that what holds for one row holds for all', () => {
    const digits = fc.uint8Array({ min: 0, max: 15, minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(
        digits,
        digits,
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 1, max: 15 }),
        (a, b, rowA, rowB) => {
          fc.pre(rowA !== rowB);
          const sum = a.map((digit, i) => digit ^ (b[i] ?? 0));
          const [highA, lowA] = checkDigits(rowA, a);
          const [highB, lowB] = checkDigits(rowB, b);
          expect(checkDigits(rowA ^ rowB, sum)).toEqual([highA ^ highB, lowA ^ lowB]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('find every one and every two wrong digits, wherever they are', () => {
    for (const word of samples) {
      for (let i = 0; i < word.length; i += 1) {
        for (let a = 1; a < 16; a += 1) {
          const one = word.with(i, (word[i] ?? 0) ^ a);
          expect(isCodeword(one)).toBe(false);
          for (let j = i + 1; j < word.length; j += 1) {
            for (let b = 1; b < 16; b += 1)
              expect.soft(isCodeword(one.with(j, (word[j] ?? 0) ^ b)) ? [i, a, j, b] : null).toBeNull();
          }
        }
      }
    }
  }, 30_000);

  it('find every swap of two different digits', () => {
    for (const word of samples) {
      for (let i = 0; i < word.length; i += 1) {
        for (let j = i + 1; j < word.length; j += 1) {
          const [left = 0, right = 0] = [word[i], word[j]];
          if (left !== right) expect(isCodeword(word.with(i, right).with(j, left))).toBe(false);
        }
      }
    }
  });

  it('refuse a row number out of range and too many digits', () => {
    expect(() => checkDigits(0, new Uint8Array(8))).toThrow('row number: expected 1 to 15, got 0');
    expect(() => checkDigits(16, new Uint8Array(8))).toThrow(RangeError);
    expect(() => checkDigits(1, new Uint8Array(13))).toThrow('row: expected at most 12 digits, got 13');
  });
});

describe('worksheet', () => {
  it('has headings and eight rows of eight digits and two check digits', () => {
    expect(SHEET).toMatch(
      /^KEYRITE SHARE\nSet {8}3F2A 91C0\nShare {6}2 of 3\nScheme {5}components, all needed\nCustodian {2}carol\n\n(?:[1-8] {3}[0-9A-F]{4} [0-9A-F]{4} {3}[0-9A-F]{2}\n){8}$/,
    );
  });

  it('is read back, for every component', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (component) => {
        const sheet = writeWorksheet(NAME, 'carol', component);
        expect(readWorksheet(sheet, NAME, 'carol').equals(component)).toBe(true);
      }),
      { numRuns: DEEP ? 10_000 : 500 },
    );
  });

  it.each([
    ['without its headings', SHEET.slice(FIRST_ROW)],
    ['in small letters', SHEET.toLowerCase()],
    ['without spaces', SHEET.slice(FIRST_ROW).replaceAll(' ', '')],
    ['with more spaces, tabs and blank lines', SHEET.replaceAll(' ', ' \t ').replaceAll('\n', ' \n\n')],
    ['with CR LF', SHEET.replaceAll('\n', '\r\n')],
    ['with CR only', SHEET.replaceAll('\n', '\r')],
    ['without a line feed at the end', SHEET.trimEnd()],
    ['with each row on three lines', SHEET.slice(FIRST_ROW).replaceAll('   ', '\n')],
    ['with all rows on one line', SHEET.slice(FIRST_ROW).replaceAll('\n', ' ')],
  ])('is read %s', (_how, text) => {
    expect(read(text).equals(COMPONENT)).toBe(true);
  });

  it('keeps leading and trailing zeros', () => {
    for (const component of [Buffer.alloc(32), Buffer.concat([Buffer.alloc(31), Buffer.from([1])])]) {
      expect(readWorksheet(writeWorksheet(NAME, 'carol', component), NAME, 'carol').equals(component)).toBe(true);
    }
  });

  it('refuses a component of another length', () => {
    expect(() => writeWorksheet(NAME, 'carol', Buffer.alloc(31))).toThrow(
      'component: expected 16, 24 or 32 bytes, got 31',
    );
  });
});

describe('a worksheet typed wrongly', () => {
  it('names the row of every single wrong character', () => {
    const strange = '0123456789abcdefABCDEFOoIlZSgG.-:,é\0 \n';
    let tried = 0;
    rowsOf(SHEET).forEach((line, i) => {
      Array.from(line, (was, at) => {
        if (was === ' ') return;
        for (const is of strange) {
          if (is.toUpperCase() === was) continue;
          const message = refusal(withRow(i + 1, (row) => row.slice(0, at) + is + row.slice(at + 1)));
          expect(
            message.startsWith(`row ${String(i + 1)}`) ? '' : `row ${String(i + 1)}: ${was} to ${is}: ${message}`,
          ).toBe('');
          tried += 1;
        }
      });
    });
    expect(tried).toBeGreaterThan(8 * 11 * 35);
  });

  it('names the row of every missing, doubled, added and swapped digit', () => {
    rowsOf(SHEET).forEach((line, i) => {
      const row = i + 1;
      const named = (change: (text: string) => string): void => {
        expect(refusal(withRow(row, change))).toMatch(new RegExp(`^row ${String(row)}[,:]`));
      };
      const digits = [...line.matchAll(/[0-9A-F]/g)].map((match) => match.index);
      digits.forEach((at, n) => {
        named((text) => text.slice(0, at) + text.slice(at + 1));
        named((text) => text.slice(0, at) + (text[at] ?? '') + text.slice(at));
        named((text) => `${text.slice(0, at)}7${text.slice(at)}`);
        const next = digits[n + 1];
        if (next === undefined || line[next] === line[at]) return;
        named(
          (text) =>
            text.slice(0, at) + (text[next] ?? '') + text.slice(at + 1, next) + (text[at] ?? '') + text.slice(next + 1),
        );
      });
    });
  });

  it('names a row that is left out, twice, or out of order', () => {
    const rows = rowsOf(SHEET);
    expect(refusal(sheetOf(rows.toSpliced(3, 1)))).toContain('row 4: it must begin with its number, 4');
    expect(refusal(sheetOf(rows.toSpliced(3, 0, rows[2] ?? '')))).toContain('row 4: it must begin with its number, 4');
    expect(refusal(sheetOf([...rows.slice(1), rows[0] ?? '']))).toContain('row 1: it must begin with its number, 1');
    expect(refusal(sheetOf(rows.slice(0, 7)))).toBe('row 8 and what follows it are missing');
    expect(refusal('')).toBe('row 1 and what follows it are missing');
    expect(refusal(sheetOf([...rows, rows[7] ?? '']))).toContain('something after row 8');
    expect(refusal(`${SHEET}0`)).toContain('something after row 8');
  });

  it('tells what a digit is, without saying what was typed', () => {
    const message = refusal(withRow(3, (row) => `${row.slice(0, 4)}O${row.slice(5)}`));
    expect(message).toBe(
      'row 3: there is something that is no digit; digits are 0 to 9 and A to F, a zero is never the letter O, a one never I or L',
    );
  });

  it.each([
    ['3F2A 91C0', '3F2A 91C1', 'this is a share of another set: share 2 of set 3F2A 91C0 is asked for'],
    ['3F2A 91C0', '3F2A', 'the heading Set is not that of the worksheet handed out'],
    ['2 of 3', '1 of 3', 'by its heading this is share 1: share 2 of set 3F2A 91C0 is asked for'],
    ['2 of 3', '2 of 4', 'the heading Share is not that'],
    ['components, all', 'components, two', 'the heading Scheme is not that'],
    ['carol', 'dave', 'the heading Custodian is not that'],
    ['KEYRITE SHARE', 'KEYRITE SHARES', 'a heading is none of those of the worksheet'],
    ['KEYRITE SHARE', 'MY SHARE', 'row 1, or a heading before it'],
  ])('refuses %s as %s', (was, is, message) => {
    expect(refusal(SHEET.replace(was, is))).toContain(message);
  });

  it('refuses every single wrong character of the headings', () => {
    for (let at = 0; at < FIRST_ROW - 1; at += 1) {
      if (/\s/.test(SHEET.charAt(at))) continue;
      for (const is of 'aZ0#') {
        if (is.toUpperCase() === SHEET.charAt(at).toUpperCase()) continue;
        expect(refusal(SHEET.slice(0, at) + is + SHEET.slice(at + 1))).not.toBe('accepted');
      }
    }
  });

  it('refuses far too much without reading it', () => {
    expect(refusal('1'.repeat(4097))).toBe('far more was typed than a worksheet holds');
    expect(refusal('1'.repeat(4096))).toContain('row 1');
  });

  it('never throws anything else, and never echoes what was typed', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.stringMatching(/^[1-8a-fA-F 0\n]{0,200}$/),
      fc
        .tuple(fc.nat(SHEET.length), fc.nat(SHEET.length), fc.string({ maxLength: 20 }))
        .map(([at, length, insert]) => SHEET.slice(0, at) + insert + SHEET.slice(at + length)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const message = refusal(text);
        if (message === 'accepted') {
          expect(read(text).equals(COMPONENT)).toBe(true);
          return;
        }
        for (const [group = ''] of text.matchAll(/[0-9a-fA-F]{4,}/g)) {
          if (!/^(?:3f2a|91c0)$/i.test(group)) expect(message.toUpperCase()).not.toContain(group.toUpperCase());
        }
      }),
      { numRuns: DEEP ? 20_000 : 2_000 },
    );
  });

  it('holds no digits of the share in any refusal', () => {
    const groups = rowsOf(SHEET).flatMap((row) => row.split(/\s+/).filter((group) => group.length === 4));
    const messages = rowsOf(SHEET).flatMap((_, i) => [
      refusal(withRow(i + 1, (row) => row.slice(0, -1))),
      refusal(withRow(i + 1, (row) => `${row}!`)),
      refusal(withRow(i + 1, (row) => row.replace(/ {3}(.)(.)/, '   $2$1'))),
    ]);
    for (const group of groups) expect(messages.join('\n')).not.toContain(group);
  });

  it('reads 2,000 random sheets typed with one random slip as nothing but a refusal', () => {
    for (let i = 0; i < 2_000; i += 1) {
      const component = randomBytes(32);
      const sheet = writeWorksheet(NAME, 'carol', component);
      const at = FIRST_ROW + randomInt(sheet.length - FIRST_ROW);
      const was = sheet.readUInt8(at);
      if (was === 0x20 || was === 0x0a) continue;
      sheet.writeUInt8(was === 0x30 ? 0x31 : 0x30, at);
      expect(() => readWorksheet(sheet, NAME, 'carol')).toThrow(WorksheetRefused);
    }
  });
});
