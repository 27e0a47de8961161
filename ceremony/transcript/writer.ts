/**
 * Writes the transcript: one line and its LF in one append that is on the medium before the act it announces. Keeps the
 * head, the count and the tree, and takes a transcript up again after a crash.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { MAX_BYTES, canonicalBytes, type Json } from '../canonical-json';
import { hex } from '../check-value';
import type { BundleFolder, Clock, RandomBytes } from '../engine/ports';
import { TRANSCRIPT } from '../bundle/layout';
import { LineFrame, bodySchema, type Draft, type Line } from './line';
import { MerkleTree } from './merkle';
import { isClockException, parseLine, readTranscript, type GoodLine, type TranscriptReading } from './read';

const ZEROS = '0'.repeat(64);
const SALT_BYTES = 16;
const LF = 0x0a;

/** The workstation's clock is behind the last line. Nothing was written. */
export class ClockWentBack extends Error {
  override readonly name = 'ClockWentBack';
  /** Time of the last line, and what the clock says now. */
  readonly last: string;
  readonly now: string;

  constructor(last: string, now: string) {
    super(
      `The workstation's clock went back: the last line of the transcript is of ${last}, now it says ${now}.\n` +
        'Nothing was written. Set the clock right, in front of the witness. If it was wrong before and is right now, ' +
        'wait until it has passed the time of the last line: no line may be older than the one before it.',
    );
    this.last = last;
    this.now = now;
  }
}

/** The transcript on the medium, or a file it names, is damaged in another way than a crash can. Nothing was changed. */
export class TranscriptDamaged extends Error {
  override readonly name = 'TranscriptDamaged';
}

/** What was cut off the end of a transcript: how many bytes, and their SHA-256 in lower-case hex. */
export interface TornEnd {
  readonly bytes: number;
  readonly sha256: string;
}

/** The one writer of a transcript. Appends must not overlap. */
export class TranscriptWriter {
  private readonly folder: BundleFolder;
  private readonly clock: Clock;
  private readonly random: RandomBytes;
  private readonly tree = new MerkleTree();
  private lastHash = ZEROS;
  private lastAt = '';
  private busy = false;

  private constructor(folder: BundleFolder, clock: Clock, random: RandomBytes) {
    this.folder = folder;
    this.clock = clock;
    this.random = random;
  }

  /**
   * Begins a transcript. A first line that a crash cut short is removed: nothing was done under it.
   *
   * @throws TranscriptDamaged when the folder has a transcript with lines
   */
  static async create(folder: BundleFolder, clock: Clock, random: RandomBytes): Promise<TranscriptWriter> {
    if (await folder.exists(TRANSCRIPT)) {
      if ((await folder.read(TRANSCRIPT)).includes(LF)) {
        throw new TranscriptDamaged('The folder has a transcript already: resume it, or choose an empty folder.');
      }
      await folder.truncate(TRANSCRIPT, 0);
    }
    return new TranscriptWriter(folder, clock, random);
  }

  /**
   * Takes up a transcript. A last line that a crash cut short (no LF, or not JSON while everything before it holds) is
   * cut off and reported as `torn`; the caller records that.
   *
   * @throws TranscriptDamaged for any other damage, naming the line; the file is left as it is
   */
  static async resume(
    folder: BundleFolder,
    clock: Clock,
    random: RandomBytes,
  ): Promise<{ readonly writer: TranscriptWriter; readonly lines: Line[]; readonly torn: TornEnd | null }> {
    const content = await folder.read(TRANSCRIPT);
    const reading = readTranscript(content);
    const whole = reading.lines.reduce((length, { bytes }) => length + bytes.length + 1, 0);
    if (reading.findings.length > 0 && !onlyLastLineIsTorn(content, reading, whole)) {
      const [first] = reading.findings;
      throw new TranscriptDamaged(
        `Line ${String(first?.line)} of the transcript: ${first?.reason ?? ''}. A crash does not do that.\nNothing was changed; ` +
          'keep the folder as it is and have the auditor look at it.',
      );
    }
    const torn = whole < content.length ? tornEnd(content.subarray(whole)) : null;
    if (torn !== null) await folder.truncate(TRANSCRIPT, whole);
    const writer = new TranscriptWriter(folder, clock, random);
    for (const good of reading.lines) writer.advance(good);
    return { writer, lines: reading.lines.map(({ line }) => line), torn };
  }

  /** SHA-256 of the last line, lower-case hex: the `prev` of the next one. 64 zeros before line 0. */
  get head(): string {
    return this.lastHash;
  }

  /** Number of lines. */
  get size(): number {
    return this.tree.size;
  }

  /** Merkle tree hash over all lines, lower-case hex. */
  get root(): string {
    return hex(this.tree.root());
  }

  /**
   * Writes one line; when it resolves, the line is on the medium. When it rejects, the transcript is as before and the
   * append can be tried again.
   *
   * @throws RangeError when the draft does not fit its schema or the limits of a line
   * @throws ClockWentBack when the clock is behind the last line, unless the draft is a clock exception
   */
  async append(draft: Draft): Promise<Line> {
    if (this.busy) throw new Error('transcript: a line is still being written');
    const at = this.clock.now();
    if (at < this.lastAt && !isClockException(draft)) throw new ClockWentBack(this.lastAt, at);
    const good = this.compose(draft, at);
    this.busy = true;
    try {
      await this.folder.append(TRANSCRIPT, Buffer.concat([good.bytes, Buffer.from([LF])]));
    } finally {
      this.busy = false;
    }
    this.advance(good);
    return good.line;
  }

  private compose(draft: Draft, at: string): GoodLine {
    const { type, step, by, body } = draft;
    const salt = hex(this.random(SALT_BYTES));
    const value = { seq: this.tree.size, prev: this.lastHash, salt, at, type, step, by, body };
    const issues = v.safeParse(LineFrame, value).issues ?? v.safeParse(bodySchema(type), body).issues;
    if (issues !== undefined) {
      const [issue] = issues;
      throw new RangeError(`line ${type}: ${v.getDotPath(issue) ?? ''} ${issue.message}`);
    }
    const bytes = canonicalBytes(value as unknown as Json);
    if (bytes.length > MAX_BYTES) {
      throw new RangeError(`line ${type}: expected at most ${String(MAX_BYTES)} bytes, got ${String(bytes.length)}`);
    }
    // What is kept is what a reader will read, not the caller's objects.
    const read = parseLine(bytes);
    if ('reason' in read) throw new RangeError(`line ${type}: ${read.reason}`);
    return { line: read.line, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  private advance(good: GoodLine): void {
    this.tree.append(good.bytes);
    this.lastHash = good.sha256;
    this.lastAt = good.line.at;
  }
}

function onlyLastLineIsTorn(content: Uint8Array, reading: TranscriptReading, whole: number): boolean {
  const [first, second] = reading.findings;
  if (first === undefined || second !== undefined || first.line !== reading.lines.length) return false;
  const end = content.indexOf(LF, whole);
  return (end < 0 || end === content.length - 1) && !isJson(content.subarray(whole));
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

function tornEnd(bytes: Uint8Array): TornEnd {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
