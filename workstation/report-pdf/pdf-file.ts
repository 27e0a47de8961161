/** A PDF file in the making: pdfkit, with what this project needs of it and no more. */
import PDFDocument from 'pdfkit';
import type { PrintDocument } from '../../ceremony/print/document';
import type { Paper } from '../../ceremony/print/printer';
import type { Run } from './letters';
import type { Measure, SetLine } from './set-lines';
import { TYPEFACES } from './typefaces';
import { unwrapWoff } from './unwrap-woff';

/** Width and height of the papers in points. */
export const PAPERS: Readonly<Record<Paper, readonly [number, number]>> = {
  A4: [595.28, 841.89],
  Letter: [612, 792],
};

/** Kinds of structure elements in use (ISO 32000-1, 14.8.4). */
export type Tag =
  | 'Document'
  | 'Sect'
  | 'H1'
  | 'H2'
  | 'H3'
  | 'P'
  | 'Note'
  | 'L'
  | 'LI'
  | 'Lbl'
  | 'LBody'
  | 'Table'
  | 'Caption'
  | 'THead'
  | 'TBody'
  | 'TR'
  | 'TH'
  | 'TD';

/** What pdfkit's types leave out. */
interface Internals {
  readonly _font: { readonly font: { hasGlyphForCodePoint(codePoint: number): boolean } };
  struct(type: string, options: { readonly scope?: 'Row' | 'Column' }): PDFKit.PDFStructureElement;
}

/** An element of the structure tree. */
export type Element = PDFKit.PDFStructureElement;

/** What is drawn and not read: rules, running heads, page numbers. */
type Artifact = 'Layout' | 'Pagination';

/** One file: pages, drawing, and the structure tree. All measures are points from the upper left corner. */
export class PdfFile implements Measure {
  readonly pageWidth: number;
  readonly pageHeight: number;
  private readonly doc: PDFKit.PDFDocument;
  private readonly chunks: Uint8Array[] = [];
  private readonly ended: Promise<void>;
  private readonly glyphs = new Map<string, boolean>();
  private readonly widths = new Map<string, number>();

  constructor({ title, subject, made }: PrintDocument, paper: Paper) {
    [this.pageWidth, this.pageHeight] = PAPERS[paper];
    const options = {
      size: [this.pageWidth, this.pageHeight],
      margin: 0,
      pdfVersion: '1.7',
      // Tagged as PDF/UA asks; that it conforms is not claimed, for no validator of it is at hand to prove it.
      tagged: true,
      lang: 'en-GB',
      displayTitle: true,
      autoFirstPage: false,
      bufferPages: true,
      font: null,
      info: {
        Title: metadata(title),
        Subject: metadata(subject),
        Creator: 'Keyrite',
        Producer: 'Keyrite',
        // The only time in the file: the ceremony's, never that of the printing.
        CreationDate: new Date(made),
        ModDate: new Date(made),
      },
    };
    // pdfkit's types do not know a file that begins without a font; pdfkit does.
    this.doc = new PDFDocument(options as unknown as PDFKit.PDFDocumentOptions);
    this.doc.on('data', (chunk: Uint8Array) => this.chunks.push(chunk));
    this.ended = new Promise((resolve, reject) => {
      this.doc.on('end', resolve);
      this.doc.on('error', reject);
    });
    for (const { name, woff } of Object.values(TYPEFACES).flat()) this.doc.registerFont(name, unwrapWoff(woff));
  }

  /** Name of the first typeface of a face that has a letter; null where none has. */
  readonly find: Measure['find'] = (face, codePoint) =>
    TYPEFACES[face].find(({ name }) => this.has(name, codePoint))?.name ?? null;

  /** Width of a run in points. */
  width(run: Run, size: number): number {
    if (run.box) return size * 1.2;
    const key = `${String(size)} ${run.typeface} ${run.text}`;
    const known = this.widths.get(key);
    if (known !== undefined) return known;
    const wide = this.doc.font(run.typeface).fontSize(size).widthOfString(run.text);
    this.widths.set(key, wide);
    return wide;
  }

