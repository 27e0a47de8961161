/** One line of a transcript, in a row and in full. */
import { createHash } from 'node:crypto';
import { hex } from '../../ceremony/check-value';
import { TRANSCRIPT } from '../../ceremony/bundle/layout';
import type { Finding } from '../../ceremony/bundle/verify';
import { leafHash } from '../../ceremony/transcript/merkle';
import { parseLine } from '../../ceremony/transcript/read';
import { MAX_RAW, type AuditLine, type CoverView, type LineDetail, type NamedFileView } from '../../ipc/audit-view';
import { fieldsOf } from './audit-fields';
import { isRecord, member, textAt } from './audit-json';
import { cutTo } from './audit-text';
import { signedFile, signedIn, type Signers } from './audit-signed';
import { typeWords } from './audit-words';
import { lineWords, type LineNames } from './line-words';

/** Most names in a row, and files, fields and findings in a line. */
const MOST = { by: 20, people: 200, files: 200, fields: 1_000, signed: 20, findings: 200 } as const;
const SHA256 = /^[0-9a-f]{64}$/;

/** A line as it was read again. */
export interface ReadLine {
  readonly line: number;
  /** Null: longer than a line can be. */
  readonly bytes: Uint8Array | null;
  /** In bytes. */
  readonly length: number;
  readonly torn: boolean;
  /** The bytes are those that were indexed. */
  readonly same: boolean;
}

/** The line for a list. */
export function auditLine(read: ReadLine, names: LineNames, findings: readonly Finding[]): AuditLine {
  const { value, problem, text } = readingOf(read, names);
  const by = member(value, 'by');
  const step = textAt(value, 'step');
  return {
    line: read.line,
    at: cutTo(textAt(value, 'at'), 30),
    type: problem === '' ? typeWords(textAt(value, 'type')) : 'Not a line',
    step: step === '' ? null : cutTo(step, 100),
    by: (Array.isArray(by) ? by : [])
      .slice(0, MOST.by)
      .map((id) => cutTo(typeof id === 'string' ? (names.people[id] ?? id) : '', 200)),
    text: cutTo(problem === '' ? text : problem, 1_000),
    findings: findings.length,
  };
}

/** What a line in full needs besides the line. */
export interface LineSurroundings {
  readonly names: LineNames;
  readonly signers: Signers;
  readonly findings: readonly Finding[];
  readonly cover: CoverView | null;
  /** Looks at a file now. */
  readonly look: (name: string, sha256: string) => Promise<NamedFileView>;
}

/** The line in full: every member of its body, what is signed in it, and the files that it names. */
export async function lineDetail(
  read: ReadLine,
  { names, signers, findings, cover, look }: LineSurroundings,
): Promise<LineDetail> {
  const { value, problem, text } = readingOf(read, names);
  const body = member(value, 'body');
  const bytes = read.bytes ?? new Uint8Array();
  const type = textAt(value, 'type');
  const step = textAt(value, 'step');
  const by = member(value, 'by');
  const { fields, cut } = fieldsOf(body ?? value ?? {}, signers.names, MOST.fields, ['files']);
  const named = namedFiles(body);
  const files: NamedFileView[] = [];
  const signed = signedIn(body, signers);
  for (const { name, sha256 } of named.slice(0, MOST.files)) {
    files.push(await look(name, sha256));
    const opened = signed.length < MOST.signed ? await signedFile(name, signers) : null;
    if (opened !== null) signed.push(opened);
  }
  const raw = Buffer.from(bytes).toString('utf8');
  return {
    line: read.line,
    problem: cutTo(problem, 1_000),
    same: read.same,
    at: cutTo(textAt(value, 'at'), 30),
    type: cutTo(type, 100),
    typeWords: cutTo(problem === '' ? typeWords(type) : 'Not a line', 100),
    text: cutTo(text, 1_000),
    step: step === '' ? null : { id: cutTo(step, 100), title: cutTo(names.steps[step] ?? step, 300) },
    by: (Array.isArray(by) ? by : []).slice(0, MOST.people).map((one) => {
      const id = typeof one === 'string' ? one : '';
      const person = signers.roster.get(id);
      return { id: cutTo(id, 200), name: cutTo(person?.name ?? '', 200), roles: person?.roles.slice(0, 10) ?? [] };
    }),
    fields,
    cut: cut || named.length > MOST.files,
    signed,
    files,
    findings: findings
      .slice(0, MOST.findings)
      .map(({ where, reason }) => cutTo(where === TRANSCRIPT ? reason : `${where}: ${reason}`, 1_000)),
    sha256: createHash('sha256').update(bytes).digest('hex'),
    leaf: hex(leafHash(bytes)),
    cover,
    bytes: read.length,
    raw: cutTo(raw, MAX_RAW),
  };
}

interface Reading {
  /** What could be made of it, for showing only. */
  readonly value: unknown;
  /** Why it is no line; empty when it is one. */
  readonly problem: string;
  readonly text: string;
}

function readingOf({ bytes, torn, same }: ReadLine, names: LineNames): Reading {
  if (bytes === null) return { value: null, problem: 'Longer than a line can be: more than 1 MiB', text: '' };
  if (!same) return { value: null, problem: 'Changed on its medium since the bundle was opened', text: '' };
  const parsed = parseLine(bytes);
  const value = 'line' in parsed ? parsed.line : loose(bytes);
  if (torn) return { value, problem: 'Not written to its end: no line feed ends it', text: '' };
  if ('reason' in parsed) return { value, problem: `Cannot be read as a line: ${parsed.reason}`, text: '' };
  return { value, problem: '', text: lineWords(parsed.line, names) };
}

function loose(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function namedFiles(body: unknown): { readonly name: string; readonly sha256: string }[] {
  const files = member(body, 'files');
  if (!Array.isArray(files)) return [];
  return files
    .map((file) => ({ name: textAt(file, 'name'), sha256: textAt(file, 'sha256') }))
    .filter(({ name, sha256 }) => name !== '' && name.length <= 255 && SHA256.test(sha256));
}
