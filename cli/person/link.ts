/** The person process's end of a person link: an inherited blocking socket, read in the thread pool. */
import { closeSync, read as readCallback, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { Dialogue } from '../../hsm/contract';
import { encodeFrame, QuestionHeader, readFrame, type AnswerHeader } from '../../hsm/person-frames';

const readSome = promisify(readCallback);

/** A question as it stood on the link; whoever answers zeroes the body. */
export interface Question {
  readonly dialogue: Dialogue;
  readonly body: Buffer;
}

/**
 * Reads the question of one exchange. Main names an exchange only after its question was written whole, so this does not
 * wait; questions before it are of processes that died before they could be served, and are passed over.
 *
 * @throws Error when the link ended, or what stands on it is no question; the link is closed then, which its asker sees
 */
export async function readQuestion(descriptor: number, exchange: string): Promise<Question> {
  try {
    for (;;) {
      const frame = await readFrame((length) => readExactly(descriptor, length));
      const header = v.parse(QuestionHeader, frame.header);
      if (header.exchange === exchange) return { dialogue: header.dialogue, body: frame.body };
      frame.body.fill(0);
    }
  } catch {
    closeSync(descriptor);
    throw new Error('person link: what stands on it is no question');
  }
}

/** Writes the answer of one exchange; `null` says that the person declined. */
export function writeAnswer(descriptor: number, exchange: string, given: Uint8Array | null): void {
  const header: AnswerHeader = { exchange, answer: given === null ? 'refused' : 'given' };
  const frame = encodeFrame(header, given ?? Buffer.alloc(0));
  try {
    for (let sent = 0; sent < frame.length;) sent += writeSync(descriptor, frame, sent);
  } finally {
    frame.fill(0);
  }
}

async function readExactly(descriptor: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let have = 0; have < length;) {
    const { bytesRead } = await readSome(descriptor, bytes, have, length - have, null);
    if (bytesRead === 0) throw new Error('person link: ended');
    have += bytesRead;
  }
  return bytes;
}
