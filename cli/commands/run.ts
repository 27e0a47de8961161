/** `keyrite run`: a ceremony with real people in this terminal. */
import { refuseErrors } from '../../ceremony/engine/open';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { checkBoundInputs } from '../bound-inputs';
import { playerOf, refuseProduction, runInFolder } from '../ceremony-folder';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { emptyFolder, newFolder, readText } from '../input';
import { lockBundle } from '../bundle-lock';
import { requireTerminal } from '../terminal';
import { readArguments, required } from './arguments';

/** Runs the ceremony to its sealed bundle, whose path is printed last. Whatever can be known beforehand is asked first. */
export async function run(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'PLAN', ['binding', 'out']);
  const bindingFile = required(given, 'binding');
  const outFolder = required(given, 'out');
  const planText = readText(given.operand, 'plan');
  const bindingText = readText(bindingFile, 'binding');
  const plan = readPlan(planText);
  const binding = readBinding(bindingText);
  if (binding.binding.plan !== plan.sha256) {
    throw new UsageError(
      `${bindingFile} binds another plan: it names the plan hash ${binding.binding.plan}, and ${given.operand} has ${plan.sha256}`,
      'Find out which of the two was changed; a binding belongs to the plan that was approved, to the byte.',
    );
  }
  refuseProduction(binding.binding);
  refuseErrors({ plan, binding });
  checkBoundInputs(plan.plan, binding.binding);
  emptyFolder(outFolder, 'bundle');
  if (playerOf(binding.binding) === null) requireTerminal();
  const out = newFolder(outFolder, 'bundle');
  lockBundle(out);
  await runInFolder({ planText, plan, bindingText, binding }, out, false);
  process.stdout.write(given.json ? `${JSON.stringify({ bundle: out })}\n` : `${out}\n`);
  return EXIT.good;
}
