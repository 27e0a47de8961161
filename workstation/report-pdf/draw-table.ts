/** A table with its head on every page, and as a table in the structure tree. */
import { strong, type Cell, type Table } from '../../ceremony/print/document';
import { columnsOf, drawRow, rowHeight, setCell, type RowStyle, type SetCell } from './draw-rows';
import { ascent, leading, type PageFlow } from './page-flow';
import type { Element } from './pdf-file';

const SIZE = 8;
/** Above a table. */
const SPACE = 4;
const MILLIMETRE = 72 / 25.4;
const HEAD: RowStyle = { size: SIZE, weight: 0.75, shaded: true, height: 0 };

/** A table with the lines of its head set, and how those of a row are. */
interface SetTable {
  readonly head: readonly Omit<SetCell, 'content'>[];
  readonly body: RowStyle;
  readonly row: (cells: readonly Cell[]) => readonly Omit<SetCell, 'content'>[];
}

/** Draws a table below an element of the structure tree. */
export function drawTable(flow: PageFlow, table: Table, parent: Element): void {
  const { file } = flow;
  const element = file.element('Table', parent);
  const { head, body, row: setRow } = setTable(flow, table);
  const repeat = (): void => {
    if (!table.headless)
      drawRow(
        flow,
        tagged(head, () => null),
        HEAD,
        () => undefined,
      );
  };
  flow.skip(SPACE);
  flow.need(leastTableHeight(flow, table));
  if (!table.headless) {
    drawCaption(flow, table.caption, element);
    const group = file.element('THead', element);
    const row = file.element('TR', group);
    const content = (): SetCell['content'] => ({ tag: 'TH', element: file.element('TH', row, 'Column') });
    drawRow(flow, tagged(head, content), HEAD, () => undefined);
    group.end();
  }
  const group = file.element('TBody', element);
  for (const cells of table.rows) {
    const row = file.element('TR', group);
    const content = (place: number): SetCell['content'] =>
      table.rowHeads && place === 0
        ? { tag: 'TH', element: file.element('TH', row, 'Row') }
        : { tag: 'TD', element: file.element('TD', row) };
    drawRow(flow, tagged(setRow(cells), content), body, repeat);
    row.end();
  }
  element.end();
  flow.y += 7;
}

/** Height of what stays together at the beginning of a table: caption, head, and the first row or a good part of it. */
export function leastTableHeight(flow: PageFlow, table: Table): number {
  const { head, body, row } = setTable(flow, table);
  const [first] = table.rows;
  const firstRow =
    first === undefined
      ? 0
      : rowHeight(
          tagged(row(first), () => null),
          body,
        );
  const headHeight = table.headless
    ? 0
    : leading(SIZE) +
      2 +
      rowHeight(
        tagged(head, () => null),
        HEAD,
      );
  return SPACE + Math.min(headHeight + firstRow, flow.pageRoom * 0.4);
}

function setTable(flow: PageFlow, table: Table): SetTable {
  const columns = columnsOf(
    table.columns.map(({ width }) => width),
    flow.width,
  );
  const set = (cells: readonly Cell[]): readonly Omit<SetCell, 'content'>[] =>
    columns.map((column, place) => ({ ...column, lines: setCell(flow, cells[place] ?? [], SIZE, column.width) }));
  return {
    head: set(table.columns.map(({ title }) => [[strong(title)]])),
    body: { size: SIZE, weight: 0.5, shaded: false, height: table.rowHeight * MILLIMETRE },
    row: (cells) => set(table.rowHeads ? cells.map((cell, place) => (place === 0 ? heavy(cell) : cell)) : cells),
  };
}

function drawCaption(flow: PageFlow, caption: string, parent: Element): void {
  const { file } = flow;
  const element = file.element('Caption', parent);
  for (const line of flow.set([{ text: caption, face: 'plain' }], SIZE, flow.width)) {
    file.content('Caption', element, () => file.text(line, SIZE, flow.left, flow.y + ascent(SIZE)));
    flow.y += leading(SIZE);
  }
  flow.y += 2;
}

function tagged(
  cells: readonly Omit<SetCell, 'content'>[],
  content: (place: number) => SetCell['content'],
): readonly SetCell[] {
  return cells.map((cell, place) => ({ ...cell, content: content(place) }));
}

function heavy(cell: Cell): Cell {
  return cell.map((line) => line.map((span) => (span.face === 'plain' ? { ...span, face: 'strong' } : span)));
}
