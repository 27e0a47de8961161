/** The document that both HTML and PDF are made of, and its HTML. */
import { describe, expect, it } from 'vitest';
import {
  BOUNDS,
  cell,
  exact,
  facts,
  heading,
  line,
  list,
  notice,
  paragraph,
  plain,
  strong,
  table,
  textsOf,
  type Block,
  type PrintDocument,
} from '../../ceremony/print/document';
import { renderHtml } from '../../ceremony/print/html';

const document = (...blocks: readonly Block[]): PrintDocument => ({
  title: 'A title',
  subject: 'A subject',
  banner: null,
  head: [line('head')],
  foot: [line('foot')],
  made: '2026-11-23T09:00:00.000Z',
  blocks,
});

const EVIL = '</td><script>alert(1)</script><img src=x onerror=1>"\'&\u202e';

describe('a document', () => {
  it('cuts what has no end, and says so', () => {
    expect(plain('x'.repeat(BOUNDS.text)).text).toHaveLength(BOUNDS.text);
    expect(plain('x'.repeat(20_000)).text).toBe(`${'x'.repeat(BOUNDS.text)} … (cut; 20000 characters in all)`);
    const rows = Array.from({ length: BOUNDS.rows + 3 }, (_, place) => [cell(String(place)), cell('b')]);
    const made = table(
      'Many',
      [
        ['A', 1],
        ['B', 1],
      ],
      rows,
    );
    if (made.kind !== 'table') throw new Error('not a table');
    expect(made.rows).toHaveLength(BOUNDS.rows + 1);
    expect(textsOf(document(made)).at(-1)).toBe('3 more rows are in the transcript alone');
  });

  it('cuts a table by its text, too', () => {
    const rows = Array.from({ length: 100 }, () => [cell('x'.repeat(BOUNDS.text))]);
    const made = table('Long', [['A', 1]], rows);
    expect(textsOf(document(made)).at(-1)).toBe('63 more rows are in the transcript alone');
  });

  it('cuts nothing of a table that a plan bounds', () => {
    const rows = Array.from({ length: BOUNDS.rows + 3 }, (_, place) => [cell(String(place))]);
    const made = table('Many', [['A', 1]], rows, { whole: true });
    expect(made.kind === 'table' && made.rows.length).toBe(BOUNDS.rows + 3);
  });

  it('refuses a row with another number of cells than there are columns', () => {
    expect(() =>
      table(
        'Odd',
        [
          ['A', 1],
          ['B', 1],
        ],
        [[cell('a')]],
      ),
    ).toThrow(new RangeError('row of “Odd”: expected 2 cells, got 1'));
  });

  it('refuses a column without a title', () => {
    expect(() => table('Odd', [['', 1]], [[cell('a')]])).toThrow(
      new RangeError('table “Odd”: expected titles, got an empty one'),
    );
  });

  it('says what is said where a table has no rows', () => {
    expect(table('Empty', [['A', 1]], [])).toEqual(paragraph('None.'));
    expect(table('Empty', [['A', 1]], [], { none: 'Nothing.' })).toEqual(paragraph('Nothing.'));
  });

  it('begins a line of a cell at each line feed', () => {
    expect(cell('a\nb', line(strong('c\n'), exact('d')))).toEqual([
      [plain('a')],
      [plain('b')],
      [strong('c')],
      [strong(''), exact('d')],
    ]);
  });
});

describe('its HTML', () => {
  const everything = (text: string): PrintDocument => ({
    ...document(
      heading(1, text),
      heading(2, text),
      paragraph(text, strong(text), exact(text)),
      notice(text, text),
      list([text]),
      table(text, [[text, 1]], [[cell(text)]], { rowHeads: true }),
      facts(text, [[text, cell(text)]]),
      { kind: 'blanks', fields: [{ label: text, width: 20 }] },
    ),
    title: text,
    banner: text,
    head: [line(text)],
    foot: [line(text)],
  });

  it('shows whatever stands in it as text', () => {
    const html = renderHtml(everything(EVIL));
    expect(html).not.toMatch(/<(?:script|img|iframe|link|object)/iu);
    expect(html).not.toMatch(/<[^>]*\s(?:src|href|on[a-z]+)=/iu);
    expect(html.split('&#60;script&#62;alert(1)').length - 1).toBe(19);
  });

  it('isolates every text, so that nothing around it is turned round', () => {
    const html = renderHtml(everything('\u202eabc'));
    const outside = html.replace(/<title>[^<]*<\/title>/, '').replace(/<bdi>[^<]*<\/bdi>/g, '');
    expect(outside).not.toContain('abc');
  });

  it('needs nothing else and runs nothing', () => {
    const html = renderHtml(everything('text'));
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'; font-src data:");
    expect(html).not.toMatch(/<script|<link|<img|<iframe|\bon[a-z]+=|https?:|url\(|@import/i);
  });

  it('closes what it opens', () => {
    const html = renderHtml(everything('text'));
    for (const tag of [
      'table',
      'thead',
      'tbody',
      'tfoot',
      'tr',
      'td',
      'th',
      'section',
      'bdi',
      'code',
      'strong',
      'ul',
      'li',
      'div',
    ]) {
      const opened = html.match(new RegExp(`<${tag}[ >]`, 'g')) ?? [];
      expect(html.split(`</${tag}>`), tag).toHaveLength(opened.length + 1);
    }
  });

  it('has its typefaces in it, when they are given', () => {
    const face = { family: 'IBM Plex Sans', weight: 400, range: 'U+0000-00FF', woff: Buffer.from('font') } as const;
    expect(renderHtml(document(), [face])).toContain('src: url(data:font/woff;base64,Zm9udA==) format("woff")');
  });
});
