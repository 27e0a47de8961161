/** `keyrite check`: a plan is read, and proven to be one that can be carried out. */
import type { Binding } from '../../ceremony/plan/binding-schema';
import { checkBinding, checkPlan, type Finding } from '../../ceremony/plan/check';
import { ledgerDifference } from '../../ceremony/plan/check-ledger';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { hexGroups, words } from '../../ceremony/words';
import { EXIT, type ExitCode } from '../exit';
import { UsageError } from '../../workstation/explain';
import { readText } from '../../workstation/input';
import { readArguments } from './arguments';
import { requiredBalance } from './ledger';

/** Prints every finding. Exit 1 when one is an error, 2 when the file is no plan. */
export async function check(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'PLAN', ['binding', 'ledger']);
  const document = readPlan(readText(given.operand, 'plan'));
  const bindingFile = given.options['binding'];
  const binding = bindingFile === undefined ? null : readBinding(readText(bindingFile, 'binding')).binding;
  const findings = [
    ...checkPlan(document.plan),
    ...(binding === null ? [] : checkBinding(document.plan, document.sha256, binding)),
    ...(await ledgerFindings(binding, given.options['ledger'])),
  ];
  const good = findings.every((one) => one.severity !== 'error');
  if (given.json) {
    process.stdout.write(`${JSON.stringify({ good, planSha256: document.sha256, findings })}\n`);
  } else {
    for (const finding of findings) process.stdout.write(line(finding));
    process.stdout.write(`plan hash   ${hexGroups(document.sha256)}\n`);
    process.stdout.write(`            ${words(Buffer.from(document.sha256, 'hex'))}\n`);
    process.stdout.write(good ? 'this plan can be carried out\n' : 'this plan cannot be carried out\n');
  }
  return good ? EXIT.good : EXIT.findings;
}

/** Whether the ledger in the binding is that of the bundle which it was taken from. */
async function ledgerFindings(binding: Binding | null, bundle: string | undefined): Promise<Finding[]> {
  if (bundle === undefined) return [];
  if (binding === null) throw new UsageError('--ledger needs --binding', 'Name the binding that carries the ledger.');
  const difference = ledgerDifference(binding.custody, await requiredBalance(bundle));
  return difference === null ? [] : [difference];
}

function line(finding: Finding): string {
  return `${finding.severity} ${finding.step ?? 'plan'} (${finding.rule}): ${finding.message}\n    ${finding.remedy}\n`;
}
