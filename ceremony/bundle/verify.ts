/**
 * Verification of an evidence bundle: the verdict of DESIGN.md section 8. `docs/evidence-format.md` tells the rules to
 * people who write verifiers of their own; `verify.sh` is the one that goes with every bundle.
 */
import { createHash } from 'node:crypto';
import { hex } from '../check-value';
import type { Binding } from '../plan/binding-schema';
import type { LineWith, RosterEntry } from '../transcript/line';
import { TranscriptStream, type GoodLine, type LineFinding, type LineTaker } from '../transcript/read';
import { RosterSoFar } from '../transcript/roster-so-far';
import { words } from '../words';
import { NO_ADDENDA, checkAddenda, checkTimestampRequests, type AddendaSummary } from './check-addenda';
import { CheckpointCheck, type SignedCheckpoint } from './check-checkpoints';
import { ClockCheck } from './check-clock';
import { CommandCheck } from './check-commands';
import type { LedgerObject } from '../custody/ledger';
import type { KeptSet } from '../custody/share-sets';
import { CustodyCheck } from './check-custody';
import { CustodyFormCheck } from './check-custody-forms';
import { EnrolmentCheck } from './check-enrolment';
import { FileCheck } from './check-files';
import { FrameCheck, SignOffCheck } from './check-frame';
import { checkApprovals, checkOpening, readDocuments, type Documents, type HeldApproval } from './check-opening';
import { ExportCheck } from './check-export';
import { PauseCheck } from './check-pauses';
import { DepartureCheck, ExceptionCheck, ParticipantCheck, PresenceCheck, RaisedCheck } from './check-people';
import { ModuleCheck, ReadingCheck } from './check-readings';
import { RotationCheck } from './check-rotation';
import { ShareCheck } from './check-shares';
import { SessionCheck } from './check-sessions';
import { StepCheck } from './check-steps';
import { TakingOverCheck } from './check-taking-over';
import { checkSums, readContents, type Contents } from './contents';
import { closedCheckpoint } from './cosignature';
import { Findings, type Finding } from './findings';
import { TRANSCRIPT, piecesOf, spkiOf, type BundleReader } from './layout';
import { PresentPeople } from './present-people';
import { WitnessCheck } from './check-witness';
import type { LineCheck } from './line-check';

export type { Finding } from './findings';
export type { BundleReader } from './layout';
export type { AddendaSummary } from './check-addenda';
export type { SignedCheckpoint } from './check-checkpoints';

/** `refused`: something does not hold. `incomplete`: not closed. `consistent`: everything holds, by the bundle's own word. `verified`: and what was given from outside matches. */
export type Verdict = 'refused' | 'incomplete' | 'consistent' | 'verified';

/** What a verifier knows from elsewhere than the bundle. */
export interface Outside {
  /** The plan hash, 64 hex digits in either case. */
  readonly planHash?: string;
  /** Public keys of approvers: PEM, or base64 of DER SubjectPublicKeyInfo. */
  readonly approverKeys?: readonly string[];
}

/** What the bundle says of itself, and of what came after its close; what could not be read is null. */
export interface BundleSummary extends AddendaSummary {
  readonly ceremony: string;
  readonly mode: 'rehearsal' | 'production';
  readonly title: string;
  readonly outcome: 'completed' | 'abandoned' | null;
  /** Time of the closing line, RFC 3339; null while the ceremony is not closed. */
  readonly closedAt: string | null;
  readonly planHash: string;
  readonly bindingHash: string;
  readonly lines: number;
  /** Tree hash over all lines, lower-case hex, and in PGP words. */
  readonly root: string;
  readonly rootWords: string;
  readonly planHashWords: string;
  readonly roster: readonly RosterEntry[];
  /** People whose signature on the last checkpoint holds. */
  readonly signers: readonly string[];
  readonly checkpoints: readonly SignedCheckpoint[];
  /** Whose approval of plan and binding holds, for each session that brought a binding, the first one first. */
  readonly approvals: readonly SessionApprovals[];
  /** The custody ledger as the last line leaves it, by the order of ids. */
  readonly custody: readonly LedgerObject[];
  /** The sets of shares as the last line leaves them, in the order in which they were made. */
  readonly shareSets: readonly KeptSet[];
}

