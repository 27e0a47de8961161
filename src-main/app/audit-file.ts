/**
 * The transcript on its medium, read without holding it: in order, by pieces, or one line by its place. Main keeps no
 * file open in between, so that a medium can be taken out.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { MAX_BYTES } from '../../ceremony/canonical-json';
import { UsageError } from '../../workstation/explain';

const LF = 0x0a;
/** Bytes read at once. */
const CHUNK = 1024 * 1024;

/** A line by its place; the LF is not part of it. */
export interface FiledLine {
  /** Offset of its first byte. */
  readonly start: number;
  /** In bytes. */
  readonly length: number;
  /** Null where the line is longer than a line of a transcript can be, 1 MiB. */
  readonly bytes: Uint8Array | null;
  /** No LF ends it. */
  readonly torn: boolean;
}

/**
 * All lines of a file in order, as many at once as were read at once.
 *
 * @throws UsageError when it is no plain file; the signal's reason when it is aborted
 */
export async function* linesOfFile(path: string, signal: AbortSignal): AsyncGenerator<readonly FiledLine[]> {
  const file = await openPlain(path);
  try {
    let begun: Uint8Array = Buffer.alloc(0);
    let start = 0;
    let at = 0;
    const lineTo = (end: number, piece: Uint8Array, torn: boolean): FiledLine => {
      const length = end - start;
      // SECURITY(K-85): a line without an end is passed over, not gathered in memory.
      const bytes = length > MAX_BYTES ? null : begun.length === 0 ? piece : Buffer.concat([begun, piece]);
      return { start, length, bytes, torn };
    };
    for (;;) {
      signal.throwIfAborted();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, at);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      const lines: FiledLine[] = [];
      let from = 0;
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
        lines.push(lineTo(at + end, chunk.subarray(from, end), false));
        begun = Buffer.alloc(0);
        from = end + 1;
        start = at + from;
      }
      at += bytesRead;
      begun = at - start > MAX_BYTES ? Buffer.alloc(0) : Buffer.concat([begun, chunk.subarray(from)]);
      yield lines;
    }
    if (at > start) yield [lineTo(at, Buffer.alloc(0), true)];
  } finally {
    await file.close();
  }
}

/**
 * Bytes of a file from an offset; fewer where it ends before.
 *
 * @throws UsageError when it is no plain file
 */
export async function bytesAt(path: string, start: number, length: number): Promise<Uint8Array> {
  const file = await openPlain(path);
  try {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file.read(bytes, 0, length, start);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function openPlain(path: string): Promise<FileHandle> {
  const gone = (): UsageError =>
    new UsageError(`${path} cannot be read any more`, 'Put the medium of the bundle in, and verify the bundle again.');
  let file: FileHandle;
  try {
    // SECURITY(K-85): a link could lead out of the bundle, a pipe or a device never end.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    throw gone();
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw gone();
}
