/** `keyrite dry-run`: the PKCS#11 calls of a plan in order, no device touched. */
import { checkPlan } from '../../ceremony/plan/check';
import { dryRun } from '../../ceremony/plan/dry-run';
import { readPlan } from '../../ceremony/plan/read';
import { PlanRefused } from '../../ceremony/engine/open';
import { EXIT, type ExitCode } from '../exit';
import { readText } from '../../workstation/input';
import { readArguments } from './arguments';

/** Prints the calls. A plan that cannot be carried out has none. */
export function dryRunPlan(args: string[]): ExitCode {
  const given = readArguments(args, 'PLAN', []);
  const { plan, sha256 } = readPlan(readText(given.operand, 'plan'));
  const errors = checkPlan(plan).filter((one) => one.severity === 'error');
  if (errors.length > 0) throw new PlanRefused(errors);
  const calls = dryRun(plan);
  if (given.json) process.stdout.write(`${JSON.stringify({ planSha256: sha256, calls })}\n`);
  else process.stdout.write(`${calls.join('\n')}\n`);
  return EXIT.good;
}
