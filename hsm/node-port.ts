/** A Node child process's connections: to main by IPC, to the person process by an inherited socket. */
import { randomBytes } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import * as v from 'valibot';
import type { AskingLink } from './contract';
import { PersonGone, PersonRefused } from './person-errors';
import { AnswerHeader, encodeFrame, readFrame, type Frame } from './person-frames';
import { EXIT_CODES, type ExchangeEvents, type ServerPort } from './serve';

/** Descriptor at which a worker, or the share process, inherits its person link (0 to 2 are closed off, 3 is IPC). */
export const PERSON_LINK_FD = 4;

/** How often a non-blocking link is looked at, in milliseconds: people are slower. */
const POLL_MS = 2;

/**
 * IPC of a forked child as the server loop wants it. An exception that nobody caught ends the process without `bye` and
 * without a word, since its text could hold a secret; Ctrl-C in the terminal is main's business.
 *
 * @throws Error when the process was not forked
 */
export function nodeServerPort(): ServerPort {
  const send = process.send?.bind(process);
  if (send === undefined) throw new Error('this program is started by keyrite, not by hand');
  // SECURITY(K-07): Node would print text and stack.
  for (const event of ['uncaughtException', 'unhandledRejection'])
    process.on(event, () => process.exit(EXIT_CODES.fault));
  process.on('SIGINT', () => undefined);
  return {
    post: (message) =>
      new Promise((resolve, reject) => {
        send(message, undefined, undefined, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      }),
    onMessage: (listener) => void process.on('message', listener),
    onClosed: (listener) => {
      process.on('disconnect', listener);
      if (!process.connected) listener();
    },
    exit: (code) => process.exit(code),
  };
}

/**
 * The person link at an inherited descriptor that is non-blocking: one frame out, one frame back, in turn. Answers that
 * were meant for a dead predecessor on the same link are passed over and zeroed.
 */
export function nodePersonLink(descriptor: number, events: ExchangeEvents): AskingLink {
  return {
    async ask(dialogue, body = Buffer.alloc(0)) {
      const exchange = randomBytes(16).toString('hex');
      const question = encodeFrame({ exchange, dialogue }, body);
      try {
        await write(descriptor, question);
      } finally {
        question.fill(0);
      }
      events.asking(dialogue, exchange);
      try {
        const { answer, body: given } = await readAnswer(descriptor, exchange);
        if (answer === 'given') return given;
        given.fill(0);
        throw new PersonRefused(dialogue);
      } finally {
        events.answered();
      }
    },
  };
}

async function readAnswer(descriptor: number, exchange: string): Promise<AnswerHeader & { body: Buffer }> {
  for (;;) {
    let frame: Frame;
    try {
      frame = await readFrame((length) => read(descriptor, length));
    } catch (error) {
      // What is no frame cannot be followed by one: the link is as good as gone.
      if (error instanceof RangeError) throw new PersonGone();
      throw error;
    }
    const header = v.safeParse(AnswerHeader, frame.header);
    if (header.success && header.output.exchange === exchange) return { ...header.output, body: frame.body };
    frame.body.fill(0);
  }
}

async function read(descriptor: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let have = 0;
  try {
    while (have < length) {
      const got = orLater(() => readSync(descriptor, bytes, have, length - have, null));
      if (got === 0) throw new PersonGone();
      if (got === null) await pause();
      else have += got;
    }
    return bytes;
  } catch (error) {
    bytes.fill(0);
    throw error;
  }
}

async function write(descriptor: number, bytes: Buffer): Promise<void> {
  let sent = 0;
  while (sent < bytes.length) {
    const went = orLater(() => writeSync(descriptor, bytes, sent, bytes.length - sent));
    if (went === null) await pause();
    else sent += went;
  }
}

/** The system call's count, or null when it would have had to wait. */
function orLater(call: () => number): number | null {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return null;
    throw new PersonGone();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
