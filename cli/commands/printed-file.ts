/** Documents that people ask for as a file: which form and paper, before anything is read; and writing them. */
import type { PrintDocument } from '../../ceremony/print/document';
import { isPrintable, renderFor } from '../../ceremony/print/render-for';
import type { Paper } from '../../ceremony/print/printer';
import { UsageError } from '../../workstation/explain';
import { writeNewFile } from '../../workstation/output-file';
import { documentPrinter } from '../../workstation/report-pdf/document-printer';

/** Where a document goes. Made by {@link writerOf} only. */
export interface DocumentWriter {
  readonly out: string;
  readonly paper: Paper;
}

/** Papers by their names on the command line. */
const PAPERS: Readonly<Record<string, Paper>> = { a4: 'A4', letter: 'Letter' };

/**
 * Understands `-o` and `--paper`.
 *
 * @throws UsageError when the file is neither HTML nor PDF, or the paper unknown, or given for HTML
 */
export function writerOf(out: string, paper: string | undefined): DocumentWriter {
  if (!isPrintable(out)) throw new UsageError(`${out} ends in neither .html nor .pdf`, 'Name a file that does.');
  const known = PAPERS[(paper ?? 'a4').toLowerCase()];
  if (known === undefined) throw new UsageError(`--paper ${paper ?? ''} is not known`, 'Give a4 or letter.');
  if (paper !== undefined && out.endsWith('.html')) {
    throw new UsageError(
      '--paper goes with PDF only',
      'Leave it out: HTML is printed on the paper that the printer has.',
    );
  }
  return { out, paper: known };
}

/** Renders a document and writes it to a new file. */
export async function writeDocument({ out, paper }: DocumentWriter, document: PrintDocument): Promise<void> {
  writeNewFile(out, await renderFor(out, document, paper, documentPrinter));
}
