/** `keyrite verify`: the verdict on a bundle. */
import { spkiOf } from '../../ceremony/bundle/layout';
import { verifyBundle, type VerifyReport } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../bundle-folder';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { existingFolder, readText } from '../input';
import { readArguments } from './arguments';

/** Verifies a bundle. Exit 0 for consistent and verified. */
export async function verify(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'BUNDLE', ['plan-hash', 'approver'], ['approver']);
  const bundle = existingFolder(given.operand, 'bundle');
  const planHash = given.options['plan-hash']?.toLowerCase();
  if (planHash !== undefined && !/^[0-9a-f]{64}$/.test(planHash)) {
    throw new UsageError('--plan-hash is not 64 hex digits', 'Give the whole SHA-256 of the plan.');
  }
  // Every one of them must match.
  const approverKeys = (given.lists['approver'] ?? []).map(publicKey);
  const report = await verifyBundle(new FileBundleFolder(bundle), {
    ...(planHash === undefined ? {} : { planHash }),
    approverKeys,
  });
  if (given.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else print(report, approverKeys.length > 0);
  return report.verdict === 'consistent' || report.verdict === 'verified' ? EXIT.good : EXIT.findings;
}

/** The text of a PEM file. Throws UsageError when it is no public key. */
function publicKey(path: string): string {
  const pem = readText(path, 'public key in PEM');
  if (spkiOf(pem) === null)
    throw new UsageError(`${path} is not a public key`, 'Name an approver’s public key in PEM.');
  return pem;
}

function print(report: VerifyReport, byKey: boolean): void {
  for (const { where, line, reason } of report.findings) {
    process.stdout.write(`${where}${line === null ? '' : `, line ${String(line)}`}: ${reason}\n`);
  }
  for (const { where, reason } of report.missing) process.stdout.write(`${where}: ${reason}\n`);
  const { summary } = report;
  if (summary !== null) {
    process.stdout.write(`ceremony    ${summary.ceremony} (${summary.mode})\n`);
    process.stdout.write(`plan hash   ${summary.planHash}\n`);
    process.stdout.write(`lines       ${String(summary.lines)}\n`);
    process.stdout.write(`root        ${summary.root}\n            ${summary.rootWords}\n`);
    process.stdout.write(`signed by   ${summary.signers.join(', ')}\n`);
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