  /** How many pages there are. */
  get pages(): number {
    return this.doc.bufferedPageRange().count;
  }

  addPage(): void {
    this.doc.addPage({ size: [this.pageWidth, this.pageHeight], margin: 0 });
  }

  /** Goes back to a page, counted from 0, to complete it. */
  turnTo(page: number): void {
    this.doc.switchToPage(page);
  }

  /** An element of the structure tree below another; null for the root of the tree. */
  element(tag: Tag, parent: Element | null, scope?: 'Row' | 'Column'): Element {
    const made = (this.doc as unknown as Internals).struct(tag, scope === undefined ? {} : { scope });
    if (parent === null) this.doc.addStructure(made);
    else parent.add(made);
    return made;
  }

  /** What `draw` draws on this page is content of an element. */
  content(tag: Tag, element: Element, draw: () => void): void {
    const marked = this.doc.markStructureContent(tag);
    draw();
    this.doc.endMarkedContent();
    element.add(marked);
  }

  /** What `draw` draws is no content, and is not read aloud. */
  artifact(type: Artifact, draw: () => void): void {
    this.doc.markContent('Artifact', { type });
    draw();
    this.doc.endMarkedContent();
  }

  /** Draws a line of text; `y` is its base line. */
  text(set: SetLine, size: number, x: number, y: number): void {
    for (const run of set) {
      if (run.actual === null) {
        this.letters(run.typeface, run.text, size, x + run.x, y);
        continue;
      }
      this.doc.markContent('Span', { actual: run.actual });
      if (run.box) this.box(run.typeface, size, x + run.x, y);
      else this.letters(run.typeface, run.text, size, x + run.x, y);
      this.doc.endMarkedContent();
    }
  }

  /** A rule from one point to another. */
  rule(x: number, y: number, toX: number, toY: number, weight: number): void {
    this.doc.lineWidth(weight).moveTo(x, y).lineTo(toX, toY).stroke('black');
  }

  /** The outline of a rectangle. */
  frame(x: number, y: number, width: number, height: number, weight: number): void {
    this.doc.lineWidth(weight).rect(x, y, width, height).stroke('black');
  }

  /** A light ground under the head of a table. */
  shade(x: number, y: number, width: number, height: number): void {
    this.doc.rect(x, y, width, height).fill('#eeeeee');
  }

  /** A place in the list of contents that viewers show; it leads to the page under way. */
  bookmark(title: string): void {
    this.doc.outline.addItem(metadata(title));
  }

  /** Ends the file. Nothing can be drawn any more. */
  async bytes(): Promise<Uint8Array> {
    this.doc.end();
    await this.ended;
    return Buffer.concat(this.chunks);
  }

  /** A box to be ticked. A letter that is not seen stands in it, so that there is text for ActualText to stand for. */
  private box(typeface: string, size: number, x: number, y: number): void {
    this.doc
      .lineWidth(0.8)
      .rect(x + 0.5, y - size * 0.75, size * 0.8, size * 0.8)
      .stroke('black');
    this.doc.addContent('3 Tr');
    this.letters(typeface, 'o', size, x, y);
    this.doc.addContent('0 Tr');
  }

  private letters(typeface: string, text: string, size: number, x: number, y: number): void {
    this.doc.font(typeface).fontSize(size).fillColor('black');
    this.doc.text(text, x, y, { lineBreak: false, baseline: 'alphabetic' });
  }

  private has(typeface: string, codePoint: number): boolean {
    const key = `${typeface} ${String(codePoint)}`;
    let found = this.glyphs.get(key);
    if (found === undefined) {
      const { _font } = this.doc.font(typeface) as unknown as Internals;
      found = _font.font.hasGlyphForCodePoint(codePoint);
      this.glyphs.set(key, found);
    }
    return found;
  }
}

/**
 * Text for the properties of the file. pdfkit writes it into XML as it stands, so that what XML reads as markup must not
 * be in it: full-width forms stand in.
 */
function metadata(text: string): string {
  // SECURITY(K-83): a title is whatever the bundle's maker wrote.
  return text
    .replace(/[<>&]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) + 0xfee0))
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ');
}
