/**
 * A document for people to read, print, sign and file: blocks of text and tables, without any layout. It is made once and
 * rendered to HTML (`html.ts`) and to PDF (`workstation/report-pdf/`), so that both say the same.
 */

/** A stretch of text in one face. `exact`: hashes, ids and other text that is compared letter by letter. */
export interface Span {
  readonly text: string;
  readonly face: 'plain' | 'strong' | 'exact';
}

/** Spans that run on. */
export type Line = readonly Span[];

/** What stands in a cell of a table: lines, one under the other. */
export type Cell = readonly Line[];

/** What the functions below take for a line. */
export type Inline = string | Span | Line;

/** A column. Widths are shares of the whole: columns of 1 and 3 take a quarter and three quarters. */
export interface Column {
  readonly title: string;
  readonly width: number;
}

/** A part of a document, in reading order. */
export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'paragraph'; readonly line: Line }
  /** Set off by a heavy frame: what nobody may overlook. */
  | { readonly kind: 'notice'; readonly title: string; readonly lines: readonly Line[] }
  /** `boxes`: each item is ticked off by hand. */
  | { readonly kind: 'list'; readonly items: readonly Line[]; readonly boxes: boolean }
  | Table
  /** Places to fill in by hand; widths in millimetres. */
  | { readonly kind: 'blanks'; readonly fields: readonly { readonly label: string; readonly width: number }[] }
  | { readonly kind: 'page-break' };

/** A table whose head is repeated on every page. */
export interface Table {
  readonly kind: 'table';
  /** What the table holds, for those who hear it read and not see it. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Whether the first cell of each row names the row. */
  readonly rowHeads: boolean;
  /** Least height of a row in millimetres, for what is filled in by hand; 0 for what is read only. */
  readonly rowHeight: number;
  /** A table of names and values has no head that is shown. */
  readonly headless: boolean;
}

/** A whole document. */
export interface PrintDocument {
  readonly title: string;
  /** What it is, in a few words, for the properties of the file. */
  readonly subject: string;
  /** Stands on top of every page in heavy letters; null for none. */
  readonly banner: string | null;
  /** Running head of every page. */
  readonly head: readonly Line[];
  /** Running foot of every page, beside the page numbers. */
  readonly foot: readonly Line[];
  /** RFC 3339 UTC: the only time that the file carries, so that its bytes are the same each time. */
  readonly made: string;
  readonly blocks: readonly Block[];
}

/**
 * Most rows and most text of one table, and most text of one span, in UTF-16 units. What is more is counted and left to
 * the transcript.
 */
export const BOUNDS = { rows: 2000, tableText: 300_000, text: 8000 } as const;

/** A box to be ticked. */
export const BOX = '\u2610';

/** Text in the face of the body. */
export const plain = (text: string): Span => ({ text: bounded(text), face: 'plain' });
/** Text in heavy letters. */
export const strong = (text: string): Span => ({ text: bounded(text), face: 'strong' });
/** Text in a face whose letters are all told apart. */
export const exact = (text: string): Span => ({ text: bounded(text), face: 'exact' });

/** One line of several pieces. */
export function line(...pieces: readonly (string | Span)[]): Line {
  return pieces.map((piece) => (typeof piece === 'string' ? plain(piece) : piece));
}

/** A cell; each piece is a line of its own, and line feeds within a text begin further ones. */
export function cell(...pieces: readonly Inline[]): Cell {
  return pieces.flatMap((piece) => split(asLine(piece)));
}

/** A heading. Level 1 is the document's title and stands once. */
export function heading(level: 1 | 2 | 3, text: string): Block {
  return { kind: 'heading', level, text: bounded(text) };
}

/** A paragraph. */
export function paragraph(...pieces: readonly (string | Span)[]): Block {
  return { kind: 'paragraph', line: line(...pieces) };
}

/** Prose with line feeds, a paragraph each. */
export function prose(text: string): Block[] {
  return text
    .trim()
    .split('\n')
    .map((one) => paragraph(one));
}

/** What nobody may overlook. */
export function notice(title: string, ...lines: readonly Inline[]): Block {
  return { kind: 'notice', title: bounded(title), lines: lines.map(asLine) };
}

/** A list. */
export function list(items: readonly Inline[], { boxes = false } = {}): Block {
  return { kind: 'list', items: items.map(asLine), boxes };
}

