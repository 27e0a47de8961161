/** The port through which documents become files: loaded when the first one is wanted, since typefaces take a moment. */
import { textsOf, type PrintDocument } from '../../ceremony/print/document';
import type { FontFace } from '../../ceremony/print/html';
import type { Paper, Printer } from '../../ceremony/print/printer';

/** Renders with IBM Plex, which is part of the program: nothing is read from the machine. */
export const documentPrinter: Printer = {
  async pdf(document: PrintDocument, paper: Paper): Promise<Uint8Array> {
    const { renderPdf } = await import('./render-pdf');
    return renderPdf(document, paper);
  },
  async faces(document: PrintDocument): Promise<readonly FontFace[]> {
    const { facesFor } = await import('./typefaces');
    return facesFor(textsOf(document));
  },
};
