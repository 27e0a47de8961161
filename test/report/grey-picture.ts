/** Grey pictures as small PNGs, compared with those that somebody looked at and approved. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** Where the approved pictures are. */
export const APPROVED = join(import.meta.dirname, 'approved');
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** Two greys (0 to 255) that differ by more are seen to differ: typesetting of other versions of poppler is not. */
const VISIBLE = 96;
/** Share of pixels that may. */
const TOLERATED = 0.002;

/** A picture of one byte for each pixel. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/**
 * Share of the pixels that visibly differ from an approved picture; 1 for one of another size. With UPDATE_APPROVED=1 in
 * the environment the picture is put in the place of the approved one, to be looked at.
 */
export function differenceFromApproved(name: string, picture: GreyPicture): number {
  const file = join(APPROVED, `${name}.png`);
  if (process.env['UPDATE_APPROVED'] === '1') writeFileSync(file, greyPng(picture));
  if (!existsSync(file)) return 1;
  return difference(readGreyPng(readFileSync(file)), picture);
}

/** Whether a difference is no more than another version of poppler makes. */
export function isTolerated(difference: number): boolean {
  return difference <= TOLERATED;
}

/** Share of the pixels that visibly differ. */
export function difference(left: GreyPicture, right: GreyPicture): number {
  if (left.width !== right.width || left.height !== right.height) return 1;
  let visible = 0;
  for (const [place, grey] of left.pixels.entries()) {
    if (Math.abs(grey - (right.pixels[place] ?? 0)) > VISIBLE) visible += 1;
  }
  return visible / left.pixels.length;
}

/** A picture as a PNG with sixteen greys: small, and good enough to look at and to compare with. */
export function greyPng({ width, height, pixels }: GreyPicture): Uint8Array {
  const rows: Buffer[] = [];
  for (let y = 0; y < height; y += 1) {
    const row = Buffer.from(pixels.subarray(y * width, (y + 1) * width)).map((grey) => Math.round(grey / 17) * 17);
    rows.push(Buffer.from([0]), Buffer.from(row));
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const data = deflateSync(Buffer.concat(rows), { level: 9 });
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, content: Buffer): Buffer {
  const whole = Buffer.alloc(content.length + 12);
  whole.writeUInt32BE(content.length, 0);
  whole.write(type, 4, 'latin1');
  content.copy(whole, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, -4)), whole.length - 4);
  return whole;
}

/**
 * Reads a PNG of {@link greyPng}, or another of 8-bit grey that is not interlaced.
 *
 * @throws RangeError for any other kind of PNG
 */
export function readGreyPng(png: Uint8Array): GreyPicture {
  const input = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const data: Buffer[] = [];
  let [width, height] = [0, 0];
  for (let at = 8; at < input.length;) {
    const length = input.readUInt32BE(at);
    const type = input.toString('latin1', at + 4, at + 8);
    const chunk = input.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      [width, height] = [chunk.readUInt32BE(0), chunk.readUInt32BE(4)];
      const kind = chunk.subarray(8, 13).toString('hex');
      if (kind !== '0800000000') throw new RangeError(`PNG: expected 8-bit grey, got ${kind}`);
    }
    if (type === 'IDAT') data.push(chunk);
    at += length + 12;
  }
  return { width, height, pixels: unfilter(inflateSync(Buffer.concat(data)), width, height) };
}

/** PNG (third edition), section 9: each row begins with the number of its filter. */
function unfilter(raw: Uint8Array, width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height);
  const grey = (x: number, y: number): number => (x < 0 || y < 0 ? 0 : (pixels[y * width + x] ?? 0));
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (width + 1)] ?? 0;
    for (let x = 0; x < width; x += 1) {
      const [left, above, corner] = [grey(x - 1, y), grey(x, y - 1), grey(x - 1, y - 1)];
      const predicted = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter] ?? 0;
      pixels[y * width + x] = (raw[y * (width + 1) + 1 + x] ?? 0) + predicted;
    }
  }
  return pixels;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}
