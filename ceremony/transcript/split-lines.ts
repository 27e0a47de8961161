/** Cuts a stream of bytes into the lines of a transcript, and keeps no more than one of them. */
import { MAX_BYTES } from '../canonical-json';

const LF = 0x0a;

/** A line of a transcript is longer than 1 MiB: nothing was kept of it. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';

  /** @param line its place, from 0 */
  constructor(line: number) {
    super(`line ${String(line)}: longer than ${String(MAX_BYTES)} bytes`);
  }
}

/**
 * The lines of `chunks`, each without its LF; bytes after the last LF (a line not written to its end) are left out. A
 * line is valid until the next one is asked for.
 *
 * @throws LineTooLong for a line of more than 1 MiB, before more than that of it is kept
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let begun: Uint8Array[] = [];
  let length = 0;
  let line = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      const rest = chunk.subarray(start, end);
      if (length + rest.length > MAX_BYTES) throw new LineTooLong(line);
      yield begun.length === 0 ? rest : Buffer.concat([...begun, rest]);
      begun = [];
      length = 0;
      line += 1;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    length += chunk.length - start;
    // A line without an end must not fill the memory.
    if (length > MAX_BYTES) throw new LineTooLong(line);
    begun.push(Buffer.from(chunk.subarray(start)));
  }
}
