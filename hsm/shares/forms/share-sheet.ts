/**
 * The printed sheet of a share: its worksheet, and the same in a QR code, on one page that fits A4 and Letter. Where things
 * stand is said once, in points from the lower left corner; PDF and PostScript both draw it.
 */
import encodeQR from 'qr';

/** A line of text in Courier: ASCII bytes at a place, with a size in points. */
interface SheetText {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly text: Uint8Array;
}

/** A filled rectangle. */
interface SheetBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One page. */
export interface SheetPage {
  readonly width: number;
  readonly height: number;
  readonly texts: readonly SheetText[];
  readonly boxes: readonly SheetBox[];
}

/** A4 is as wide as 595 points and Letter as high as 792: what stands on this page is on both. */
const PAGE = { width: 595, height: 792 } as const;
const LEFT = 64;
const TOP = 728;
const TEXT_SIZE = 12;
const LINE_HEIGHT = 16;
const QR_SIDE = 216;
const QR_BOTTOM = 72;

const SPACE = 0x20;
const LINE_FEED = 0x0a;

/** What the sheet says below the share; nothing of it is secret. */
const RULES = [
  'The code holds what stands above. Whoever reads either has this share:',
  'nobody else may see or photograph the sheet. Keep it as the plan says.',
].map((line) => Buffer.from(line, 'ascii'));

/** Lays out a page from a worksheet (UTF-8). The texts are views of it. */
export function layOutSheet(sheet: Uint8Array): SheetPage {
  const texts: SheetText[] = [];
  let y = TOP;
  for (const text of lines(sheet)) {
    if (text.length > 0) texts.push({ x: LEFT, y, size: TEXT_SIZE, text });
    y -= LINE_HEIGHT;
  }
  const code = qrText(sheet);
  try {
    return {
      ...PAGE,
      texts: [...texts, ...RULES.map((text, at) => ({ x: LEFT, y: 52 - 12 * at, size: 8, text }))],
      boxes: boxesOf(codeOf(code)),
    };
  } finally {
    code.fill(0);
  }
}

/**
 * What the QR code holds: the worksheet without empty lines, and one blank where there are several, so that a hand scanner,
 * which types what it reads, types the share back.
 *
 * @returns bytes that the caller zeroes
 */
export function qrText(sheet: Uint8Array): Buffer {
  const text = Buffer.from(new ArrayBuffer(sheet.length));
  let length = 0;
  for (const byte of sheet) {
    const before = length === 0 ? LINE_FEED : text[length - 1];
    if ((byte === SPACE || byte === LINE_FEED) && before === LINE_FEED) continue;
    if (byte === SPACE && before === SPACE) continue;
    if (byte === LINE_FEED && before === SPACE) length -= 1;
    text[length] = byte;
    length += 1;
  }
  return text.subarray(0, length);
}

function codeOf(text: Uint8Array): boolean[][] {
  // Given as bytes: the package's own way to them leads over a string.
  return encodeQR('share', 'raw', { ecc: 'medium', encoding: 'byte', border: 1, textEncoder: () => text });
}

/** Runs of dark modules, row by row. */
function boxesOf(code: readonly (readonly boolean[])[]): SheetBox[] {
  const side = QR_SIDE / code.length;
  return code.flatMap((row, down) => {
    const boxes: SheetBox[] = [];
    const y = QR_BOTTOM + QR_SIDE - (down + 1) * side;
    for (let at = 0; at < row.length; at += 1) {
      if (row[at] !== true) continue;
      let end = at;
      while (row[end] === true) end += 1;
      boxes.push({ x: LEFT + at * side, y, width: (end - at) * side, height: side });
      at = end;
    }
    return boxes;
  });
}

function* lines(sheet: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (let at = 0; at <= sheet.length; at += 1) {
    if (at < sheet.length && sheet[at] !== LINE_FEED) continue;
    if (at > start || at < sheet.length) yield sheet.subarray(start, at);
    start = at + 1;
  }
}
