/** Pages one after the other: what stands on each of them, and how far down the present one is filled. */
import type { Line, PrintDocument } from '../../ceremony/print/document';
import type { PdfFile } from './pdf-file';
import { setLines, type SetLine } from './set-lines';

/** Space around the text, in points. */
const MARGIN = { side: 42, top: 34, bottom: 34 };
/** Sizes of the running head and foot, and of the banner, in points. */
const RUNNING = 7.5;
const BANNER = 10.5;
/** Width kept free for the page number. */
const NUMBER_WIDTH = 78;

/** Distance of base lines for a size. */
export const leading = (size: number): number => size * 1.36;
/** How far below the top of a line its base line is. */
export const ascent = (size: number): number => size * 1.02;

/** The pages of a document as they fill. */
export class PageFlow {
  readonly file: PdfFile;
  readonly left = MARGIN.side;
  readonly width: number;
  /** Where the next thing goes. */
  y = 0;
  private readonly top: number;
  private readonly bottom: number;
  private readonly banner: readonly SetLine[];
  private readonly head: readonly SetLine[];
  private readonly foot: readonly SetLine[];

  constructor(file: PdfFile, { banner, head, foot }: PrintDocument) {
    this.file = file;
    this.width = file.pageWidth - 2 * MARGIN.side;
    const face = { face: 'strong' as const };
    this.banner = banner === null ? [] : this.set([{ ...face, text: banner }], BANNER, this.width - 12);
    this.head = this.running(head, this.width);
    this.foot = this.running(foot, this.width - NUMBER_WIDTH);
    const bannerHeight = this.banner.length === 0 ? 0 : this.banner.length * leading(BANNER) + 12;
    this.top = MARGIN.top + bannerHeight + this.head.length * leading(RUNNING) + 12;
    this.bottom = file.pageHeight - MARGIN.bottom - Math.max(1, this.foot.length) * leading(RUNNING) - 8;
    this.newPage();
  }

  /** Points left on the page. */
  get room(): number {
    return this.bottom - this.y;
  }

  /** Points that an empty page has. */
  get pageRoom(): number {
    return this.bottom - this.top;
  }

  /** Whether nothing stands on the page yet. */
  get isFresh(): boolean {
    return this.y === this.top;
  }

  newPage(): void {
    this.file.addPage();
    this.y = this.top;
  }

  /** Goes to the next page unless there is room, or the page is empty. */
  need(height: number): void {
    if (this.room < height && !this.isFresh) this.newPage();
  }

  /** Leaves space, but none at the top of a page. */
  skip(height: number): void {
    if (!this.isFresh) this.y += height;
  }

  /** Sets text in lines. */
  set(line: Line, size: number, width: number): readonly SetLine[] {
    return setLines(line, size, width, this.file);
  }

  /** Puts head, foot and number on every page. */
  finish(): void {
    const { file } = this;
    for (let page = 0; page < file.pages; page += 1) {
      file.turnTo(page);
      file.artifact('Pagination', () => {
        this.drawHead();
        this.drawFoot(`Page ${String(page + 1)} of ${String(file.pages)}`);
      });
    }
  }

  private running(lines: readonly Line[], width: number): readonly SetLine[] {
    return lines.flatMap((line) => this.set(line, RUNNING, width));
  }

  private drawHead(): void {
    const { file } = this;
    let y = MARGIN.top;
    if (this.banner.length > 0) {
      const height = this.banner.length * leading(BANNER) + 6;
      file.frame(this.left, y, this.width, height, 1.5);
      for (const [place, line] of this.banner.entries()) {
        const last = line.at(-1);
        const wide = last === undefined ? 0 : last.x + last.width;
        file.text(line, BANNER, this.left + (this.width - wide) / 2, y + 3 + ascent(BANNER) + place * leading(BANNER));
      }
      y += height + 6;
    }
    for (const line of this.head) {
      file.text(line, RUNNING, this.left, y + ascent(RUNNING));
      y += leading(RUNNING);
    }
    file.rule(this.left, y + 3, this.left + this.width, y + 3, 0.75);
  }

  private drawFoot(number: string): void {
    const { file } = this;
    let y = this.bottom + 6;
    file.rule(this.left, y, this.left + this.width, y, 0.75);
    y += 3 + ascent(RUNNING);
    const [set] = this.set([{ text: number, face: 'strong' }], RUNNING, NUMBER_WIDTH);
    if (set !== undefined) {
      const last = set.at(-1);
      file.text(set, RUNNING, this.left + this.width - (last === undefined ? 0 : last.x + last.width), y);
    }
    for (const line of this.foot) {
      file.text(line, RUNNING, this.left, y);
      y += leading(RUNNING);
    }
  }
}
