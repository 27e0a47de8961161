/** A capability report as a table for the terminal. */
import { capabilityRows, SEEN_TO, type CapabilityRow } from '../ceremony/capability/rows';
import type { CapabilityReport } from '../ceremony/command/capability-report';

const HEADINGS = {
  mechanisms: ['Mechanism', 'This token', 'Done'],
  keeping: ['How keys are kept', 'This token', 'Seen to'],
} as const;

/** Lines of the table, with what Keyrite does about each feature below it. */
export function capabilityTable(report: CapabilityReport): string {
  const { library, token } = report;
  const rows = capabilityRows(report);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => cells(row)[column]?.length ?? 0)) + 2);
  const line = (texts: readonly string[]): string =>
    `  ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join('')}`.trimEnd();
  const lines = [
    `${library.description} ${library.version} (${library.manufacturer})`,
    `token “${token.label}”, ${token.manufacturer} ${token.model}, firmware ${token.firmware}`,
  ];
  for (const group of ['mechanisms', 'keeping'] as const) {
    lines.push('', line(HEADINGS[group]));
    for (const row of rows.filter((one) => one.group === group)) {
      lines.push(line(cells(row)), `      ${row.keyrite}`);
    }
  }
  const { before, after } = report.objects;
  lines.push('', `Objects that the user can see: ${String(before)} before, ${String(after)} after.`);
  return `${lines.join('\n')}\n`;
}

function cells(row: CapabilityRow): readonly [string, string, string] {
  return [row.feature, row.does, SEEN_TO[row.group][row.by]];
}