/** Approvals of one session's binding. */
export interface SessionApprovals {
  /** From 1, the session of line 0. */
  readonly session: number;
  /** Ids of the approvers. */
  readonly approvers: readonly string[];
}

/** The verdict and everything behind it. */
export interface VerifyReport {
  readonly verdict: Verdict;
  /** The first 10,000 findings. */
  readonly findings: readonly Finding[];
  /** How many findings there are. */
  readonly findingsInAll: number;
  /** Why it is `incomplete`, the first 10,000 reasons; empty for a closed bundle. */
  readonly missing: readonly Finding[];
  /** How many reasons there are. */
  readonly missingInAll: number;
  readonly exceptions: number;
  readonly withheld: number;
  /** Null when not even line 0 could be read. */
  readonly summary: BundleSummary | null;
}

/** How far the reading of a transcript has come. */
export interface VerifyProgress {
  readonly lines: number;
  readonly bytes: number;
  /** Length of the transcript in bytes; null where the reader does not tell it. */
  readonly total: number | null;
}

/**
 * Verifies a bundle. Never rejects: whatever goes wrong with hostile content is a finding.
 *
 * All files but the transcript come first: those that rules look at are kept, the others hashed. Then the transcript goes
 * by, line by line, through all rules; line 0 says which. Memory does not grow with its length.
 *
 * @param watch is told from time to time how far it has come
 */
export async function verifyBundle(
  bundle: BundleReader,
  outside: Outside = {},
  watch: (progress: VerifyProgress) => void = () => undefined,
): Promise<VerifyReport> {
  const findings = new Findings();
  let record: RecordCheck | null = null;
  let summary: BundleSummary | null = null;
  try {
    const contents = await readContents(bundle, findings);
    record = new RecordCheck(contents, outside, findings);
    checkSums(contents, await readLines(bundle, contents, record, watch), findings);
    summary = record.end();
    if (summary !== null) summary = { ...summary, ...(await checkLater(bundle, contents, summary, findings)) };
  } catch (error) {
    findings.add('.', null, `the verifier could not go on: ${error instanceof Error ? error.message : String(error)}`);
  }
  const given = outside.planHash !== undefined || (outside.approverKeys ?? []).length > 0;
  return {
    verdict: verdictOf(findings, given),
    findings: findings.wrong,
    findingsInAll: findings.wrongInAll,
    missing: findings.missing,
    missingInAll: findings.missingInAll,
    exceptions: record?.exceptions ?? 0,
    withheld: 0,
    summary,
  };
}

function verdictOf(findings: Findings, given: boolean): Verdict {
  if (findings.wrongInAll > 0) return 'refused';
  if (findings.missingInAll > 0) return 'incomplete';
  return given ? 'verified' : 'consistent';
}

/** Takes the transcript's lines through the record's rules. Returns its SHA-256; null when it was not read to its end. */
async function readLines(
  bundle: BundleReader,
  contents: Contents,
  record: RecordCheck,
  watch: (progress: VerifyProgress) => void,
): Promise<string | null> {
  if (!contents.has(TRANSCRIPT)) return null;
  const stream = new TranscriptStream(record);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const total = (await bundle.size?.(TRANSCRIPT)) ?? null;
    for await (const piece of piecesOf(bundle, TRANSCRIPT)) {
      hash.update(piece);
      bytes += piece.length;
      // SECURITY(K-25): what comes after a line that cannot be read is not read either, however much it is.
      if (!stream.push(piece)) return null;
      watch({ lines: stream.lines, bytes, total });
    }
  } catch (error) {
    record.fail(error);
    return null;
  }
  if (stream.torn() !== null) record.tear(stream.lines);
  return hash.digest('hex');
}

