/**
 * A bundle that was verified and is being walked through: the verdict, the index of its transcript, and its lines as they
 * are asked for. Nothing is ever written to it, and whatever is read of it again is compared with what was verified.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseCanonical } from '../../ceremony/canonical-json';
import { LIMITS, PLAN, TRANSCRIPT } from '../../ceremony/bundle/layout';
import type { Finding, SignedCheckpoint, VerifyReport } from '../../ceremony/bundle/verify';
import { Plan } from '../../ceremony/plan/schema';
import { MAX_BYTES } from '../../ceremony/canonical-json';
import { leafHash } from '../../ceremony/transcript/merkle';
import {
  PAGE_LINES,
  type AuditView,
  type CoverView,
  type LineDetail,
  type LineFilter,
  type LinesPage,
  type NamedFileView,
  type StepFacet,
} from '../../ipc/audit-view';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { bytesAt } from './audit-file';
import { indexTranscript, isAsIndexed, type TranscriptIndex } from './audit-index';
import { cutTo } from './audit-text';
import { auditLine, lineDetail, type ReadLine } from './audit-line';
import { LineNumbers } from './audit-numbers';
import { LineSearch } from './audit-search';
import type { LineNames } from './line-words';
import { refused } from './trouble';

/** Most steps, people and units that are listed. */
const MOST = { steps: 1_000, people: 1_000, units: 200 } as const;

/** What opening a bundle takes. */
export interface Opening {
  /** Names this opening among all others. */
  readonly key: string;
  readonly folder: string;
  readonly report: VerifyReport;
  readonly signal: AbortSignal;
  readonly onLines: (lines: number) => void;
}

/** See the head of this file. */
export class AuditedBundle {
  readonly key: string;
  readonly folder: string;
  readonly report: VerifyReport;
  private readonly files: FileBundleFolder;
  private readonly index: TranscriptIndex;
  private readonly plan: Plan | null;
  private readonly names: LineNames;
  private readonly people: ReadonlyMap<string, string>;
  /** Findings about lines, by line. */
  private readonly findings = new Map<number, Finding[]>();
  private readonly findingLines = new LineNumbers();
  /** Sums of files that were looked at. */
  private readonly looked = new Map<string, { readonly sha256: string | null; readonly note: string }>();
  private search: LineSearch | null = null;

  private constructor({ key, folder, report }: Opening, index: TranscriptIndex, plan: Plan | null) {
    this.key = key;
    this.folder = folder;
    this.report = report;
    this.files = new FileBundleFolder(folder);
    this.index = index;
    this.plan = plan;
    this.people = new Map([...index.roster.values()].map(({ id, name }) => [id, cutTo(name, 200)]));
    this.names = {
      people: Object.fromEntries(this.people),
      steps: Object.fromEntries((plan?.steps ?? []).map(({ id, title }) => [id, title])),
      operations: index.operations,
    };
    for (const finding of [...report.findings, ...report.missing]) {
      if (finding.line === null || isOfAddendum(finding) || finding.line >= index.lines) continue;
      const own = this.findings.get(finding.line);
      if (own === undefined) this.findings.set(finding.line, [finding]);
      else own.push(finding);
    }
    for (const line of [...this.findings.keys()].sort((one, other) => one - other)) this.findingLines.push(line);
  }

  /**
   * Reads the transcript of a verified bundle once; null when it has none.
   *
   * @throws the signal's reason when it is aborted
   */
  static async open(opening: Opening): Promise<AuditedBundle | null> {
    const files = new FileBundleFolder(opening.folder);
    if (!(await files.exists(TRANSCRIPT))) return null;
    const sizes = new Set((opening.report.summary?.checkpoints ?? []).map(({ size }) => size));
    if (opening.report.summary !== null) sizes.add(opening.report.summary.lines);
    const index = await indexTranscript({
      path: join(opening.folder, TRANSCRIPT),
      sizes,
      signal: opening.signal,
      onLines: opening.onLines,
    });
    return new AuditedBundle(opening, index, await readPlan(files));
  }

  /** The line that a finding leads to: the one it is about, or the one that names the file; null where there is none. */
  lineOf(finding: Finding): number | null {
    const { where, line } = finding;
    if (line === null) return this.index.named.get(where) ?? null;
    return !isOfAddendum(finding) && line < this.index.lines ? line : null;
  }

  /** See {@link AuditView}. */
  view(): AuditView {
    const { index, search } = this;
    return {
      bundle: this.key,
      lines: index.lines,
      torn: index.torn,
      beyond: index.beyond,
      same: this.isSame,
      steps: this.steps(),
      people: this.facets(index.byPeople, this.people.keys(), MOST.people).map(({ id, lines }) => ({
        id,
        name: this.people.get(id) ?? id,
        roles: index.roster.get(id)?.roles.slice(0, 10) ?? [],
        lines,
      })),
      units: this.facets(
        index.byUnits,
        (this.plan?.units ?? []).map(({ id }) => id),
        MOST.units,
      ).map(({ id, lines }) => ({
        id,
        name: cutTo(this.plan?.units.find((unit) => unit.id === id)?.name ?? id, 300),
        lines,
      })),
      findings: this.findingLines.length,
      exceptions: index.exceptions.length,
      failures: index.failures.length,
      checkpoints: index.checkpoints.length,
      search: search === null ? null : { text: search.text, ...search.state, found: search.found.length },
    };
  }

