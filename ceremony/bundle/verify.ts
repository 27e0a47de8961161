/**
 * Verification of an evidence bundle: the verdict of DESIGN.md section 8. `docs/evidence-format.md` tells the rules to
 * people who write verifiers of their own; `verify.sh` is the one that goes with every bundle.
 */
import { hex } from '../check-value';
import type { LineWith, RosterEntry } from '../transcript/line';
import { readTranscript, type GoodLine } from '../transcript/read';
import { treeHash } from '../transcript/merkle';
import { words } from '../words';
import { checkCheckpoints, linesOf, type SignedCheckpoint } from './check-checkpoints';
import { checkCommands } from './check-commands';
import { checkFiles } from './check-files';
import { checkApprovals, checkOpening, readDocuments } from './check-opening';
import { checkDepartures, checkExceptions, checkParticipants, checkPresence } from './check-people';
import { checkModules, checkReadings } from './check-readings';
import { checkSteps } from './check-steps';
import { checkSums, readContents, type Contents } from './contents';
import { Findings, type Finding } from './findings';
import { LIMITS, TRANSCRIPT, spkiOf, type BundleReader } from './layout';

export type { Finding } from './findings';
export type { BundleReader } from './layout';
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

/** What the bundle says of itself; what could not be read is null. */
export interface BundleSummary {
  readonly ceremony: string;
  readonly mode: 'rehearsal' | 'production';
  readonly title: string;
  readonly outcome: 'completed' | 'abandoned' | null;
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
}

/** The verdict and everything behind it. */
export interface VerifyReport {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Why it is `incomplete`; empty for a closed bundle. */
  readonly missing: readonly Finding[];
  readonly exceptions: number;
  readonly withheld: number;
  /** Null when not even line 0 could be read. */
  readonly summary: BundleSummary | null;
}

/** Verifies a bundle. Never rejects: whatever goes wrong with hostile content is a finding. */
export async function verifyBundle(bundle: BundleReader, outside: Outside = {}): Promise<VerifyReport> {
  const findings = new Findings();
  let summary: BundleSummary | null = null;
  let exceptions = 0;
  try {
    const contents = await readContents(bundle, findings);
    checkSums(contents, findings);
    const lines = readLines(contents, findings);
    exceptions = linesOf(lines, 'exception.recorded').length;
    summary = checkRecord(lines, contents, outside, findings);
  } catch (error) {
    findings.add('.', null, `the verifier could not go on: ${error instanceof Error ? error.message : String(error)}`);
  }
  const given = outside.planHash !== undefined || (outside.approverKeys ?? []).length > 0;
  const verdict = verdictOf(findings, given);
  return { verdict, findings: findings.wrong, missing: findings.missing, exceptions, withheld: 0, summary };
}

function verdictOf(findings: Findings, given: boolean): Verdict {
  if (findings.wrong.length > 0) return 'refused';
  if (findings.missing.length > 0) return 'incomplete';
  return given ? 'verified' : 'consistent';
}

function readLines(contents: Contents, findings: Findings): readonly GoodLine[] {
  const reading = readTranscript(contents.get(TRANSCRIPT)?.content ?? new Uint8Array(), LIMITS.lines);
  for (const { line, reason } of reading.findings) findings.add(TRANSCRIPT, line, reason);
  if (reading.torn !== null) {
    findings.lacks(TRANSCRIPT, reading.lines.length, 'was not written to its end: the ceremony must be resumed');
  }
  return reading.lines;
}

function checkRecord(
  lines: readonly GoodLine[],
  contents: Contents,
  outside: Outside,
  findings: Findings,
): BundleSummary | null {
  const opening = lines[0]?.line;
  if (opening?.type !== 'ceremony.opened') {
    if (contents.size > 0) findings.add(TRANSCRIPT, 0, 'the first line is not ceremony.opened');
    else findings.add('.', null, 'is empty');
    return null;
  }
  const documents = readDocuments(opening, contents, findings);
  checkOpening(opening, documents, contents, findings);
  checkFrame(lines, findings);
  checkParticipants(opening, lines, findings);
  checkPresence(opening, lines, findings);
  checkReadings(lines, findings);
  checkFiles(opening, lines, contents, findings);
  const checkpoints = checkCheckpoints(opening, lines, contents, findings);
  checkDepartures(lines, checkpoints, findings);
  if (documents !== null) {
    checkSignOff(lines, documents.plan.signOff.wording, findings);
    checkExceptions(opening, lines, documents.plan, findings);
    checkModules(lines, documents.binding, findings);
    checkSteps(opening, lines, documents, checkpoints, contents, findings);
    checkCommands(opening, lines, documents, findings);
    checkOutside(opening, checkApprovals(opening, documents, contents, findings), outside, findings);
  }
  return summarise(opening, lines, checkpoints);
}

/** Line 0 opens, the last line closes and counts right, and neither stands anywhere else. */
function checkFrame(lines: readonly GoodLine[], findings: Findings): void {
  for (const { line } of lines.slice(1)) {
    if (line.type === 'ceremony.opened') findings.add(TRANSCRIPT, line.seq, 'opens the ceremony again');
  }
  for (const { line } of lines.slice(0, -1)) {
    if (line.type === 'ceremony.closed') findings.add(TRANSCRIPT, line.seq, 'closes the ceremony, but lines follow');
  }
  const last = lines.at(-1)?.line;
  if (last?.type !== 'ceremony.closed') {
    findings.lacks(TRANSCRIPT, null, 'the ceremony is not closed');
    return;
  }
  if (last.body.exceptions !== linesOf(lines, 'exception.recorded').length || last.body.withheld !== 0) {
    findings.add(TRANSCRIPT, last.seq, 'counts exceptions or withheld facts wrongly');
  }
}

/** What people signed below is what the plan told them that they would sign. */
function checkSignOff(lines: readonly GoodLine[], wording: string, findings: Findings): void {
  for (const line of linesOf(lines, 'ceremony.closed')) {
    if (line.body.signOff !== wording) findings.add(TRANSCRIPT, line.seq, 'the wording is not that of the plan');
  }
}

function checkOutside(
  opening: LineWith<'ceremony.opened'>,
  approved: readonly string[],
  outside: Outside,
  findings: Findings,
): void {
  if (outside.planHash !== undefined && outside.planHash.toLowerCase() !== opening.body.plan.sha256) {
    findings.add('outside', null, `the plan hash given is not that of the bundle, ${opening.body.plan.sha256}`);
  }
  for (const key of outside.approverKeys ?? []) {
    const spki = spkiOf(key);
    if (spki === null || !approved.includes(spki)) {
      findings.add('outside', null, "a key given as an approver's did not approve this plan and binding");
    }
  }
}

function summarise(
  { body }: LineWith<'ceremony.opened'>,
  lines: readonly GoodLine[],
  checkpoints: readonly SignedCheckpoint[],
): BundleSummary {
  const root = treeHash(lines.map(({ bytes }) => bytes));
  const last = lines.at(-1)?.line;
  return {
    ceremony: body.ceremony,
    mode: body.mode,
    title: body.title,
    outcome: last?.type === 'ceremony.closed' ? last.body.outcome : null,
    planHash: body.plan.sha256,
    bindingHash: body.binding.sha256,
    lines: lines.length,
    root: hex(root),
    rootWords: words(root),
    planHashWords: words(Buffer.from(body.plan.sha256, 'hex')),
    roster: body.roster,
    signers: checkpoints.find(({ final }) => final)?.signers ?? [],
    checkpoints,
  };
}
