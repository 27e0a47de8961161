/** What CUPS's programs print, read. It is what a print system says, perhaps another machine's: nothing of it is believed. */
import * as v from 'valibot';
import { MAX_PRINTERS, PrintedView, PrinterName, type PrintedView as Printed } from '../../ipc/print-view';

/** The printers that `lpstat -e` lists, one a line. Lines that are no name of a printer are left out. */
export function printersIn(output: string): string[] {
  const names = output.split('\n').filter((line) => v.is(PrinterName, line));
  return [...new Set(names)].slice(0, MAX_PRINTERS);
}

/** The printer that `lpstat -d` names, if it is one of those listed. */
export function usualIn(output: string, printers: readonly string[]): string | null {
  const [, name = ''] = /^system default destination: (.+)$/m.exec(output) ?? [];
  return printers.includes(name) ? name : null;
}

/** What `lp` says it made, such as `request id is office-12 (0 file(s))`; null when it does not say so of this printer. */
export function jobIn(output: string, printer: string): Printed | null {
  const [, name = '', number = ''] = /^request id is (.+)-(\d{1,9}) \(\d+ file\(s\)\)\s*$/.exec(output) ?? [];
  const said = v.safeParse(PrintedView, { printer: name, job: Number(number) });
  return said.success && said.output.printer === printer ? said.output : null;
}

/** What a program says went wrong, to be shown: one line, no marks that are not seen. */
export function complaintIn(errors: string): string {
  const words = errors
    .slice(0, 2_000)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .replace(/^ ?(?:lp|lpstat): (?:Error - )?/i, '')
    .trim();
  if (words === '') return 'it does not say why';
  return words.length <= 300 ? words : `${words.slice(0, 299)}…`;
}
