/**
 * A WOFF 1.0 font (W3C Recommendation, 13 December 2012) as the plain sfnt font in it. pdfkit's font reader takes WOFF too,
 * but fails on its last glyph when that is empty, since it cuts tables off where they end.
 */
import { inflateSync } from 'node:zlib';

const SIGNATURE = 0x774f4646;
const WOFF_HEADER = 44;
const WOFF_ENTRY = 20;
const SFNT_HEADER = 12;
const SFNT_ENTRY = 16;

/**
 * The sfnt font (TrueType or OpenType) in a WOFF file. Zeros follow its last table, so that a reader may look past it.
 *
 * @throws RangeError when the bytes are no WOFF file
 */
export function unwrapWoff(woff: Uint8Array): Uint8Array {
  const input = Buffer.from(woff.buffer, woff.byteOffset, woff.byteLength);
  if (input.length < WOFF_HEADER || input.readUInt32BE(0) !== SIGNATURE) {
    throw new RangeError('font: expected WOFF 1.0, got something else');
  }
  const count = input.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, place) => {
    const entry = WOFF_HEADER + place * WOFF_ENTRY;
    const [offset, packed, length] = [4, 8, 12].map((at) => input.readUInt32BE(entry + at)) as [number, number, number];
    const raw = input.subarray(offset, offset + packed);
    const data = packed < length ? inflateSync(raw, { maxOutputLength: length }) : raw;
    return { tag: input.readUInt32BE(entry), checksum: input.readUInt32BE(entry + 16), data };
  });
  const size = tables.reduce((sum, { data }) => sum + padded(data.length), SFNT_HEADER + count * SFNT_ENTRY);
  const output = Buffer.alloc(size + 16);
  const power = 2 ** Math.floor(Math.log2(count));
  output.writeUInt32BE(input.readUInt32BE(4), 0);
  output.writeUInt16BE(count, 4);
  output.writeUInt16BE(power * 16, 6);
  output.writeUInt16BE(Math.log2(power), 8);
  output.writeUInt16BE(count * 16 - power * 16, 10);
  let offset = SFNT_HEADER + count * SFNT_ENTRY;
  for (const [place, { tag, checksum, data }] of tables.entries()) {
    const entry = SFNT_HEADER + place * SFNT_ENTRY;
    for (const [at, value] of [tag, checksum, offset, data.length].entries())
      output.writeUInt32BE(value, entry + 4 * at);
    data.copy(output, offset);
    offset += padded(data.length);
  }
  return output;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
