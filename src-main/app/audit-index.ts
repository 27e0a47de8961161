/**
 * What main keeps of a transcript while somebody walks through it: where each line stands, which hash it had, and which
 * lines each step, person and unit has. Read in one go, with little memory; nothing of a line's content stays.
 */
import * as v from 'valibot';
import { hex } from '../../ceremony/check-value';
import { RosterEntry } from '../../ceremony/transcript/line';
import { MerkleTree, leafHash } from '../../ceremony/transcript/merkle';
import { EXCEPTION_RAISED } from '../../ceremony/transcript/raised-exception';
import { linesOfFile } from './audit-file';
import { Hashes, LineNumbers, Offsets } from './audit-numbers';
import { isRecord, member, textAt } from './audit-json';

/** Most lines that can be walked through; those beyond are counted in neither list nor search. */
export const MAX_LINES = 2_000_000;
/** Most steps, people or units that have a list of their own; further names are found under all lines. */
const MAX_FACETS = 1_000;
/** Most names of files, and most acts, that are remembered. */
const MAX_NAMES = 20_000;
const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** What the lines say became of a step. */
export interface StepTally {
  attempts: number;
  complete: boolean;
  skipped: boolean;
  exceptions: number;
  failures: number;
}

/** The index of one transcript. */
export class TranscriptIndex {
  /** Where each line begins. */
  readonly offsets = new Offsets();
  readonly hashes = new Hashes();
  readonly bySteps = new Map<string, LineNumbers>();
  readonly byPeople = new Map<string, LineNumbers>();
  readonly byUnits = new Map<string, LineNumbers>();
  readonly exceptions = new LineNumbers();
  readonly failures = new LineNumbers();
  readonly checkpoints = new LineNumbers();
  readonly steps = new Map<string, StepTally>();
  /** First line that names a file. */
  readonly named = new Map<string, number>();
  /** What an act does, by `<step> <act>`. */
  readonly operations = new Map<string, string>();
  /** People of line 0, and whoever was enrolled later. */
  readonly roster = new Map<string, RosterEntry>();
  /** Tree hash over as many lines, hex, for the sizes that were asked for. */
  readonly roots = new Map<number, string>();
  /** Bytes up to the end of the last line. */
  end = 0;
  torn = false;
  beyond = false;

  get lines(): number {
    return this.offsets.length;
  }

  /** Takes the next line, by the loose reading that is enough to find it again. */
  take(value: unknown, line: number): void {
    if (!isRecord(value)) return;
    const type = textAt(value, 'type');
    const step = textAt(value, 'step');
    const body = member(value, 'body');
    if (ID.test(step)) {
      numbersOf(this.bySteps, step)?.push(line);
      this.tally(step, type, body);
    }
    for (const id of new Set(peopleIn(value, body))) if (ID.test(id)) numbersOf(this.byPeople, id)?.push(line);
    for (const id of unitsIn(body)) if (ID.test(id)) numbersOf(this.byUnits, id)?.push(line);
    this.takeKind(type, body, line);
    for (const name of filesIn(body)) {
      if (!this.named.has(name) && this.named.size < MAX_NAMES) this.named.set(name, line);
    }
    this.takePeople(type, body, line);
    const act = textAt(body, 'act');
    if (type === 'step.intent' && act !== '' && this.operations.size < MAX_NAMES) {
      this.operations.set(`${step} ${act}`, textAt(body, 'operation').slice(0, 200));
    }
  }

  private takeKind(type: string, body: unknown, line: number): void {
    const raised = type === 'fact.recorded' && textAt(body, 'fact') === EXCEPTION_RAISED;
    if (type === 'exception.recorded' || raised) this.exceptions.push(line);
    if (FAILURES.has(type)) this.failures.push(line);
    if (type.startsWith('checkpoint.')) this.checkpoints.push(line);
  }

  private takePeople(type: string, body: unknown, line: number): void {
    const entries =
      line === 0 ? member(body, 'roster') : type === 'participant.enrolled' ? [member(body, 'participant')] : [];
    for (const entry of Array.isArray(entries) ? entries.slice(0, MAX_FACETS) : []) {
      const parsed = v.safeParse(RosterEntry, entry);
      if (parsed.success && this.roster.size < MAX_FACETS) this.roster.set(parsed.output.id, parsed.output);
    }
  }

