/**
 * A page as PDF or PostScript, written byte by byte into memory that is zeroed afterwards: both draw the same text in Courier,
 * which every reader and printer has, and the same rectangles. No library: those make strings of all that they write.
 */
import { secretBytes } from '../../secret-bytes';
import type { SheetPage } from './share-sheet';

/** What a printer is sent, or a file holds. */
type PageLanguage = 'pdf' | 'postscript';

/** More than a page with the largest code that a worksheet gives. */
const MAX_PAGE_BYTES = 256 * 1024;

/** Writes a page; the caller zeroes what it gets. */
export function writePage(page: SheetPage, language: PageLanguage): Buffer {
  const out = new PageBytes();
  try {
    if (language === 'pdf') writePdf(page, out);
    else writePostScript(page, out);
    return out.copy();
  } finally {
    out.forget();
  }
}

/** Bytes as they are written. */
class PageBytes {
  readonly #bytes = secretBytes(MAX_PAGE_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Text that is not secret, or a number. */
  say(text: string): void {
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  /** A string of either language: parentheses, and a backslash before what means something in it. */
  quote(text: Uint8Array): void {
    this.say('(');
    for (const byte of text) {
      const isPlain = byte >= 0x20 && byte < 0x7f;
      if (byte === 0x28 || byte === 0x29 || byte === 0x5c) this.say('\\');
      this.#bytes[this.#length] = isPlain ? byte : 0x3f;
      this.#length += 1;
    }
    this.say(')');
  }

  copy(): Buffer {
    const own = secretBytes(this.#length);
    this.#bytes.copy(own, 0, 0, this.#length);
    return own;
  }

  forget(): void {
    this.#bytes.fill(0);
  }
}

/** PDF 1.4 (ISO 32000-1) of five objects; no date and no id, so that the same page gives the same bytes. */
function writePdf({ width, height, texts, boxes }: SheetPage, out: PageBytes): void {
  const places: number[] = [];
  const begin = (): void => {
    places.push(out.length);
    out.say(`${String(places.length)} 0 obj\n`);
  };
  out.say('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n');
  begin();
  out.say('<</Type/Catalog/Pages 2 0 R>>\nendobj\n');
  begin();
  out.say('<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n');
  begin();
  const box = `[0 0 ${point(width)} ${point(height)}]`;
  out.say(`<</Type/Page/Parent 2 0 R/MediaBox${box}/Resources<</Font<</C 4 0 R>>>>/Contents 5 0 R>>\nendobj\n`);
  begin();
  out.say('<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>\nendobj\n');
  begin();
  out.say('<</Length 6 0 R>>\nstream\n');
  const start = out.length;
  for (const { x, y, size, text } of texts) {
    out.say(`BT /C ${String(size)} Tf ${point(x)} ${point(y)} Td `);
    out.quote(text);
    out.say(' Tj ET\n');
  }
  for (const one of boxes) out.say(`${point(one.x)} ${point(one.y)} ${point(one.width)} ${point(one.height)} re\n`);
  out.say('f\n');
  const length = out.length - start;
  out.say('endstream\nendobj\n');
  begin();
  out.say(`${String(length)}\nendobj\n`);
  const table = out.length;
  out.say(`xref\n0 ${String(places.length + 1)}\n0000000000 65535 f \n`);
  for (const place of places) out.say(`${String(place).padStart(10, '0')} 00000 n \n`);
  out.say(`trailer\n<</Size ${String(places.length + 1)}/Root 1 0 R>>\nstartxref\n${String(table)}\n%%EOF\n`);
}

/** PostScript level 2 (rectfill). */
function writePostScript({ width, height, texts, boxes }: SheetPage, out: PageBytes): void {
  out.say(`%!PS-Adobe-3.0\n%%BoundingBox: 0 0 ${String(width)} ${String(height)}\n%%Pages: 1\n%%EndComments\n`);
  for (const { x, y, size, text } of texts) {
    out.say(`/Courier findfont ${String(size)} scalefont setfont ${point(x)} ${point(y)} moveto `);
    out.quote(text);
    out.say(' show\n');
  }
  for (const one of boxes) {
    out.say(`${point(one.x)} ${point(one.y)} ${point(one.width)} ${point(one.height)} rectfill\n`);
  }
  out.say('showpage\n%%EOF\n');
}

function point(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
