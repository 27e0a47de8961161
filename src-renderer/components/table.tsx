/** A table for comparing: dense, every column named, every row with a head. */
import './table.scss';
import type { ReactNode } from 'react';

/** A column: its head, and what a row shows in it. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => ReactNode;
  /** `number`: at the right, digits of one width; `action`: buttons; `wide`: takes what is left. */
  readonly kind?: 'number' | 'action' | 'wide';
}

/**
 * A table. The first column heads its row.
 *
 * @param props.label what it lists, for those who do not see where it stands
 */
export function Table<Row>({
  label,
  columns,
  rows,
  rowKey,
}: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
}) {
  return (
    <table className="table" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.head} scope="col" className={classOf(column)}>
              {column.kind === 'action' ? <span className="visually-hidden">{column.head}</span> : column.head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map((column, place) =>
              place === 0 ? (
                <th key={column.head} scope="row" className={classOf(column)}>
                  {column.cell(row)}
                </th>
              ) : (
                <td key={column.head} className={classOf(column)}>
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function classOf<Row>({ kind }: Column<Row>): string | undefined {
  return kind === undefined ? undefined : `table__${kind}`;
}
