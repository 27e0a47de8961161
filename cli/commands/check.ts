/** `keyrite check`: a plan is read, and proven to be one that can be carried out. */
import type { Binding } from '../../ceremony/plan/binding-schema';
import { checkBinding, checkPlan, type Finding } from '../../ceremony/plan/check';
import { ledgerDifference } from '../../ceremony/plan/check-ledger';
import { shareSetsDifference } from '../../ceremony/plan/check-share-sets';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import {
  UNIT_CONDITIONS,
  inWords,
  readCondition,
  transition,
  type UnitCondition,
} from '../../ceremony/plan/transition';
import { hexGroups, words } from '../../ceremony/words';
import { EXIT, type ExitCode } from '../exit';
import { UsageError } from '../../workstation/explain';
import { readText } from '../../workstation/input';
import { readArguments } from './arguments';
import { requiredBalance } from './ledger';

/** Prints every finding. Exit 1 when one is an error, 2 when the file is no plan. With `--from` and `--to`: one unit's way. */
export async function check(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'PLAN?', ['binding', 'ledger', 'from', 'to']);
  const { from, to } = given.options;
  if (from !== undefined && to !== undefined && given.operand === '') return checkTransition(from, to, given.json);
  if (from !== undefined || to !== undefined) {
    throw new UsageError('--from and --to go together, and without PLAN', 'See: keyrite help');
  }
  if (given.operand === '') throw new UsageError('PLAN is missing', 'See: keyrite help');
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

/** Whether ledger and sets of shares in the binding are those of the bundle which it was taken from. */
async function ledgerFindings(binding: Binding | null, bundle: string | undefined): Promise<Finding[]> {
  if (bundle === undefined) return [];
  if (binding === null) throw new UsageError('--ledger needs --binding', 'Name the binding that carries the ledger.');
  const balance = await requiredBalance(bundle);
  const differences = [
    ledgerDifference(binding.custody, balance.custody),
    shareSetsDifference(binding.shareSets, balance.shareSets),
  ];
  return differences.filter((one) => one !== null);
}

function line(finding: Finding): string {
  return `${finding.severity} ${finding.step ?? 'plan'} (${finding.rule}): ${finding.message}\n    ${finding.remedy}\n`;
}

/** Whether a unit can get from one condition to another, and by which steps. Exit 1 when it cannot. */
function checkTransition(from: string, to: string, json: boolean): ExitCode {
  const way = transition(conditionIn(from), conditionIn(to));
  if (json) process.stdout.write(`${JSON.stringify(way)}\n`);
  else if (!way.possible) process.stdout.write(`not possible: ${way.why}\n    ${way.instead}\n`);
  else if (way.actions.length === 0) process.stdout.write('possible: it is so already\n');
  else process.stdout.write(`possible: ${way.actions.join(', ')}\n`);
  return way.possible ? EXIT.good : EXIT.findings;
}

function conditionIn(text: string): UnitCondition {
  const found = readCondition(text);
  if (found !== null) return found;
  throw new UsageError(
    `${text} is no condition of a unit`,
    `One of: ${UNIT_CONDITIONS.map(inWords).join('; ')}. A register that is not named is empty.`,
  );
}
