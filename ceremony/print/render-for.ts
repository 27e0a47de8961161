/** A document in the form that a file name asks for. */
import type { PrintDocument } from './document';
import { renderHtml } from './html';
import type { Paper, Printer } from './printer';

/** Whether a file name says in which form a document is wanted. */
export function isPrintable(name: string): boolean {
  return /\.(?:html|pdf)$/.test(name);
}

/**
 * The content of a file. The paper is for PDF alone.
 *
 * @throws RangeError when the name ends in neither `.html` nor `.pdf`
 */
export async function renderFor(
  name: string,
  document: PrintDocument,
  paper: Paper,
  printer: Printer,
): Promise<Uint8Array> {
  if (!isPrintable(name)) throw new RangeError(`file name: expected .html or .pdf at its end, got ${name}`);
  if (name.endsWith('.pdf')) return printer.pdf(document, paper);
  return Buffer.from(renderHtml(document, await printer.faces(document)), 'utf8');
}
