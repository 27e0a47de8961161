/** `keyrite run`: a ceremony with real people in this terminal. */
import { approversOf, refuseMissingApprovals } from '../../ceremony/engine/approvals';
import { refuseErrors, rosterOf, type Documents } from '../../ceremony/engine/open';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { readApprovalFiles } from '../../workstation/approval-files';
import { checkBoundInputs } from '../../workstation/bound-inputs';
import { refuseProduction, runInFolder } from '../ceremony-folder';
import { EXIT, type ExitCode } from '../exit';
import { UsageError } from '../../workstation/explain';
import { emptyFolder, newFolder, readText } from '../../workstation/input';
import { lockBundle } from '../../workstation/bundle-lock';
import { playerOf } from '../../workstation/rehearsal/room';
import { requireTerminal } from '../terminal';
import { readArguments, required } from './arguments';

/** Runs the ceremony to its sealed bundle, or to a pause of the plan; the folder's path is printed last. Whatever can be known beforehand is asked first. */
export async function run(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'PLAN', ['binding', 'out', 'approval'], ['approval']);
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
  const documents = withApprovals({ planText, plan, bindingText, binding }, given.lists['approval'] ?? []);
  emptyFolder(outFolder, 'bundle');
  if (playerOf(binding.binding) === null) requireTerminal();
  const out = newFolder(outFolder, 'bundle');
  lockBundle(out);
  const ended = await runInFolder(documents, out, { kind: 'new' });
  process.stdout.write(given.json ? `${JSON.stringify({ bundle: out, ended })}\n` : `${out}\n`);
  return EXIT.good;
}

/** With the approvals that were given beforehand. Throws CeremonyStopped when the others cannot be had. */
function withApprovals(documents: Documents, files: readonly string[]): Documents {
  const approvers = approversOf(documents, rosterOf(documents));
  const approved = { ...documents, approvals: readApprovalFiles(files, documents, approvers) };
  refuseMissingApprovals(approved, approvers);
  return approved;
}