/** What came after the close: addenda, and the request for a timestamp, which is made at the close. */
function checkLater(
  bundle: BundleReader,
  contents: Contents,
  summary: BundleSummary,
  findings: Findings,
): Promise<AddendaSummary> {
  const { closedAt, checkpoints, roster } = summary;
  const files = new Map(
    [...contents].flatMap(([name, { sha256 }]) => (sha256 === null ? [] : [[name, sha256] as const])),
  );
  const final = checkpoints.find((one) => one.final);
  const closed =
    closedAt === null || final === undefined ? null : { ...closedCheckpoint(summary, final), at: closedAt };
  checkTimestampRequests(files, closed, findings);
  return checkAddenda({ bundle, files, roster, closed }, findings);
}

/** The rules of the record, fed line by line: line 0 says what they are held against. */
class RecordCheck implements LineTaker {
  private readonly contents: Contents;
  private readonly outside: Outside;
  private readonly findings: Findings;
  private readonly frame: FrameCheck;
  private opened: OpenedRecord | null = null;
  private lines = 0;
  private last: GoodLine['line'] | null = null;

  constructor(contents: Contents, outside: Outside, findings: Findings) {
    this.contents = contents;
    this.outside = outside;
    this.findings = findings;
    this.frame = new FrameCheck(findings);
  }

  get exceptions(): number {
    return this.frame.exceptions;
  }

  take(good: GoodLine): void {
    const { line } = good;
    if (this.lines === 0 && line.type === 'ceremony.opened') {
      this.opened = openRecord(line, this.frame, this.contents, this.outside, this.findings);
    }
    this.lines += 1;
    this.last = line;
    for (const check of this.opened?.checks ?? []) check.take(good);
  }

  find({ line, reason }: LineFinding): void {
    this.findings.add(TRANSCRIPT, line, reason);
  }

