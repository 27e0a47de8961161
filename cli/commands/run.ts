/** `keyrite run`: a ceremony with real people in this terminal. */
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { runInFolder } from '../ceremony-folder';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { newFolder, readText } from '../input';
import { lockBundle } from '../bundle-lock';
import { readArguments, required } from './arguments';

/** Runs the ceremony to its sealed bundle, whose path is printed last. */
export async function run(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'PLAN', ['binding', 'out']);
  const planText = readText(given.operand, 'plan');
  const bindingText = readText(required(given, 'binding'), 'binding');
  const plan = readPlan(planText);
  const binding = readBinding(bindingText);
  if (binding.binding.plan !== plan.sha256) {
    throw new UsageError('the binding belongs to another plan', `Its plan hash is ${binding.binding.plan}.`);
  }
  const out = newFolder(required(given, 'out'), 'bundle');
  lockBundle(out);
  await runInFolder({ planText, plan, bindingText, binding }, out, false);
  process.stdout.write(given.json ? `${JSON.stringify({ bundle: out })}\n` : `${out}\n`);
  return EXIT.good;
}
