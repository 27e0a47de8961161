/** `keyrite check`: a plan is read, and proven to be one that can be carried out. */
import { checkBinding, checkPlan, type Finding } from '../../ceremony/plan/check';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { hexGroups, words } from '../../ceremony/words';
import { EXIT, type ExitCode } from '../exit';
import { readText } from '../input';
import { readArguments } from './arguments';

/** Prints every finding. Exit 1 when one is an error, 2 when the file is no plan. */
export function check(args: string[]): ExitCode {
  const given = readArguments(args, 'PLAN', ['binding']);
  const document = readPlan(readText(given.operand, 'plan'));
  const bindingFile = given.options['binding'];
  const findings = [
    ...checkPlan(document.plan),
    ...(bindingFile === undefined
      ? []
      : checkBinding(document.plan, document.sha256, readBinding(readText(bindingFile, 'binding')).binding)),
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

function line(finding: Finding): string {
  return `${finding.severity} ${finding.step ?? 'plan'} (${finding.rule}): ${finding.message}\n    ${finding.remedy}\n`;
}
