/** Electron's fuses, read from the very program that runs, against the table that packaging sets them by. */
import { closeSync, openSync, readSync } from 'node:fs';
import table from './fuses.json';

/** Stands before the wire in every Electron program; then a byte of version, one of length, and one for each fuse. */
const SENTINEL = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX', 'latin1');
const VERSION = 1;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** What follows the sentinel at most: version, length, and as many fuses as the length can say. */
const MAX_WIRE_BYTES = 2 + 255;

/** The fuse that a debugger needs. */
const INSPECT = 'EnableNodeCliInspectArguments';

/**
 * The fuse wire of a program: `0`, `1` or `r` (retired) for each fuse.
 *
 * @param program file of Electron's program
 * @returns null when it has no wire of the version we know
 */
export function readFuseWire(program: string): string | null {
  const file = openSync(program, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    // Chunks overlap by what a wire can be long at most, so that none is cut in two.
    for (let position = 0; ; position += CHUNK_BYTES - SENTINEL.length - MAX_WIRE_BYTES) {
      const bytesRead = readSync(file, chunk, 0, CHUNK_BYTES, position);
      const wire = wireIn(chunk.subarray(0, bytesRead));
      if (wire !== undefined) return wire;
      if (bytesRead < CHUNK_BYTES) return null;
    }
  } finally {
    closeSync(file);
  }
}

/** The wire in a piece of a program; undefined when its sentinel is not there, null when it is cut or of another version. */
function wireIn(piece: Buffer): string | null | undefined {
  const at = piece.indexOf(SENTINEL);
  if (at < 0) return undefined;
  const [version, length = 0, ...states] = piece.subarray(at + SENTINEL.length, at + SENTINEL.length + MAX_WIRE_BYTES);
  if (version !== VERSION || states.length < length) return null;
  return Buffer.from(states.slice(0, length)).toString('latin1');
}

/**
 * In what a wire differs from the table, in words.
 *
 * @param wire as {@link readFuseWire} gives it
 * @param major of the Electron that runs
 * @param options `inspectable`: a test build, whose copy lets a debugger in
 * @returns empty when every fuse is as it should be
 */
export function fuseDifferences(
  wire: string | null,
  major: number,
  { inspectable }: { inspectable: boolean },
): readonly string[] {
  if (wire === null) return ['the program has no fuse wire that we know'];
  const expected = table.fuses.filter(({ since }) => since <= major);
  const differences = expected
    .filter(({ at, name, on }) => wire[at] !== (on || (inspectable && name === INSPECT) ? '1' : '0'))
    .map(({ at, name, on }) => `${name} should be ${on ? 'on' : 'off'}, and is ${describe(wire[at])}`);
  // SECURITY(K-54): a fuse that a later Electron brought is set by nobody, and whatever it opens is open.
  const unknown = wire.length - expected.length;
  return unknown > 0 ? [...differences, `${String(unknown)} fuses are not in the table`] : differences;
}

function describe(state: string | undefined): string {
  if (state === undefined) return 'missing';
  return state === '1' ? 'on' : state === '0' ? 'off' : 'retired';
}
