/**
 * What the auditor's screen shows of a bundle besides its verdict. The view tells what there is to walk through; lines
 * come by the page and by the piece, as the window asks for them, for a transcript may have a million. Everything comes
 * from a bundle that anybody may have made, and is bounded here.
 */
import * as v from 'valibot';
import { Role } from '../ceremony/plan/schema';
import { Id, Sha256Hex } from '../ceremony/text-forms';

const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
const list = <S extends v.GenericSchema>(of: S, most: number) => v.pipe(v.array(of), v.maxLength(most));
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Flag = v.boolean();
/** A name, a title or a word; UTF-16 code units, as all of these. */
const Short = text(300);
/** A sentence. */
const Words = text(1_000);

/** Most lines in one page. */
export const PAGE_LINES = 200;
/** Most of a line's bytes that are shown, as UTF-16 code units; all of them can be copied. */
export const MAX_RAW = 64 * 1024;
/** Longest text that is searched for, in UTF-16 code units. */
export const MAX_SEARCH = 200;

/** Names one opened bundle, so that a late request cannot meet another one. */
export const BundleKey = v.pipe(v.string(), v.regex(/^b[0-9]{1,9}$/));
export type BundleKey = v.InferOutput<typeof BundleKey>;

/** Which lines are walked through. */
export const LineFilter = v.variant('by', [
  v.strictObject({
    by: v.picklist(['all', 'findings', 'exceptions', 'failures', 'checkpoints', 'search']),
  }),
  v.strictObject({ by: v.picklist(['step', 'person', 'unit']), id: Id }),
]);
export type LineFilter = v.InferOutput<typeof LineFilter>;

/** A step of the plan, or one that only lines name, and what became of it by the lines. */
export const StepFacet = v.strictObject({
  id: Id,
  title: Short,
  action: Short,
  /** Number in the plan, from 1; null: the plan has no such step. */
  number: v.nullable(Count),
  outcome: v.picklist(['complete', 'skipped', 'under-way', 'not-begun']),
  attempts: Count,
  exceptions: Count,
  failures: Count,
  lines: Count,
});
export type StepFacet = v.InferOutput<typeof StepFacet>;

/** Somebody who stands in a line, as the one who did, confirmed or signed something, or whom it is about. */
export const PersonFacet = v.strictObject({ id: Id, name: Short, roles: list(Role, 10), lines: Count });
export type PersonFacet = v.InferOutput<typeof PersonFacet>;

/** A crypto unit that lines are about. */
export const UnitFacet = v.strictObject({ id: Id, name: Short, lines: Count });
export type UnitFacet = v.InferOutput<typeof UnitFacet>;

/** A search through all lines. */
export const SearchView = v.strictObject({
  text: text(MAX_SEARCH),
  state: v.picklist(['running', 'done', 'stopped', 'full']),
  /** Lines looked at so far. */
  looked: Count,
  found: Count,
});
export type SearchView = v.InferOutput<typeof SearchView>;

/** An opened bundle, to be walked through. */
export const AuditView = v.strictObject({
  bundle: BundleKey,
  /** Lines there are, a torn last one included. */
  lines: Count,
  /** The last line was not written to its end. */
  torn: Flag,
  /** There are more lines than are shown. */
  beyond: Flag,
  /** The transcript is still what was verified. */
  same: Flag,
  steps: list(StepFacet, 1_000),
  people: list(PersonFacet, 1_000),
  units: list(UnitFacet, 200),
  /** Lines of the other filters. */
  findings: Count,
  exceptions: Count,
  failures: Count,
  checkpoints: Count,
  search: v.nullable(SearchView),
});
export type AuditView = v.InferOutput<typeof AuditView>;

/** A line as lists show it. `line`: its place in the file, from 0, which is its number where the transcript holds. */
export const AuditLine = v.strictObject({
  line: Count,
  /** Empty where the line cannot be read. */
  at: Short,
  type: Short,
  step: v.nullable(Short),
  by: list(Short, 20),
  text: Words,
  findings: Count,
});
export type AuditLine = v.InferOutput<typeof AuditLine>;

/** A page of the lines of a filter. */
export const LinesPage = v.strictObject({
  /** Lines of the filter in all. */
  total: Count,
  /** Place of the first line of the page among them. */
  from: Count,
  lines: list(AuditLine, PAGE_LINES),
});
export type LinesPage = v.InferOutput<typeof LinesPage>;

/** A piece of a body or payload, in reading order. */
export const FieldView = v.strictObject({
  name: Short,
  /** How deep it stands: 0 for a member of the body. */
  depth: v.pipe(Count, v.maxValue(40)),
  /** `group`: what follows one deeper belongs to it; `hash`: 64 hex digits; `code`: exact, such as an id or base64. */
  kind: v.picklist(['text', 'group', 'hash', 'code', 'time', 'nothing']),
  value: text(4_100),
});
export type FieldView = v.InferOutput<typeof FieldView>;

