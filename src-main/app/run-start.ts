/** What there must be before a run begins: the folder, taken for this process, and everything that can be known to be no use refused. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS, TRANSCRIPT } from '../../ceremony/bundle/layout';
import { refuseMissingApprovals } from '../../ceremony/engine/approvals';
import { refuseErrors, type Documents } from '../../ceremony/engine/open';
import { standingOf } from '../../ceremony/engine/sessions';
import type { Binding } from '../../ceremony/plan/binding-schema';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import type { Playing } from '../../ipc/view';
import { checkBoundInputs } from '../../workstation/bound-inputs';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { lockBundle, type BundleLock } from '../../workstation/bundle-lock';
import { existingFolder, newFolder, readBytes, readText } from '../../workstation/input';
import { leaveThrowAwayRoom, playerOf } from '../../workstation/rehearsal/room';
import { whatIsLeft } from '../../workstation/what-is-left';
import type { AppParts } from './app-parts';
import { boundApprovers } from './approvals';
import { refuseStrangers, type Bound, type BoundSession } from './bound';
import { refuseProduction } from './production';
import type { RunParts } from './run-controller';
import { refused } from './trouble';

/** What of a run is known before it starts. */
export type RunStart = Pick<
  RunParts,
  'documents' | 'folder' | 'lock' | 'beginning' | 'playing' | 'playerFile' | 'leaveRoom'
>;

const LF = 0x0a;

/**
 * Makes the folder of a new ceremony, named by its id, and takes it.
 *
 * @throws UsageError, PlanRefused or DeviceError for what plan, binding and what they name have against it; nothing was
 *   made then
 */
export function startNew(app: AppParts, { documents, playing, room }: Bound): RunStart {
  const { binding } = documents.binding;
  refuseProduction(binding, app.runtime);
  refuseErrors(documents);
  refuseMissingApprovals(documents, boundApprovers(documents));
  checkBoundInputs(documents.plan.plan, binding);
  const folder = newFolder(join(app.ceremoniesFolder, binding.ceremony), 'ceremony');
  return {
    documents,
    folder,
    lock: lockBundle(folder),
    beginning: { kind: 'new' },
    playing,
    playerFile: playing.who === 'nobody' ? null : (room?.playerFile ?? null),
    leaveRoom: () => {
      room?.leave();
    },
  };
}

/**
 * Takes up a ceremony that was not closed, or whose bundle lacks its copies: ends what is left of the run before, so that
 * the devices can be read again.
 *
 * @throws RequestFailed for a ceremony of which nothing is left to do, and for people who cannot be played; UsageError when the folder or
 *   the rehearsal's room is gone; DeviceError `ALREADY_RUNNING` or `SURVIVOR`
 */
export async function takeUp(app: AppParts, ceremony: string, playing: Playing): Promise<RunStart> {
  const folder = existingFolder(join(app.ceremoniesFolder, ceremony), 'ceremony');
  const { bindingFile, paused } = await standingOf(new FileBundleFolder(folder));
  if (paused) {
    throw refused(
      'This ceremony is paused under seal.',
      'It goes on with a binding for its next session: choose it on the home screen.',
    );
  }
  const documents = readDocuments(folder, bindingFile);
  // SECURITY(K-76): a file of that name is no seal; what a crash cut short is gone on with.
  if ((await whatIsLeft(folder, documents)).kind === 'nothing') {
    throw refused('This ceremony is closed and sealed.', 'Nothing is left to do; verify its bundle, or copy it.');
  }
  const { binding } = documents.binding;
  refuseProduction(binding, app.runtime);
  const playerFile = requirePlayer(binding, playing);
  const lock = await takeFolder(app, folder, binding);
  const beginning = { kind: hasFirstLine(folder) ? 'resumed' : 'new' } as const;
  return { documents, folder, lock, beginning, playing, playerFile, leaveRoom: leaving(binding) };
}

/**
 * Takes up a ceremony that is paused, with the binding of its next session.
 *
 * @throws RequestFailed for people who cannot be played; UsageError, PlanRefused or DeviceError as {@link startNew} and
 *   {@link takeUp}; nothing was changed then
 */
export async function startSession(
  app: AppParts,
  { documents, playing }: Bound,
  { folder, first, errors }: BoundSession,
): Promise<RunStart> {
  const { binding } = documents.binding;
  refuseProduction(binding, app.runtime);
  const [error] = errors;
  if (error !== undefined) throw refused(error.message, error.remedy);
  refuseMissingApprovals(documents, boundApprovers(documents, first));
  checkBoundInputs(documents.plan.plan, binding);
  const playerFile = requirePlayer(binding, playing);
  const lock = await takeFolder(app, existingFolder(folder, 'ceremony'), binding);
  const beginning = { kind: 'session', first } as const;
  return { documents, folder, lock, beginning, playing, playerFile, leaveRoom: leaving(binding) };
}

async function takeFolder(app: AppParts, folder: string, { ceremony }: Binding): Promise<BundleLock> {
  const lock = lockBundle(folder);
  try {
    // SECURITY(K-30): before any device is read.
    await app.endSurvivors(ceremony);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

function leaving({ room }: Binding): () => void {
  return () => {
    if (room !== undefined) leaveThrowAwayRoom(room);
  };
}

/** @param bindingFile the binding in force: a later session has one of its own */
function readDocuments(folder: string, bindingFile: string): Documents {
  for (const name of ['plan.yaml', bindingFile]) {
    if (existsSync(join(folder, name))) continue;
    throw refused(
      `${folder} holds no ceremony: ${name} is missing.`,
      'If a ceremony was begun in it, no device was touched under it: begin it again.',
    );
  }
  const planText = readText(join(folder, 'plan.yaml'), 'plan');
  const bindingText = readText(join(folder, bindingFile), 'binding');
  return { planText, plan: readPlan(planText), bindingText, binding: readBinding(bindingText) };
}

/**
 * The player's memory; null where nobody is played.
 *
 * @throws RequestFailed or UsageError for people who cannot be played, and for a room that is gone
 */
export function requirePlayer(binding: Binding, playing: Playing): string | null {
  refuseStrangers(
    playing,
    binding.people.map(({ id }) => id),
  );
  const { room } = binding;
  if (room === undefined && playing.who !== 'nobody') {
    throw refused(
      'Nobody can be played in this ceremony: its people have tokens of their own.',
      'Choose to play nobody.',
    );
  }
  if (playing.who !== 'nobody') return playerOf(binding);
  if (room === undefined || existsSync(room)) return null;
  throw refused(`The rehearsal room ${room} is gone.`, 'Its tokens went with it: begin a new rehearsal.');
}

/** Whether line 0 was written whole; before it nothing was done to any device. */
function hasFirstLine(folder: string): boolean {
  const transcript = join(folder, TRANSCRIPT);
  return existsSync(transcript) && readBytes(transcript, 'transcript', LIMITS.fileBytes).includes(LF);
}