  private tally(step: string, type: string, body: unknown): void {
    const known = this.steps.get(step);
    if (known === undefined && this.steps.size >= MAX_FACETS) return;
    const tally = known ?? { attempts: 0, complete: false, skipped: false, exceptions: 0, failures: 0 };
    this.steps.set(step, tally);
    const attempt = member(body, 'attempt');
    if (type === 'step.started' && typeof attempt === 'number' && Number.isSafeInteger(attempt)) {
      tally.attempts = Math.max(tally.attempts, attempt);
    }
    if (type === 'step.outcome' && member(body, 'act') === null) tally.complete = true;
    if (type === 'step.failed') tally.failures += 1;
    if (type !== 'exception.recorded') return;
    tally.exceptions += 1;
    if (textAt(body, 'kind') === 'step-skipped') tally.skipped = true;
  }
}

/** Lines that tell of something that did not go its way. */
const FAILURES = new Set([
  'step.failed',
  'step.reconciled',
  'ceremony.resumed',
  'ceremony.paused',
  'participant.left',
  'participant.replaced',
]);

/** How an index is made. */
export interface Indexing {
  /** Of the transcript. */
  readonly path: string;
  /** Sizes whose roots are wanted. */
  readonly sizes: ReadonlySet<number>;
  readonly signal: AbortSignal;
  /** Told now and then how many lines were read. */
  readonly onLines: (lines: number) => void;
}

/**
 * Reads a transcript once.
 *
 * @throws UsageError when it is no plain file; the signal's reason when it is aborted
 */
export async function indexTranscript({ path, sizes, signal, onLines }: Indexing): Promise<TranscriptIndex> {
  const index = new TranscriptIndex();
  const tree = new MerkleTree();
  for await (const lines of linesOfFile(path, signal)) {
    for (const { start, length, bytes, torn } of lines) {
      // SECURITY(K-85): the file is anybody's; what is kept of it is bounded.
      if (index.lines >= MAX_LINES) {
        index.beyond = true;
        return index;
      }
      const line = index.lines;
      index.offsets.push(start);
      index.end = start + length;
      index.torn = torn;
      index.hashes.push(leafHash(bytes ?? Buffer.alloc(0)));
      if (torn) continue;
      tree.append(bytes ?? Buffer.alloc(0));
      if (sizes.has(tree.size)) index.roots.set(tree.size, hex(tree.root()));
      if (bytes !== null) index.take(looseJson(bytes), line);
    }
    onLines(index.lines);
  }
  return index;
}

/**
 * Whether a transcript still is as it was when it was indexed: as many lines, each with the hash that it had.
 *
 * @throws UsageError when it is no plain file any more; the signal's reason when it is aborted
 */
export async function isAsIndexed(path: string, index: TranscriptIndex, signal: AbortSignal): Promise<boolean> {
  let line = 0;
  for await (const lines of linesOfFile(path, signal)) {
    for (const { bytes } of lines) {
      if (index.beyond && line === index.lines) return true;
      if (!index.hashes.isAt(line, leafHash(bytes ?? Buffer.alloc(0)))) return false;
      line += 1;
    }
  }
  return line === index.lines;
}

function looseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  } catch {
    return null;
  }
}

function numbersOf(all: Map<string, LineNumbers>, id: string): LineNumbers | null {
  const known = all.get(id);
  if (known !== undefined) return known;
  if (all.size >= MAX_FACETS) return null;
  const numbers = new LineNumbers();
  all.set(id, numbers);
  return numbers;
}

/** Who did, confirmed or signed something in the line, and whom it is about. */
function peopleIn(line: unknown, body: unknown): string[] {
  const sealed = ['proof', 'record', 'command'].map((name) => member(member(body, name), 'signatures'));
  return [
    ...textsIn(member(line, 'by')),
    ...textsIn(member(body, 'vouchers')),
    textAt(body, 'participant'),
    textAt(member(body, 'participant'), 'id'),
    textAt(body, 'by'),
    ...sealed.flatMap((list) =>
      Array.isArray(list) ? list.slice(0, MAX_FACETS).map((one) => textAt(one, 'keyid')) : [],
    ),
  ];
}

/** Units that the line is about: named outright, or by the act's key. */
function unitsIn(body: unknown): ReadonlySet<string> {
  const act = textAt(body, 'act');
  const slash = act.indexOf('/');
  return new Set([
    textAt(body, 'unit'),
    textAt(member(body, 'value'), 'unit'),
    ...(slash > 0 ? [act.slice(0, slash)] : []),
  ]);
}

function filesIn(body: unknown): string[] {
  const files = member(body, 'files');
  return Array.isArray(files) ? files.slice(0, MAX_NAMES).map((file) => textAt(file, 'name')) : [];
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.slice(0, MAX_FACETS).filter((one) => typeof one === 'string') : [];
}
