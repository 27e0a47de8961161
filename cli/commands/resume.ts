/** `keyrite resume`: going on after a crash, a stop or a power cut; with `--binding`, after a pause under seal. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { approversOf, refuseMissingApprovals } from '../../ceremony/engine/approvals';
import { rosterOf, type Documents } from '../../ceremony/engine/open';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { checkSession, standingOf, type SessionStanding } from '../../ceremony/engine/sessions';
import { readApprovalFiles } from '../../workstation/approval-files';
import { checkBoundInputs } from '../../workstation/bound-inputs';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { runInFolder, type Beginning } from '../ceremony-folder';
import { lockBundle } from '../../workstation/bundle-lock';
import { EXIT, type ExitCode } from '../exit';
import { UsageError } from '../../workstation/explain';
import { existingFolder, readText } from '../../workstation/input';
import { endSurvivors } from '../../workstation/survivors';
import { requireTerminal } from '../terminal';
import { leaveThrowAwayRoom, playerOf } from '../../workstation/rehearsal/room';
import { whatIsLeft } from '../../workstation/what-is-left';
import { readArguments } from './arguments';

/** Reads the record, ends what the killed run left behind, reads every device again, and goes on. */
export async function resume(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'DIR', ['binding', 'approval'], ['approval']);
  const folder = existingFolder(given.operand, 'ceremony');
  refuseOtherFolders(folder, given.operand);
  const standing = await standingOf(new FileBundleFolder(folder));
  const next = given.options['binding'] ?? null;
  refuseWrongBinding(standing, next, given.operand);
  const inForce = readText(join(folder, standing.bindingFile), 'binding');
  const planText = readText(join(folder, 'plan.yaml'), 'plan');
  const bindingText = next === null ? inForce : readText(next, 'binding');
  const documents = { planText, plan: readPlan(planText), bindingText, binding: readBinding(bindingText) };
  await refuseFinished(folder, given.operand, documents);
  if (next !== null) checkBoundInputs(documents.plan.plan, documents.binding.binding);
  const begins = beginning(folder, next === null ? null : inForce);
  const approved = await withApprovals(documents, given.lists['approval'] ?? [], begins, folder);
  if (playerOf(documents.binding.binding) === null) requireTerminal();
  // Before anything else: a run that is still alive must not lose its workers.
  lockBundle(folder);
  // SECURITY(K-30): before any device is read.
  const ended = await endSurvivors(documents.binding.binding.ceremony);
  if (ended.length > 0) process.stderr.write(`${String(ended.length)} processes of the killed run were ended first\n`);
  const outcome = await runInFolder(approved, folder, begins);
  const { room } = documents.binding.binding;
  if (room !== undefined && outcome === 'closed') leaveThrowAwayRoom(room);
  process.stdout.write(given.json ? `${JSON.stringify({ bundle: folder, ended: outcome })}\n` : `${folder}\n`);
  return EXIT.good;
}

/**
 * With approvals that were given beforehand, where a session or the whole ceremony is yet to be opened.
 *
 * @throws UsageError for a file that is no approval, or where nothing is left to approve
 */
async function withApprovals(
  documents: Documents,
  files: readonly string[],
  begins: Beginning,
  folder: string,
): Promise<Documents> {
  if (begins.kind === 'resumed') {
    if (files.length === 0) return documents;
    throw new UsageError('plan and binding of this ceremony are approved already', 'Leave --approval out.');
  }
  const approvers =
    begins.kind === 'session'
      ? await checkSession(begins.first, documents, new FileBundleFolder(folder))
      : approversOf(documents, rosterOf(documents));
  const approved = { ...documents, approvals: readApprovalFiles(files, documents, approvers) };
  // What a start before left in the folder counts too, which the engine looks at.
  if (begins.kind === 'session') refuseMissingApprovals(approved, approvers);
  return approved;
}

/** @param first text of the binding in force until the pause; null where no new session begins */
function beginning(folder: string, first: string | null): Beginning {
  if (first !== null) return { kind: 'session', first: readBinding(first).binding };
  return { kind: hasFirstLine(folder) ? 'resumed' : 'new' };
}

/** A ceremony that is paused goes on with a new binding, and any other with the one that it has. */
function refuseWrongBinding(standing: SessionStanding, next: string | null, given: string): void {
  if (standing.paused && next === null) {
    throw new UsageError(
      `the ceremony in ${given} is paused under seal`,
      `It goes on with a binding for session ${String(standing.number + 1)}: keyrite resume ${given} --binding B2`,
    );
  }
  if (standing.paused || next === null) return;
  throw new UsageError(
    `the ceremony in ${given} is not paused, and its binding stays as it is`,
    `Leave --binding out: keyrite resume ${given}`,
  );
}

/** Throws UsageError for a folder in which no ceremony was begun. */
export function refuseOtherFolders(folder: string, given: string): void {
  for (const name of ['plan.yaml', 'binding.yaml']) {
    if (existsSync(join(folder, name))) continue;
    throw new UsageError(
      `${given} holds no ceremony: ${name} is missing`,
      'If a ceremony was begun in it, no device was touched under it: start it again in an empty folder.',
    );
  }
}

/** A closed ceremony is taken up when its seal is torn, or a medium lacks its copy. */
async function refuseFinished(folder: string, given: string, documents: Documents): Promise<void> {
  // SECURITY(K-76): a file of that name is no seal; what a crash cut short is gone on with.
  const left = await whatIsLeft(folder, documents);
  if (left.kind === 'nothing') {
    throw new UsageError(
      `the ceremony in ${given} is closed and sealed`,
      `Nothing is left to do. To check it: keyrite verify ${given}. To copy it by hand, copy the whole folder.`,
    );
  }
  if (left.kind === 'copies' && left.media.length > 0) {
    process.stderr.write(`closed and sealed; what is left is its copy on ${left.media.join(', ')}\n`);
  }
}

/** Whether line 0 was written whole; before it nothing was done to any device. */
export function hasFirstLine(folder: string): boolean {
  const transcript = join(folder, 'transcript.jsonl');
  return existsSync(transcript) && readFileSync(transcript).includes(0x0a);
}