/** How a table differs from one that is read only. */
export interface TableOptions {
  readonly rowHeads?: boolean;
  /** Least height of a row in millimetres. */
  readonly rowHeight?: number;
  /** What is said where there are no rows. */
  readonly none?: string;
  /** Every row, however many and long: for what the schema of a plan bounds already. */
  readonly whole?: boolean;
}

/**
 * A table; with no rows, a paragraph that says so.
 *
 * @throws RangeError when a row has another number of cells than there are columns, or a column has no title
 */
export function table(
  caption: string,
  columns: readonly (readonly [title: string, width: number])[],
  rows: readonly (readonly Cell[])[],
  { rowHeads = false, rowHeight = 0, none = 'None.', whole = false }: TableOptions = {},
): Block {
  // A head that says nothing leaves those who hear the table read without a word for the column.
  if (columns.some(([title]) => title === ''))
    throw new RangeError(`table “${caption}”: expected titles, got an empty one`);
  for (const row of rows) {
    if (row.length !== columns.length)
      throw new RangeError(`row of “${caption}”: expected ${String(columns.length)} cells, got ${String(row.length)}`);
  }
  if (rows.length === 0) return paragraph(none);
  // SECURITY(K-80): a bundle comes from anybody, and one that is all failures must not make a report without end.
  const kept = whole ? rows : withinBounds(rows);
  const left = rows.length - kept.length;
  const last = columns.map((_, place) =>
    place === 0 ? cell(strong(`${String(left)} more rows are in the transcript alone`)) : [],
  );
  return {
    kind: 'table',
    caption,
    columns: columns.map(([title, width]) => ({ title, width })),
    rows: left === 0 ? kept : [...kept, last],
    rowHeads,
    rowHeight,
    headless: false,
  };
}

/** Names and what they stand for, one pair a row. */
export function facts(caption: string, rows: readonly (readonly [name: string, value: Cell])[]): Table {
  return {
    kind: 'table',
    caption,
    columns: [
      { title: 'Name', width: 26 },
      { title: 'Value', width: 74 },
    ],
    rows: rows.map(([name, value]) => [cell(name), value]),
    rowHeads: true,
    rowHeight: 0,
    headless: true,
  };
}

/** Every text of a document, in reading order: what a renderer must be able to show. */
export function textsOf({ title, banner, head, foot, blocks }: PrintDocument): string[] {
  const ofLine = (one: Line): string[] => one.map(({ text }) => text);
  const ofBlock = (block: Block): string[] => {
    switch (block.kind) {
      case 'heading':
        return [block.text];
      case 'paragraph':
        return ofLine(block.line);
      case 'notice':
        return [block.title, ...block.lines.flatMap(ofLine)];
      case 'list':
        return block.items.flatMap(ofLine);
      case 'table':
        return [...block.columns.map((column) => column.title), ...block.rows.flat(2).flatMap(ofLine)];
      case 'blanks':
        return block.fields.map(({ label }) => label);
      case 'page-break':
        return [];
    }
  };
  return [title, banner ?? '', ...head.flatMap(ofLine), ...foot.flatMap(ofLine), ...blocks.flatMap(ofBlock)];
}

/** The first rows, as far as the bounds reach. */
function withinBounds(rows: readonly (readonly Cell[])[]): readonly (readonly Cell[])[] {
  let text = 0;
  const end = rows.findIndex((row, place) => {
    text += row.flat(2).reduce((sum, span) => sum + span.text.length, 0);
    return place >= BOUNDS.rows || text > BOUNDS.tableText;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

function asLine(piece: Inline): Line {
  if (typeof piece === 'string') return [plain(piece)];
  return 'text' in piece ? [piece] : piece;
}

/** A line at its line feeds. */
function split(whole: Line): Line[] {
  const lines: Span[][] = [[]];
  for (const span of whole) {
    for (const [place, text] of span.text.split('\n').entries()) {
      if (place > 0) lines.push([]);
      lines.at(-1)?.push({ ...span, text });
    }
  }
  return lines;
}

function bounded(text: string): string {
  if (text.length <= BOUNDS.text) return text;
  return `${text.slice(0, BOUNDS.text)} … (cut; ${String(text.length)} characters in all)`;
}
