/**
 * The file of a rehearsal's player (`player.json`, mode 0600): what the people it plays know, and the faults that a test
 * asks of them. Everything in it opens throw-away tokens only.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { Id } from '../../ceremony/text-forms';

/** Longest player file that is read, in bytes. */
const MAX_FILE_BYTES = 1024 * 1024;

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Text = v.pipe(v.string(), v.maxLength(5000));

/** A fault the player commits when a question has every field of `match`. */
export const PlayerFault = v.strictObject({
  match: v.record(v.string(), v.union([v.string(), v.number(), v.boolean(), v.null()])),
  /** `die`: the player's process ends at once, as if it had been killed. */
  do: v.picklist(['wrong-character', 'wrong-pin', 'refuse', 'delay', 'die']),
  /** How many more times; counted down in the file, so that a resumed ceremony goes on where it was. */
  times: v.optional(Count, 1),
  /** For `delay`: milliseconds. */
  milliseconds: v.optional(v.pipe(Count, v.maxValue(600_000)), 1000),
});
export type PlayerFault = v.InferOutput<typeof PlayerFault>;

/** What the player remembers. */
export const PlayerMemory = v.strictObject({
  keyrite: v.literal('player/1'),
  pins: v.array(
    v.strictObject({
      of: Id,
      role: v.picklist(['user', 'security-officer', 'card', 'key-file', 'share-file']),
      part: Count,
      pin: Text,
      /** The PIN before the last change of it, and the step of that change. */
      before: v.optional(v.strictObject({ step: Id, pin: Text })),
    }),
  ),
  worksheets: v.array(v.strictObject({ custodian: Id, set: Text, index: Count, text: Text })),
  faults: v.optional(v.array(PlayerFault), []),
});
export type PlayerMemory = v.InferOutput<typeof PlayerMemory>;

/**
 * Reads the file; a missing one is a player that knows nothing yet.
 *
 * @throws RangeError when the file is too long or not a player's, Error when it cannot be read
 */
export function readPlayerFile(path: string): PlayerMemory {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return { keyrite: 'player/1', pins: [], worksheets: [], faults: [] };
  if (size > MAX_FILE_BYTES) {
    throw new RangeError(`player file: expected at most ${String(MAX_FILE_BYTES)} bytes, got ${String(size)}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new RangeError('player file: not JSON');
    throw error;
  }
  const memory = v.safeParse(PlayerMemory, content);
  // The issue's own text would show the value.
  if (!memory.success) throw new RangeError(`player file: wrong at ${v.getDotPath(memory.issues[0]) ?? 'its top'}`);
  return memory.output;
}

/** Writes the file anew in one stroke: never half of it, and on the medium before this returns. */
export function writePlayerFile(path: string, memory: PlayerMemory): void {
  const fresh = `${path}.new`;
  const content = Buffer.from(`${JSON.stringify(memory, null, 2)}\n`);
  const file = openSync(fresh, 'w', 0o600);
  try {
    for (let sent = 0; sent < content.length;) sent += writeSync(file, content, sent);
    fsyncSync(file);
  } finally {
    content.fill(0);
    closeSync(file);
  }
  renameSync(fresh, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