  /** The transcript cannot be read, or no further. */
  fail(error: unknown): void {
    this.findings.add(TRANSCRIPT, null, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** The line after the last was not written to its end. */
  tear(line: number): void {
    this.findings.lacks(TRANSCRIPT, line, 'was not written to its end: the ceremony must be resumed');
  }

  /** After the last line. */
  end(): BundleSummary | null {
    if (this.opened === null) {
      if (this.contents.size > 0) this.findings.add(TRANSCRIPT, 0, 'the first line is not ceremony.opened');
      else this.findings.add('.', null, 'is empty');
      return null;
    }
    const closing = this.last?.type === 'ceremony.closed' ? this.last : null;
    for (const check of this.opened.checks) check.end(closing);
    return summarise(this.opened, this.lines, closing);
  }
}

/** Line 0 and the rules that it leads to. */
interface OpenedRecord {
  readonly opening: LineWith<'ceremony.opened'>;
  readonly roster: RosterSoFar;
  readonly checkpoints: CheckpointCheck;
  /** Approvals of the first binding that hold. */
  readonly approvals: readonly HeldApproval[];
  /** Null when plan or binding cannot be read. */
  readonly sessions: SessionCheck | null;
  /** Null where plan or binding cannot be read. */
  readonly custody: CustodyCheck | null;
  /** Null where plan or binding cannot be read. */
  readonly shares: ShareCheck | null;
  /** In the order in which they take a line, and end. */
  readonly checks: readonly LineCheck[];
}

/** Checks line 0 against the files, and makes the rules for it and the lines to come. */
function openRecord(
  opening: LineWith<'ceremony.opened'>,
  frame: FrameCheck,
  contents: Contents,
  outside: Outside,
  findings: Findings,
): OpenedRecord {
  const documents = readDocuments(opening, contents, findings);
  checkOpening(opening, documents, contents, findings);
  const roster = new RosterSoFar(opening.body.roster);
  const there = new PresentPeople(roster);
  const checkpoints = new CheckpointCheck(opening, roster, contents, findings);
  const signed = (): readonly SignedCheckpoint[] => checkpoints.checkpoints;
  const preflights = documents?.plan.steps.filter(({ action }) => action === 'preflight') ?? [];
  const sessions = documents === null ? null : sessionsOf(opening, documents, contents, outside, roster, findings);
  const checks: LineCheck[] = [
    frame,
    // The first two see to the roster, which all others look at.
    ...(sessions === null || documents === null
      ? []
      : [sessions, new EnrolmentCheck(opening, documents.plan, roster, there, contents, findings)]),
    there,
    new ParticipantCheck(roster, findings),
    new PresenceCheck(opening, roster, findings),
    new RaisedCheck(findings),
    new WitnessCheck(roster, there, findings),
    new FileCheck(opening, roster, contents, findings),
    checkpoints,
    // Those that follow look at the checkpoints when they end.
    new DepartureCheck(opening, roster, there, new Set(preflights.map(({ id }) => id)), signed, findings),
  ];
  let approvals: readonly HeldApproval[] = [];
  let custody: CustodyCheck | null = null;
  let shares: ShareCheck | null = null;
  if (documents !== null && sessions !== null) {
    const { plan } = documents;
    const binding = (): Binding => sessions.binding;
    custody = new CustodyCheck(opening, documents, binding, roster, there, findings);
    shares = new ShareCheck(opening, documents, binding, roster, there, findings);
    const commands = new CommandCheck(opening, roster, documents, binding, findings);
    checks.push(
      custody,
      shares,
      new CustodyFormCheck(plan, binding, roster, findings),
      new SignOffCheck(plan.signOff.wording, findings),
      new ExceptionCheck(opening, roster, plan, findings),
      new ModuleCheck(plan, binding, findings),
      new ExportCheck(plan, contents, findings),
      new StepCheck({ documents, ceremony: opening.body.ceremony, contents, roster, findings }, roster, signed),
      new TakingOverCheck(plan, binding, roster, findings),
      new PauseCheck(plan, findings),
      new ClockCheck(opening, plan, binding, findings),
      commands,
      new RotationCheck(plan, contents, findings),
      // It looks at the units as the line before left them, or as this line's own act did.
      new ReadingCheck((name) => commands.unit(name), findings),
    );
    approvals = checkApprovals(opening, documents, contents, findings);
    checkOutside(opening, approvals, outside, findings);
  }
  return { opening, roster, checkpoints, approvals, sessions, custody, shares, checks };
}

function sessionsOf(
  opening: LineWith<'ceremony.opened'>,
  documents: Documents,
  contents: Contents,
  outside: Outside,
  roster: RosterSoFar,
  findings: Findings,
): SessionCheck {
  const approverKeys = (outside.approverKeys ?? []).map(spkiOf);
  return new SessionCheck({ opening, documents, contents, findings, approverKeys }, roster);
}

function checkOutside(
  opening: LineWith<'ceremony.opened'>,
  approved: readonly HeldApproval[],
  outside: Outside,
  findings: Findings,
): void {
  if (outside.planHash !== undefined && outside.planHash.toLowerCase() !== opening.body.plan.sha256) {
    findings.add('outside', null, `the plan hash given is not that of the bundle, ${opening.body.plan.sha256}`);
  }
  for (const key of outside.approverKeys ?? []) {
    const spki = spkiOf(key);
    if (spki === null || !approved.some((one) => one.spki === spki)) {
      findings.add('outside', null, "a key given as an approver's did not approve this plan and binding");
    }
  }
}

function summarise(
  { opening: { body }, roster, checkpoints, approvals, sessions, custody, shares }: OpenedRecord,
  lines: number,
  closing: LineWith<'ceremony.closed'> | null,
): BundleSummary {
  const { root } = checkpoints;
  return {
    ceremony: body.ceremony,
    mode: body.mode,
    title: body.title,
    outcome: closing?.body.outcome ?? null,
    closedAt: closing?.at ?? null,
    planHash: body.plan.sha256,
    bindingHash: body.binding.sha256,
    lines,
    root: hex(root),
    rootWords: words(root),
    planHashWords: words(Buffer.from(body.plan.sha256, 'hex')),
    roster: roster.entries(),
    signers: checkpoints.checkpoints.find(({ final }) => final)?.signers ?? [],
    checkpoints: checkpoints.checkpoints,
    approvals: [[1, approvals] as const, ...(sessions?.approvals ?? [])].map(([session, held]) => ({
      session,
      approvers: held.map(({ approver }) => approver),
    })),
    custody: custody?.balance ?? [],
    shareSets: shares?.balance ?? [],
    ...NO_ADDENDA,
  };
}