  /** A page of the lines of a filter. */
  async page(filter: LineFilter, from: number, count: number): Promise<LinesPage> {
    const numbers = this.numbersOf(filter);
    const total = numbers === null ? this.index.lines : numbers.length;
    const most = Math.min(count, PAGE_LINES);
    const wanted =
      numbers === null
        ? Array.from({ length: Math.max(0, Math.min(most, total - from)) }, (_, place) => from + place)
        : numbers.slice(from, most);
    const lines = [];
    for await (const read of this.readAll(wanted)) {
      lines.push(auditLine(read, this.names, this.findings.get(read.line) ?? []));
    }
    return { total, from, lines };
  }

  /** Place of a line among those of a filter; of the nearest one where it is not among them. */
  placeOf(filter: LineFilter, line: number): number {
    const numbers = this.numbersOf(filter);
    return numbers === null ? Math.max(0, Math.min(line, this.index.lines - 1)) : numbers.placeOf(line);
  }

  /**
   * One line in full.
   *
   * @throws RequestFailed when there is no such line
   */
  async line(line: number): Promise<LineDetail> {
    const read = await this.readOne(line);
    return lineDetail(read, {
      names: this.names,
      signers: {
        roster: this.index.roster,
        names: this.people,
        read: (name) => this.content(name),
      },
      findings: this.findings.get(line) ?? [],
      cover: this.coverOf(line),
      look: (name, sha256) => this.look(name, sha256),
    });
  }

  /**
   * The bytes of a line as text, all of them.
   *
   * @throws RequestFailed when there is no such line, or it cannot be shown
   */
  async text(line: number): Promise<string> {
    const { bytes } = await this.readOne(line);
    if (bytes === null) throw refused(`Line ${String(line)} is too long to be copied.`, 'Look at the file itself.');
    return Buffer.from(bytes).toString('utf8');
  }

  /** Searches all lines; a search under way is ended first. Resolves when the search is over. */
  async find(text: string, onMore: () => void): Promise<void> {
    this.stopSearch();
    const search = new LineSearch(text);
    this.search = search;
    await search.run(join(this.folder, TRANSCRIPT), onMore);
  }

  /** Ends a search; what it found stays. */
  stopSearch(): void {
    this.search?.stop();
  }

  /**
   * Whether what lies in the folder now is what was verified. Reads the whole transcript.
   *
   * @throws UsageError when it cannot be read any more; the signal's reason when it is aborted
   */
  async isStillSame(signal: AbortSignal): Promise<boolean> {
    return this.isSame && (await isAsIndexed(join(this.folder, TRANSCRIPT), this.index, signal));
  }

  /** Whether what was indexed is what was verified: the same root over as many lines. */
  private get isSame(): boolean {
    const { summary } = this.report;
    if (summary === null || summary.lines === 0) return true;
    // SECURITY(K-86): between the verdict and the walk somebody could have put another transcript in its place.
    return this.index.roots.get(summary.lines) === summary.root;
  }

  private existing(line: number): number {
    if (line < this.index.lines) return line;
    throw refused(`There is no line ${String(line)}.`, `The last line is ${String(this.index.lines - 1)}.`);
  }

  private numbersOf(filter: LineFilter): LineNumbers | null {
    const { index } = this;
    switch (filter.by) {
      case 'all':
        return null;
      case 'findings':
        return this.findingLines;
      case 'search':
        return this.search?.found ?? NONE;
      case 'step':
        return index.bySteps.get(filter.id) ?? NONE;
      case 'person':
        return index.byPeople.get(filter.id) ?? NONE;
      case 'unit':
        return index.byUnits.get(filter.id) ?? NONE;
      default:
        return index[filter.by];
    }
  }

  /** Lines by their numbers, in order. Lines that stand together are read together. */
  private async *readAll(wanted: readonly number[]): AsyncGenerator<ReadLine> {
    const path = join(this.folder, TRANSCRIPT);
    for (let first = 0; first < wanted.length;) {
      let last = first;
      const start = this.index.offsets.at(wanted[first] ?? 0);
      while (last + 1 < wanted.length && this.endOf(wanted[last + 1] ?? 0) - start <= TOGETHER) last += 1;
      const end = this.endOf(wanted[last] ?? 0);
      const isLong = last === first && end - start > MAX_BYTES;
      const bytes = isLong ? new Uint8Array() : await bytesAt(path, start, end - start);
      for (let place = first; place <= last; place += 1) yield this.cut(wanted[place] ?? 0, bytes, start, isLong);
      first = last + 1;
    }
  }

