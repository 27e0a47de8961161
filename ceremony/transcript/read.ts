/**
 * Reads a transcript line by line and says what is wrong with it: canonical form, chain, frame, body, order in time.
 * Never throws for any bytes. Keeps one line at a time; whoever takes the lines decides what else is kept.
 */
import * as v from 'valibot';
import { isCanonical } from '../canonical-form';
import { MAX_BYTES, notCanonical, type Json } from '../canonical-json';
import { contentFault } from './line-content';
import { LineFrame, bodySchema, type Line, type LineType } from './line';
import { withFrame } from './line-frame';
import { guardOf, type Guard } from './schema-guard';
import { sha256Hex } from './sha256';

const LF = 0x0a;
const ZEROS = '0'.repeat(64);
const NOTHING: Uint8Array = new Uint8Array();
const NO_REASONS: readonly string[] = [];

/** A line that holds. */
export interface GoodLine {
  readonly line: Line;
  /** Its bytes without the LF: what is hashed. Of a stream, they stand here until the next line only. */
  readonly bytes: Uint8Array;
  /** SHA-256 of those bytes, lower-case hex: `prev` of the next line. */
  readonly sha256: string;
}

/** What is wrong with a line; `line` is its place in the file, from 0. */
export interface LineFinding {
  readonly line: number;
  readonly reason: string;
}

/** A whole transcript as read. */
export interface TranscriptReading {
  /** The lines up to the first that cannot be read. */
  readonly lines: readonly GoodLine[];
  readonly findings: readonly LineFinding[];
  /** Bytes after the last LF: a line that was not written to its end; null when there are none. */
  readonly torn: Uint8Array | null;
}

/** Who takes the lines of a transcript as they are read. */
export interface LineTaker {
  /** The next line that can be read. What is wrong with its place was found before. */
  take(good: GoodLine): void;
  /** Something is wrong with a line. */
  find(finding: LineFinding): void;
}

/** Checks lines in their order. */
export class LineChecker {
  private prev = ZEROS;
  private at = '';
  private seq = 0;

  /** Checks the next line (bytes without LF): the line, or why it is none and what is wrong with it in its place. */
  check(bytes: Uint8Array): {
    readonly line: Line | null;
    readonly sha256: string;
    readonly reasons: readonly string[];
  } {
    const sha256 = sha256Hex(bytes);
    const parsed = parseLine(bytes, this.prev);
    const line = 'reason' in parsed ? null : parsed.line;
    const reasons = 'reason' in parsed ? [parsed.reason] : this.misplaced(parsed.line);
    this.prev = sha256;
    this.seq += 1;
    if (line !== null) this.at = line.at;
    return { line, sha256, reasons };
  }

  private misplaced(line: Line): readonly string[] {
    if (line.seq === this.seq && line.prev === this.prev && line.at >= this.at) return NO_REASONS;
    const reasons: string[] = [];
    if (line.seq !== this.seq) reasons.push(`seq: expected ${String(this.seq)}, got ${String(line.seq)}`);
    // SECURITY(K-26): nothing before a line can be changed without changing it.
    if (line.prev !== this.prev) reasons.push('prev is not the SHA-256 of the line before: the chain is broken');
    if (line.at < this.at && !isClockException(line))
      reasons.push(`at: ${line.at} is before ${this.at} of the line before`);
    return reasons;
  }
}

/** Whether the line is the one kind that may be earlier than its predecessor. */
export function isClockException(line: Pick<Line, 'type' | 'body'>): boolean {
  return line.type === 'exception.recorded' && 'kind' in line.body && line.body.kind === 'clock';
}

/**
 * Reads one line by itself; its place is not looked at.
 *
 * @param prev the hash that the line is expected to name, for speed only
 */
export function parseLine(
  bytes: Uint8Array,
  prev: string | null = null,
): { readonly line: Line } | { readonly reason: string } {
  if (bytes.length > MAX_BYTES) return { reason: tooLong() };
  if (!isCanonical(bytes)) return { reason: notCanonical(bytes).message };
  const value = JSON.parse(textOf(bytes)) as Json;
  const line = withFrame(value, prev);
  return line !== null && guardFor(line.type)(line.body) ? withContent(line) : readSlowly(value);
}

