/** The fault matrix as a table: a row for each call, a column for each fault, in each cell what was found and how it ended. */
import { COLUMNS, type Cell, type Row } from './cells';
import type { Became } from './run-cell';

/** What became of each cell that was run; null: it failed. */
export type Results = ReadonlyMap<Cell, Became | null>;

const SHORT: Readonly<Record<string, string>> = { applied: 'done', 'not-applied': 'not done', undetermined: 'unclear' };

/** The table as text. A cell that was not run shows a dot, one that failed FAILED. */
export function table(rows: readonly Row[], results: Results): string {
  const head = ['act', 'call', ...COLUMNS.map(({ name }) => name)];
  const body = rows.map((row) => [
    `${row.act.step}: ${row.act.act}`,
    row.nth === 1 ? row.call : `${row.call} #${String(row.nth)}`,
    ...COLUMNS.map(({ name }) => {
      const found = [...results].find(([cell]) => cell.row === row && cell.column.name === name);
      return found === undefined ? '·' : inWords(found[1]);
    }),
  ]);
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((line) => line[at]?.length ?? 0)));
  const lines = [head, widths.map((width) => '-'.repeat(width)), ...body];
  return lines
    .map((line) =>
      line
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What was read, and `resumed` where people had to stop first. */
function inWords(became: Became | null): string {
  if (became === null) return 'FAILED';
  const [verdict = ''] = became.verdicts.slice(-1);
  const words = verdict.replace(/^[a-z-]+/, (one) => SHORT[one] ?? one);
  return became.resumed ? `${words}; resumed` : words;
}
