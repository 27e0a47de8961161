/** The verdict on a bundle, with what is known from elsewhere, for the main window. */
import { spkiSha256 } from '../../ceremony/command/dsse';
import { spkiOf } from '../../ceremony/bundle/layout';
import type { Finding, VerifyReport } from '../../ceremony/bundle/verify';
import type { VerifyView } from '../../ipc/view';
import { UsageError } from '../../workstation/explain';
import { readText } from '../../workstation/input';
import { cutTo } from './audit-text';

/** Longest place, reason or name of hostile content that is shown, in UTF-16 code units. */
const MAX_TEXT = 1_001;
/** Most findings that are listed with the verdict; each line has its own in the walk. */
const MAX_LISTED = 200;
/** Most approvers' keys that are taken: a plan asks for far fewer. */
const MAX_KEYS = 100;

/** What was given from outside the bundle. */
export interface GivenFromOutside {
  readonly planHash: string | null;
  readonly planHashFrom: VerifyView['planHashFrom'];
  /** Approvers' public keys in PEM. Every one of them must match. */
  readonly approverKeys: readonly string[];
}

/** A verdict as the window shows it. `leadsTo`: line to look at for a finding; null where there is none. */
export function verifyView(
  folder: string,
  given: GivenFromOutside,
  report: VerifyReport,
  leadsTo: (finding: Finding) => number | null,
): VerifyView {
  const { summary } = report;
  // SECURITY(K-69): a bundle comes from anybody, and findings quote it.
  const shown = (findings: readonly Finding[]): VerifyView['findings'] =>
    findings.slice(0, MAX_LISTED).map((finding) => ({
      where: cutTo(finding.where, MAX_TEXT),
      line: finding.line,
      reason: cutTo(finding.reason, MAX_TEXT),
      leadsTo: leadsTo(finding),
    }));
  return {
    folder,
    planHash: given.planHash,
    planHashFrom: given.planHashFrom,
    approverKeys: given.approverKeys.map((pem) => spkiSha256(spkiOf(pem) ?? '')),
    verdict: report.verdict,
    findings: shown(report.findings),
    findingsInAll: report.findingsInAll,
    missing: shown(report.missing),
    missingInAll: report.missingInAll,
    exceptions: report.exceptions,
    withheld: report.withheld,
    summary: summary === null ? null : summaryView(summary),
  };
}

function summaryView(summary: NonNullable<VerifyReport['summary']>): NonNullable<VerifyView['summary']> {
  const { ceremony, mode, title, outcome, planHash, planHashWords, lines, root, rootWords } = summary;
  const names = new Map(summary.roster.map(({ id, name }) => [id, cutTo(name, 200)]));
  const named = (ids: readonly string[]): string[] => ids.map((id) => names.get(id) ?? cutTo(id, 200));
  return {
    ...{ ceremony, mode, title: cutTo(title, 300), outcome, planHash, planHashWords, lines, root, rootWords },
    signers: named(summary.signers),
    roster: summary.roster.map(({ id, name, roles }) => ({ id, name: cutTo(name, 200), roles: [...roles] })),
    checkpoints: summary.checkpoints.map(({ number, size, root: covered, step, signers, final }) => ({
      ...{ number, size, root: covered, step, final },
      signers: named(signers),
    })),
    cosigners: summary.cosigners.slice(0, MAX_LISTED).map(({ participant, at, verdict }) => ({
      name: named([participant])[0] ?? '',
      at,
      verdict,
    })),
    addenda: summary.addenda.slice(0, MAX_LISTED).map(({ number, reason, at, signers }) => ({
      ...{ number, at: cutTo(at, 40) },
      reason: cutTo(reason, MAX_TEXT),
      signers: named(signers),
    })),
    timestamps: summary.timestamps.slice(0, MAX_LISTED).map(({ addendum, file, genTime }) => ({
      ...{ addendum, file: cutTo(file, 255), genTime: cutTo(genTime, 40) },
    })),
  };
}

/**
 * An approver's public key.
 *
 * @param taken keys that were taken already
 * @throws UsageError when the file is no public key, was taken already, or is one too many
 */
export function readApproverKey(file: string, taken: readonly string[]): string {
  const pem = readText(file, 'public key in PEM');
  const spki = spkiOf(pem);
  if (spki === null) throw new UsageError(`${file} is not a public key`, 'Name an approver’s public key in PEM.');
  if (taken.some((one) => spkiOf(one) === spki)) {
    throw new UsageError(`${file} holds a key that was taken already`, 'Name the key of another approver.');
  }
  if (taken.length >= MAX_KEYS) {
    throw new UsageError(`${String(MAX_KEYS)} keys were taken`, 'Forget the keys that were taken, and begin again.');
  }
  return pem;
}
