/**
 * Frames on a person link: `u32 header length | header (canonical JSON) | u32 body length | body`, lengths big-endian,
 * at most 64 KiB in all. Secrets travel in the body only.
 */
import * as v from 'valibot';
import { canonicalBytes, parseCanonical, type Json } from '../ceremony/canonical-json';
import { Hex } from '../ceremony/text-forms';
import { Dialogue } from './contract';
import { secretBytes } from './secret-bytes';

/** Longest frame in bytes, its two length fields included. */
export const MAX_FRAME_BYTES = 64 * 1024;

const LENGTH_BYTES = 4;
const Exchange = v.pipe(Hex, v.length(32));

/** Header of a question; `exchange` is random (16 bytes hex), and the answer repeats it. */
export const QuestionHeader = v.strictObject({ exchange: Exchange, dialogue: Dialogue });
export type QuestionHeader = v.InferOutput<typeof QuestionHeader>;

/** Header of an answer. */
export const AnswerHeader = v.strictObject({ exchange: Exchange, answer: v.picklist(['given', 'refused']) });
export type AnswerHeader = v.InferOutput<typeof AnswerHeader>;

/** One frame as read. */
export interface Frame {
  readonly header: Json;
  /** Zeroed by whoever reads it. */
  readonly body: Buffer;
}

/** Reads exactly so many bytes into a buffer of its own. Rejects at the end of the stream. */
export type ReadExactly = (length: number) => Promise<Buffer>;

/**
 * A frame as bytes; the caller zeroes them after sending.
 *
 * @throws RangeError when the frame would be longer than {@link MAX_FRAME_BYTES}
 */
export function encodeFrame(header: Json, body: Uint8Array): Buffer {
  const head = canonicalBytes(header);
  const total = 2 * LENGTH_BYTES + head.length + body.length;
  if (total > MAX_FRAME_BYTES) {
    throw new RangeError(`person frame: expected at most ${String(MAX_FRAME_BYTES)} bytes, got ${String(total)}`);
  }
  const frame = secretBytes(total);
  frame.writeUInt32BE(head.length, 0);
  frame.set(head, LENGTH_BYTES);
  frame.writeUInt32BE(body.length, LENGTH_BYTES + head.length);
  frame.set(body, 2 * LENGTH_BYTES + head.length);
  return frame;
}

/**
 * Reads the next frame and not one byte more.
 *
 * @throws RangeError when what stands there is not a frame; nothing after it can be trusted then
 */
export async function readFrame(read: ReadExactly): Promise<Frame> {
  const headerLength = await readLength(read, 'header', MAX_FRAME_BYTES - 2 * LENGTH_BYTES);
  const header = parseCanonical(await read(headerLength));
  const bodyLength = await readLength(read, 'body', MAX_FRAME_BYTES - 2 * LENGTH_BYTES - headerLength);
  return { header, body: bodyLength === 0 ? Buffer.alloc(0) : await read(bodyLength) };
}

async function readLength(read: ReadExactly, label: string, limit: number): Promise<number> {
  const length = (await read(LENGTH_BYTES)).readUInt32BE(0);
  if (length > limit) {
    throw new RangeError(`person frame ${label}: expected at most ${String(limit)} bytes, got ${String(length)}`);
  }
  return length;
}
