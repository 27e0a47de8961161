/** `keyrite resume`: going on after a crash, a stop or a power cut. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { playerOf, runInFolder } from '../ceremony-folder';
import { lockBundle } from '../bundle-lock';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { existingFolder, readText } from '../input';
import { endSurvivors } from '../survivors';
import { requireTerminal } from '../terminal';
import { leaveThrowAwayRoom } from '../rehearsal/room';
import { readArguments } from './arguments';

/** Reads the record, ends what the killed run left behind, reads every device again, and goes on. */
export async function resume(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'DIR', []);
  const folder = existingFolder(given.operand, 'ceremony');
  refuseOtherFolders(folder, given.operand);
  const planText = readText(join(folder, 'plan.yaml'), 'plan');
  const bindingText = readText(join(folder, 'binding.yaml'), 'binding');
  const documents = { planText, plan: readPlan(planText), bindingText, binding: readBinding(bindingText) };
  if (playerOf(documents.binding.binding) === null) requireTerminal();
  // Before anything else: a run that is still alive must not lose its workers.
  lockBundle(folder);
  // SECURITY(K-30): before any device is read.
  const ended = await endSurvivors(documents.binding.binding.ceremony);
  if (ended.length > 0) process.stderr.write(`${String(ended.length)} processes of the killed run were ended first\n`);
  await runInFolder(documents, folder, hasFirstLine(folder));
  const { room } = documents.binding.binding;
  if (room !== undefined) leaveThrowAwayRoom(room);
  process.stdout.write(given.json ? `${JSON.stringify({ bundle: folder })}\n` : `${folder}\n`);
  return EXIT.good;
}

function refuseOtherFolders(folder: string, given: string): void {
  for (const name of ['plan.yaml', 'binding.yaml']) {
    if (existsSync(join(folder, name))) continue;
    throw new UsageError(
      `${given} holds no ceremony: ${name} is missing`,
      'If a ceremony was begun in it, no device was touched under it: start it again in an empty folder.',
    );
  }
  if (existsSync(join(folder, 'SHA256SUMS'))) {
    throw new UsageError(
      `the ceremony in ${given} is closed and sealed`,
      `Nothing is left to do. To check it: keyrite verify ${given}. A medium without its copy gets one by hand: copy the whole folder.`,
    );
  }
}

/** Whether line 0 was written whole; before it nothing was done to any device. */
function hasFirstLine(folder: string): boolean {
  const transcript = join(folder, 'transcript.jsonl');
  return existsSync(transcript) && readFileSync(transcript).includes(0x0a);
}