/** One signature on something. */
export const SignatureView = v.strictObject({
  id: Short,
  /** Name by the roster; empty: nobody on it. */
  name: Short,
  roles: list(Role, 10),
  holds: Flag,
  /** With which key, or why it does not hold. */
  note: Words,
});
export type SignatureView = v.InferOutput<typeof SignatureView>;

/** Something that was signed, opened. */
export const SignedView = v.strictObject({
  what: Short,
  /** File it stands in; null: in the line itself. */
  file: v.nullable(Short),
  fields: list(FieldView, 500),
  signatures: list(SignatureView, 200),
  /** Why it cannot be opened; empty when it can. */
  problem: Words,
});
export type SignedView = v.InferOutput<typeof SignedView>;

/** A file that a line names, looked at now. */
export const NamedFileView = v.strictObject({
  name: Short,
  sha256: Sha256Hex,
  state: v.picklist(['matches', 'differs', 'not-there', 'unreadable']),
  note: Words,
});
export type NamedFileView = v.InferOutput<typeof NamedFileView>;

/** The first checkpoint that covers a line. */
export const CoverView = v.strictObject({
  number: Count,
  /** Lines that it covers. */
  size: Count,
  root: Sha256Hex,
  /** Root of as many lines as are there now. */
  holds: Flag,
  signers: list(Short, 200),
  final: Flag,
});
export type CoverView = v.InferOutput<typeof CoverView>;

/** One line in full. */
export const LineDetail = v.strictObject({
  line: Count,
  /** Why it is no line of a transcript; empty when it is one. */
  problem: Words,
  /** The bytes are still those that were verified. */
  same: Flag,
  at: Short,
  type: Short,
  typeWords: Short,
  text: Words,
  step: v.nullable(v.strictObject({ id: Short, title: Short })),
  by: list(v.strictObject({ id: Short, name: Short, roles: list(Role, 10) }), 200),
  fields: list(FieldView, 1_000),
  /** There are more fields, or longer ones, than are shown; the bytes have them. */
  cut: Flag,
  signed: list(SignedView, 20),
  files: list(NamedFileView, 200),
  findings: list(Words, 200),
  /** SHA-256 of the bytes, which the next line repeats as `prev`. */
  sha256: Sha256Hex,
  /** Leaf of the tree: SHA-256 of 0x00 and the bytes. */
  leaf: Sha256Hex,
  cover: v.nullable(CoverView),
  /** Length in bytes, without the LF. */
  bytes: Count,
  /** The bytes as text, up to {@link MAX_RAW}. */
  raw: text(MAX_RAW),
});
export type LineDetail = v.InferOutput<typeof LineDetail>;

/** One of two bundles that are compared. */
export const ComparedView = v.strictObject({
  folder: text(4_096),
  ceremony: Short,
  title: Short,
  mode: v.picklist(['rehearsal', 'production']),
  verdict: v.picklist(['refused', 'incomplete', 'consistent', 'verified']),
  findings: Count,
  outcome: v.nullable(v.picklist(['completed', 'abandoned'])),
  planHash: Sha256Hex,
  began: Short,
  ended: Short,
  /** Milliseconds. */
  durationMs: Count,
  pausedMs: Count,
  lines: Count,
});
export type ComparedView = v.InferOutput<typeof ComparedView>;

/** How a step went in one of them. */
export const StepRunView = v.strictObject({
  /** Place in the order in which steps began, from 0. */
  place: Count,
  attempts: Count,
  began: Short,
  durationMs: Count,
  by: list(Short, 200),
  acts: Count,
  failures: Count,
  status: v.picklist(['complete', 'skipped', 'not complete']),
  /** First and last line. */
  first: Count,
  last: Count,
});
export type StepRunView = v.InferOutput<typeof StepRunView>;

/** An exception in one of them. */
const ExceptionView = v.strictObject({
  line: Count,
  happened: text(4_000),
  decided: text(4_000),
  signers: list(Short, 200),
});

/** Two bundles side by side: `a` is the one that was opened first. */
export const ComparisonView = v.strictObject({
  a: ComparedView,
  b: ComparedView,
  samePlan: Flag,
  sameOrder: Flag,
  steps: list(
    v.strictObject({
      id: Short,
      title: Short,
      place: v.picklist(['same', 'moved', 'only-a', 'only-b', 'neither']),
      a: v.nullable(StepRunView),
      b: v.nullable(StepRunView),
    }),
    2_000,
  ),
  exceptions: list(
    v.strictObject({
      step: v.nullable(Short),
      kind: Short,
      a: v.nullable(ExceptionView),
      b: v.nullable(ExceptionView),
    }),
    500,
  ),
  /** There are more exceptions than are shown. */
  moreExceptions: Flag,
  binding: list(
    v.strictObject({ what: Short, name: Short, a: v.nullable(text(2_000)), b: v.nullable(text(2_000)) }),
    1_000,
  ),
});
export type ComparisonView = v.InferOutput<typeof ComparisonView>;
