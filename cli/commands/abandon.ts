/** `keyrite abandon`: a ceremony that will not be brought to its end is closed, and the record of it signed and sealed. */
import { join } from 'node:path';
import { abandonCeremony } from '../../ceremony/engine/abandon';
import { BundleNotCopied } from '../../ceremony/engine/copy-to-media';
import { standingOf } from '../../ceremony/engine/sessions';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { unrecordableIn } from '../../ceremony/text-forms';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { lockBundle } from '../../workstation/bundle-lock';
import { UsageError } from '../../workstation/explain';
import { existingFolder, readText } from '../../workstation/input';
import { playerOf } from '../../workstation/rehearsal/room';
import { endSurvivors } from '../../workstation/survivors';
import { whatIsLeft } from '../../workstation/what-is-left';
import { runInFolder } from '../ceremony-folder';
import { EXIT, type ExitCode } from '../exit';
import { askAtTerminal, requireTerminal } from '../terminal';
import { say } from '../voice';
import { readArguments, required } from './arguments';
import { hasFirstLine, refuseOtherFolders } from './resume';

/** Longest reason, in UTF-16 code units. */
const MAX_REASON = 4000;

/** Asks once more, gathers those who sign, and closes. No device is touched but the tokens of people. */
export async function abandon(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'DIR', ['reason']);
  const folder = existingFolder(given.operand, 'ceremony');
  const reason = reasonOf(required(given, 'reason'));
  refuseOtherFolders(folder, given.operand);
  if (!hasFirstLine(folder)) {
    throw new UsageError(`no ceremony was begun in ${given.operand}`, 'There is nothing to abandon.');
  }
  const { paused, bindingFile } = await standingOf(new FileBundleFolder(folder));
  if (paused) {
    throw new UsageError(
      `the ceremony in ${given.operand} is paused under seal`,
      `Open its next session first: keyrite resume ${given.operand} --binding B2; then stop it, and abandon it.`,
    );
  }
  const planText = readText(join(folder, 'plan.yaml'), 'plan');
  const bindingText = readText(join(folder, bindingFile), 'binding');
  const documents = { planText, plan: readPlan(planText), bindingText, binding: readBinding(bindingText) };
  if ((await whatIsLeft(folder, documents)).kind !== 'ceremony') {
    throw new UsageError(
      `the ceremony in ${given.operand} is closed and sealed`,
      `There is nothing to abandon. To check it: keyrite verify ${given.operand}`,
    );
  }
  const { binding } = documents.binding;
  if (playerOf(binding) === null) await confirmAtTerminal(binding.ceremony);
  lockBundle(folder);
  // SECURITY(K-30): before any device is read.
  await endSurvivors(binding.ceremony);
  await runInFolder(documents, folder, { kind: 'resumed' }, async (ceremony) => {
    try {
      await abandonCeremony(ceremony, reason);
    } catch (error) {
      // The record is sealed; that a medium is not there is no reason to keep it open.
      if (!(error instanceof BundleNotCopied)) throw error;
      say({ kind: 'warning', text: error.message });
    }
  });
  process.stdout.write(given.json ? `${JSON.stringify({ bundle: folder, ended: 'abandoned' })}\n` : `${folder}\n`);
  return EXIT.good;
}

function reasonOf(text: string): string {
  const reason = text.trim();
  if (reason === '' || reason.length > MAX_REASON) {
    throw new UsageError('--reason is empty or too long', `Say why in 1 to ${String(MAX_REASON)} characters.`);
  }
  const odd = unrecordableIn(reason);
  if (odd !== null) throw new UsageError(`--reason has ${odd} in it`, 'Write it without; it goes on record.');
  return reason;
}

async function confirmAtTerminal(ceremony: string): Promise<void> {
  requireTerminal();
  process.stderr.write(
    `\n  The ceremony ${ceremony} will be closed for good. No step of it can be carried out afterwards, and its bundle\n` +
      '  will say that it was abandoned. Units stay as they are.\n\n',
  );
  const answer = await askAtTerminal('  To go on, type abandon: ');
  if (answer?.toLowerCase() === 'abandon') return;
  throw new UsageError('the ceremony was not abandoned', 'Nothing was changed; it can be resumed.');
}