  /** @throws RequestFailed when there is no such line */
  private async readOne(line: number): Promise<ReadLine> {
    for await (const read of this.readAll([this.existing(line)])) return read;
    throw refused(`Line ${String(line)} cannot be read.`, 'Verify the bundle again.');
  }

  private cut(line: number, bytes: Uint8Array, start: number, isLong: boolean): ReadLine {
    const from = this.index.offsets.at(line);
    const length = this.endOf(line) - from;
    const torn = this.index.torn && line === this.index.lines - 1;
    if (isLong) return { line, bytes: null, length, torn, same: true };
    const own = bytes.subarray(from - start, from - start + length);
    // SECURITY(K-86): what is shown is what was verified, or is said to have changed.
    return { line, bytes: own, length, torn, same: this.index.hashes.isAt(line, leafHash(own)) };
  }

  /** Offset behind the last byte of a line, before its LF. */
  private endOf(line: number): number {
    return line + 1 < this.index.lines ? this.index.offsets.at(line + 1) - 1 : this.index.end;
  }

  private steps(): StepFacet[] {
    const { index, plan } = this;
    const planned = plan?.steps ?? [];
    const others = [...index.steps.keys()].filter((id) => !planned.some((step) => step.id === id));
    const all = [
      ...planned.map(({ id, title, action }, place) => ({ id, title, action, number: place + 1 })),
      ...others.map((id) => ({ id, title: id, action: '', number: null })),
    ];
    return all.slice(0, MOST.steps).map(({ id, title, action, number }) => {
      const tally = index.steps.get(id);
      const outcome = tally?.complete ? 'complete' : tally?.skipped ? 'skipped' : tally ? 'under-way' : 'not-begun';
      return {
        id,
        title: cutTo(title, 300),
        action: cutTo(action, 100),
        number,
        outcome,
        attempts: tally?.attempts ?? 0,
        exceptions: tally?.exceptions ?? 0,
        failures: tally?.failures ?? 0,
        lines: index.bySteps.get(id)?.length ?? 0,
      };
    });
  }

  /** Those that are known first, in their order; then whoever else stands in lines. */
  private facets(
    all: ReadonlyMap<string, LineNumbers>,
    known: Iterable<string>,
    most: number,
  ): { readonly id: string; readonly lines: number }[] {
    const ids = [...new Set([...known, ...all.keys()])].slice(0, most);
    return ids.map((id) => ({ id, lines: all.get(id)?.length ?? 0 }));
  }

  private coverOf(line: number): CoverView | null {
    const cover: SignedCheckpoint | undefined = this.report.summary?.checkpoints.find(({ size }) => size > line);
    if (cover === undefined) return null;
    const { number, size, root, signers, final } = cover;
    return {
      number,
      size,
      root,
      holds: this.index.roots.get(size) === root,
      signers: signers.slice(0, 200).map((id) => this.people.get(id) ?? cutTo(id, 200)),
      final,
    };
  }

  private async content(name: string): Promise<Uint8Array | null> {
    try {
      // SECURITY(K-85): nothing is read that is larger than a file of a bundle may be.
      return (await this.files.size(name)) > LIMITS.fileBytes ? null : await this.files.read(name);
    } catch {
      return null;
    }
  }

  private async look(name: string, sha256: string): Promise<NamedFileView> {
    const state = await this.sumOf(name);
    const head = { name: cutTo(name, 255), sha256 };
    if (state.sha256 === sha256) return { ...head, state: 'matches', note: '' };
    if (state.sha256 !== null) return { ...head, state: 'differs', note: `Its SHA-256 is ${state.sha256}` };
    return { ...head, state: state.note === '' ? 'not-there' : 'unreadable', note: state.note };
  }

  private async sumOf(name: string): Promise<{ readonly sha256: string | null; readonly note: string }> {
    const known = this.looked.get(name);
    if (known !== undefined) return known;
    let sum: { readonly sha256: string | null; readonly note: string };
    if (!(await this.isThere(name))) sum = { sha256: null, note: '' };
    else {
      const content = await this.content(name);
      sum =
        content === null
          ? { sha256: null, note: 'It is no plain file, or larger than a file of a bundle can be' }
          : { sha256: createHash('sha256').update(content).digest('hex'), note: '' };
    }
    this.looked.set(name, sum);
    return sum;
  }

  private async isThere(name: string): Promise<boolean> {
    try {
      return await this.files.exists(name);
    } catch {
      return false;
    }
  }
}

/** Bytes that are read at once at most; a longer line is read by itself. */
const TOGETHER = 512 * 1024;
const NONE = new LineNumbers();

/** An addendum has a transcript of its own, whose lines are numbered anew. */
function isOfAddendum({ where }: Finding): boolean {
  return where.startsWith('addenda/');
}

async function readPlan(files: FileBundleFolder): Promise<Plan | null> {
  try {
    if ((await files.size(PLAN.canonical)) > MAX_BYTES) return null;
    const parsed = v.safeParse(Plan, parseCanonical(await files.read(PLAN.canonical)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}
