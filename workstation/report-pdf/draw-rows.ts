/** Rows of cells, framed, over as many pages as they take. Tables and notices are made of them. */
import type { Cell, Span } from '../../ceremony/print/document';
import { ascent, leading, type PageFlow } from './page-flow';
import type { Element, Tag } from './pdf-file';
import type { SetLine } from './set-lines';

/** Space between a cell's frame and its text, in points. */
const PADDING = { x: 4, y: 2.5 };

const SPACE: Span = { text: ' ', face: 'plain' };

/** A cell, set to the width of its column. */
export interface SetCell {
  readonly x: number;
  readonly width: number;
  readonly lines: readonly SetLine[];
  /** Its element of the structure tree; null for a head that is repeated, which is not read again. */
  readonly content: { readonly tag: Tag; readonly element: Element } | null;
}

/** How rows look. */
export interface RowStyle {
  readonly size: number;
  /** Weight of the frame in points. */
  readonly weight: number;
  readonly shaded: boolean;
  /** Least height in points. */
  readonly height: number;
}

/** Where the columns are, from the left end of the text, for shares of a width. */
export function columnsOf(shares: readonly number[], width: number): readonly { x: number; width: number }[] {
  const whole = shares.reduce((sum, share) => sum + share, 0);
  let x = 0;
  return shares.map((share) => {
    const column = { x, width: (share / whole) * width };
    x += column.width;
    return column;
  });
}

/** The lines of a cell for a column. */
export function setCell(flow: PageFlow, cell: Cell, size: number, width: number): readonly SetLine[] {
  // The space between one line and the next is not seen; text that is copied or read aloud has it.
  const spaced = cell.map((line, place) => (place < cell.length - 1 ? [...line, SPACE] : line));
  return spaced.flatMap((line) => flow.set(line, size, width - 2 * PADDING.x));
}

/** Height of a row that is not broken. */
export function rowHeight(cells: readonly SetCell[], { size, height }: RowStyle): number {
  const lines = Math.max(1, ...cells.map((cell) => cell.lines.length));
  return Math.max(height, lines * leading(size) + 2 * PADDING.y);
}

/**
 * Draws a row. One that has no room goes to the next page; one that is higher than a page, or of which a good part fits,
 * is broken between lines. `onNewPage` draws what stands above it there.
 */
export function drawRow(flow: PageFlow, cells: readonly SetCell[], style: RowStyle, onNewPage: () => void): void {
  const high = rowHeight(cells, style);
  if (high <= flow.room) {
    drawPart(flow, cells, style, high);
    return;
  }
  const fitting = Math.floor((flow.room - 2 * PADDING.y) / leading(style.size));
  const isWorthBreaking = high > flow.pageRoom * 0.4 && fitting >= 6;
  if (!isWorthBreaking && !flow.isFresh && fitting < Math.max(...cells.map(({ lines }) => lines.length))) {
    flow.newPage();
    onNewPage();
    if (high <= flow.room) {
      drawPart(flow, cells, style, high);
      return;
    }
  }
  const count = Math.max(1, Math.floor((flow.room - 2 * PADDING.y) / leading(style.size)));
  const first = cells.map((cell) => ({ ...cell, lines: cell.lines.slice(0, count) }));
  drawPart(flow, first, style, rowHeight(first, { ...style, height: 0 }));
  const rest = cells.map((cell) => ({ ...cell, lines: cell.lines.slice(count) }));
  if (rest.every((cell) => cell.lines.length === 0)) return;
  flow.newPage();
  onNewPage();
  drawRow(flow, rest, { ...style, height: 0 }, onNewPage);
}

function drawPart(flow: PageFlow, cells: readonly SetCell[], style: RowStyle, high: number): void {
  const { file, left, y } = flow;
  file.artifact('Layout', () => {
    for (const { x, width } of cells) {
      if (style.shaded) file.shade(left + x, y, width, high);
      file.frame(left + x, y, width, high, style.weight);
    }
  });
  for (const cell of cells) {
    if (cell.lines.length === 0) continue;
    const draw = (): void => {
      for (const [place, line] of cell.lines.entries()) {
        const base = y + PADDING.y + ascent(style.size) + place * leading(style.size);
        file.text(line, style.size, left + cell.x + PADDING.x, base);
      }
    };
    if (cell.content === null) file.artifact('Layout', draw);
    else file.content(cell.content.tag, cell.content.element, draw);
  }
  flow.y += high;
}
