/** How a document gets onto paper: a port, since typefaces and PDF are no business of the domain. */
import type { PrintDocument } from './document';
import type { FontFace } from './html';

/** Size of a page. */
export type Paper = 'A4' | 'Letter';

/** Renders documents. The same document gives the same bytes, on every machine. */
export interface Printer {
  /** A tagged PDF with all its typefaces in it. */
  pdf(document: PrintDocument, paper: Paper): Promise<Uint8Array>;
  /** The typefaces that an HTML file with this document needs in it: no more than its letters ask for. */
  faces(document: PrintDocument): Promise<readonly FontFace[]>;
}
