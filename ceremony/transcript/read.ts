/**
 * Reads a transcript line by line and says what is wrong with it: canonical form, chain, frame, body, order in time.
 * Never throws for any bytes.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { MAX_BYTES, parseCanonical, type Json } from '../canonical-json';
import { LineFrame, bodySchema, type Line } from './line';

const LF = 0x0a;
const ZEROS = '0'.repeat(64);

/** A line that holds. */
export interface GoodLine {
  readonly line: Line;
  /** Its bytes without the LF: what is hashed. */
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
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const parsed = parseLine(bytes);
    const reasons = 'reason' in parsed ? [parsed.reason] : this.misplaced(parsed.line);
    this.prev = sha256;
    this.seq += 1;
    if ('reason' in parsed) return { line: null, sha256, reasons };
    this.at = parsed.line.at;
    return { line: parsed.line, sha256, reasons };
  }

  private misplaced(line: Line): string[] {
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

/** Reads one line by itself; its place is not looked at. */
export function parseLine(bytes: Uint8Array): { readonly line: Line } | { readonly reason: string } {
  if (bytes.length > MAX_BYTES) return { reason: `longer than ${String(MAX_BYTES)} bytes` };
  let value: Json;
  try {
    value = parseCanonical(bytes);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : 'not canonical JSON' };
  }
  if (isWithheld(value)) return { reason: 'a withheld fact; this version cannot check those' };
  const frame = v.safeParse(LineFrame, value);
  if (!frame.success) return { reason: firstIssue(frame.issues) };
  const body = v.safeParse(bodySchema(frame.output.type), frame.output.body);
  if (!body.success) return { reason: `body of ${frame.output.type}: ${firstIssue(body.issues)}` };
  return { line: value as unknown as Line };
}

/** Reads a whole transcript. Stops at the first line that is none, or after `maxLines`. */
export function readTranscript(content: Uint8Array, maxLines = Number.MAX_SAFE_INTEGER): TranscriptReading {
  const checker = new LineChecker();
  const lines: GoodLine[] = [];
  const findings: LineFinding[] = [];
  let start = 0;
  for (let end = content.indexOf(LF); end >= 0; end = content.indexOf(LF, start)) {
    const place = lines.length;
    if (place >= maxLines) {
      findings.push({ line: place, reason: `more than ${String(maxLines)} lines` });
      return { lines, findings, torn: null };
    }
    const bytes = content.subarray(start, end);
    const { line, sha256, reasons } = checker.check(bytes);
    findings.push(...reasons.map((reason) => ({ line: place, reason })));
    if (line === null) return { lines, findings, torn: null };
    lines.push({ line, bytes, sha256 });
    start = end + 1;
  }
  return { lines, findings, torn: start < content.length ? content.subarray(start) : null };
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
