/** `keyrite verify`: the verdict on a bundle. */
import { resolve } from 'node:path';
import { spkiOf } from '../../ceremony/bundle/layout';
import { verifyBundle, type VerifyReport } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { EXIT, type ExitCode } from '../exit';
import { UsageError } from '../../workstation/explain';
import { existingFolder, readText } from '../../workstation/input';
import { timestampFindings } from '../../workstation/timestamp-check';
import { progressLine } from '../progress-line';
import { readArguments, type Given } from './arguments';

/** Verifies a bundle. Exit 0 for consistent and verified. */
export async function verify(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'BUNDLE', ['plan-hash', 'approver', 'tsa-ca'], ['approver']);
  const bundle = existingFolder(given.operand, 'bundle');
  const outside = outsideOf(given);
  const ca = given.options['tsa-ca'];
  if (ca !== undefined) certificates(ca);
  const verified = await verifyBundle(new FileBundleFolder(bundle), outside, progressLine(process.stderr));
  const report = ca === undefined ? verified : withTimestamps(verified, bundle, ca);
  if (given.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else print(report, outside.approverKeys.length > 0);
  return report.verdict === 'consistent' || report.verdict === 'verified' ? EXIT.good : EXIT.findings;
}

/** What is given from outside the bundle: a plan hash and approvers' keys, every one of which must match. */
export function outsideOf(given: Given): { readonly planHash?: string; readonly approverKeys: readonly string[] } {
  const planHash = given.options['plan-hash']?.toLowerCase();
  if (planHash !== undefined && !/^[0-9a-f]{64}$/.test(planHash)) {
    throw new UsageError('--plan-hash is not 64 hex digits', 'Give the whole SHA-256 of the plan.');
  }
  const approverKeys = (given.lists['approver'] ?? []).map(publicKey);
  return { ...(planHash === undefined ? {} : { planHash }), approverKeys };
}

/** The report with what openssl says of the timestamps under certificates that are trusted. */
function withTimestamps(report: VerifyReport, bundle: string, ca: string): VerifyReport {
  const found = report.summary === null ? [] : timestampFindings(bundle, report.summary, resolve(ca));
  if (found.length === 0) return report;
  return {
    ...report,
    verdict: 'refused',
    findings: [...report.findings, ...found],
    findingsInAll: report.findingsInAll + found.length,
  };
}

/** @throws UsageError when a file holds no certificate */
function certificates(path: string): void {
  if (!readText(path, 'file of certificates in PEM').includes('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError(`${path} holds no certificate in PEM form`, 'Name the certificate of the authority’s issuer.');
  }
}

/** The text of a PEM file. Throws UsageError when it is no public key. */
function publicKey(path: string): string {
  const pem = readText(path, 'public key in PEM');
  if (spkiOf(pem) === null)
    throw new UsageError(`${path} is not a public key`, 'Name an approver’s public key in PEM.');
  return pem;
}

/** How many of a kind are not listed. */
function printRest(count: number, what: string): void {
  if (count > 0) process.stdout.write(`and ${String(count)} further ${what}\n`);
}

/** Text of a bundle, which may come from anybody: what steers a terminal, or turns text round, stands as its number. */
function plain(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (found) => `[U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}

function print(report: VerifyReport, byKey: boolean): void {
  for (const { where, line, reason } of report.findings) {
    process.stdout.write(`${plain(where)}${line === null ? '' : `, line ${String(line)}`}: ${plain(reason)}\n`);
  }
  printRest(report.findingsInAll - report.findings.length, 'findings');
  for (const { where, reason } of report.missing) process.stdout.write(`${plain(where)}: ${plain(reason)}\n`);
  printRest(report.missingInAll - report.missing.length, 'things missing');
  const { summary } = report;
  if (summary !== null) {
    process.stdout.write(`ceremony    ${summary.ceremony} (${summary.mode})\n`);
    if (summary.outcome === 'abandoned') process.stdout.write('ABANDONED   the ceremony was closed before its end\n');
    process.stdout.write(`plan hash   ${summary.planHash}\n`);
    process.stdout.write(`lines       ${String(summary.lines)}\n`);
    process.stdout.write(`root        ${summary.root}\n            ${summary.rootWords}\n`);
    process.stdout.write(`signed by   ${summary.signers.join(', ')}\n`);
    const cosigners = summary.cosigners.map(({ participant }) => participant);
    // Who signed in the room relied on the operator's screen; who cosigned did not.
    if (cosigners.length > 0) process.stdout.write(`recomputed by ${[...new Set(cosigners)].join(', ')}\n`);
    for (const { number, reason, facts } of summary.addenda) {
      process.stdout.write(
        `addendum ${String(number)}  ${facts.map(({ fact }) => fact).join(', ')}: ${plain(reason)}\n`,
      );
    }
    for (const { genTime } of summary.timestamps) process.stdout.write(`timestamp   ${genTime}\n`);
  }
  if (report.verdict === 'verified' && !byKey) {
    process.stdout.write(
      'A plan hash says that what was done is what was approved; it authenticates only people whose keys the plan pins.\n' +
        'To know who approved, give the key of an approver with --approver.\n',
    );
  }
  process.stdout.write(
    `${report.verdict}, ${String(report.exceptions)} exceptions, ${String(report.withheld)} withheld facts\n`,
  );
}