/** By the schemas: the words for what is wrong with a line. */
function readSlowly(value: Json): { readonly line: Line } | { readonly reason: string } {
  if (isWithheld(value)) return { reason: 'a withheld fact; this version cannot check those' };
  const frame = v.safeParse(LineFrame, value);
  if (!frame.success) return { reason: firstIssue(frame.issues) };
  const body = v.safeParse(bodySchema(frame.output.type), frame.output.body);
  if (!body.success) return { reason: `body of ${frame.output.type}: ${firstIssue(body.issues)}` };
  return withContent(value as unknown as Line);
}

/** Members that are objects, whatever is in them: to valibot's record a list is one too. */
const OBJECTS = ['parameters', 'expected', 'result', 'observed'] as const;

/** The line, if what stands in its body's members holds as well. */
function withContent(line: Line): { readonly line: Line } | { readonly reason: string } {
  const body: Readonly<Partial<Record<string, unknown>>> = line.body;
  const list = OBJECTS.find((member) => Array.isArray(body[member]));
  const fault = list === undefined ? contentFault(line) : `${list} is a list`;
  return fault === null ? { line } : { reason: `body of ${line.type}: ${fault}` };
}

/** Cuts a transcript that comes in pieces into its lines, and checks them. */
export class TranscriptStream {
  private readonly taker: LineTaker;
  private readonly checker = new LineChecker();
  private readonly maxLines: number;
  /** The beginning of a line whose end is in a later piece. */
  private begun = NOTHING;
  private count = 0;
  private stopped = false;

  constructor(taker: LineTaker, maxLines = Number.MAX_SAFE_INTEGER) {
    this.taker = taker;
    this.maxLines = maxLines;
  }

  /** Number of lines that could be read. */
  get lines(): number {
    return this.count;
  }

  /** Takes the next piece. False when a line could not be read: then nothing further is looked at. */
  push(piece: Uint8Array): boolean {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0 && !this.stopped; end = bytes.indexOf(LF, start)) {
      const rest = bytes.subarray(start, end);
      this.next(this.begun.length === 0 ? rest : Buffer.concat([this.begun, rest]));
      this.begun = NOTHING;
      start = end + 1;
    }
    if (start < bytes.length && !this.stopped) this.begin(bytes.subarray(start));
    return !this.stopped;
  }

  /** Bytes after the last LF, once all pieces were taken: a line that was not written to its end; null when none are. */
  torn(): Uint8Array | null {
    return this.stopped || this.begun.length === 0 ? null : this.begun;
  }

  private begin(rest: Uint8Array): void {
    // SECURITY(K-25): a line without an end is not kept. A crash leaves no more than a line can have.
    if (this.begun.length + rest.length > MAX_BYTES) this.stop(tooLong());
    else this.begun = Buffer.concat([this.begun, rest]);
  }

  private next(bytes: Uint8Array): void {
    if (this.count >= this.maxLines) {
      this.stop(`more than ${String(this.maxLines)} lines`);
      return;
    }
    const place = this.count;
    const { line, sha256, reasons } = this.checker.check(bytes);
    for (const reason of reasons) this.taker.find({ line: place, reason });
    if (line === null) {
      this.stopped = true;
      return;
    }
    this.count += 1;
    this.taker.take({ line, bytes, sha256 });
  }

  private stop(reason: string): void {
    this.taker.find({ line: this.count, reason });
    this.begun = NOTHING;
    this.stopped = true;
  }
}

/** Reads a whole transcript. Stops at the first line that is none, or after `maxLines`. */
export function readTranscript(content: Uint8Array, maxLines = Number.MAX_SAFE_INTEGER): TranscriptReading {
  const lines: GoodLine[] = [];
  const findings: LineFinding[] = [];
  const stream = new TranscriptStream(
    { take: (good) => lines.push(good), find: (finding) => findings.push(finding) },
    maxLines,
  );
  stream.push(content);
  return { lines, findings, torn: stream.torn() };
}

const guards = new Map<LineType, Guard>();

function guardFor(type: LineType): Guard {
  let guard = guards.get(type);
  if (guard === undefined) {
    guard = guardOf(bodySchema(type));
    guards.set(type, guard);
  }
  return guard;
}

function textOf(bytes: Uint8Array): string {
  return (bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).toString('utf8');
}

function tooLong(): string {
  return `longer than ${String(MAX_BYTES)} bytes`;
}

function isWithheld(value: Json): boolean {
  return (
    typeof value === 'object' && value !== null && Object.keys(value).sort().join() === 'leaf,line,reason,withheld'
  );
}

function firstIssue(issues: readonly v.BaseIssue<unknown>[]): string {
  const issue = issues[0];
  if (issue === undefined) return 'not as the schema says';
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}
