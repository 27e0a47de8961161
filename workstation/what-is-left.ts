/** What is left to do of a ceremony in its folder, which may be closed and sealed already. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS, TRANSCRIPT } from '../ceremony/bundle/layout';
import { sealOf } from '../ceremony/bundle/sums';
import { exportMedia } from '../ceremony/engine/copy-to-media';
import type { Documents } from '../ceremony/engine/open';
import { readTranscript } from '../ceremony/transcript/read';
import { TranscriptDamaged } from '../ceremony/transcript/writer';
import { isCopyOf } from './bundle-copy';
import { FileBundleFolder } from './bundle-folder';
import { readBytes } from './input';
import { isThrowAwayRoom } from './rehearsal/room';

/**
 * `ceremony`: it is not sealed, or its seal is torn. `copies`: it is sealed, and media lack its copy, or a room that
 * nobody asked to keep is still there. `nothing`: all of it is done.
 */
export type Left =
  | { readonly kind: 'ceremony' }
  | { readonly kind: 'copies'; readonly media: readonly string[] }
  | { readonly kind: 'nothing' };

/**
 * Looks at the bundle, and at the media that get its copy. Nothing is changed.
 *
 * @throws TranscriptDamaged for a bundle in which something was changed after it was sealed
 */
export async function whatIsLeft(folder: string, { plan, binding: { binding } }: Documents): Promise<Left> {
  if (!isClosed(folder)) return { kind: 'ceremony' };
  const bundle = new FileBundleFolder(folder);
  const seal = await sealOf(bundle);
  if (seal === 'changed') throw changedSince(folder);
  if (seal !== 'whole') return { kind: 'ceremony' };
  // In a rehearsal the folders that stood for media went with the room.
  if (binding.room !== undefined && !existsSync(binding.room)) return { kind: 'nothing' };
  const media: string[] = [];
  for (const { id, path } of exportMedia(plan.plan, binding)) {
    if (!(await isCopyOf(bundle, join(path, binding.ceremony)))) media.push(id);
  }
  const isOver = media.length === 0 && (binding.room === undefined || !isThrowAwayRoom(binding.room));
  return isOver ? { kind: 'nothing' } : { kind: 'copies', media };
}

/** Without its closing line a record cannot be sealed, whatever lies beside it. */
function isClosed(folder: string): boolean {
  const transcript = join(folder, TRANSCRIPT);
  if (!existsSync(transcript)) return false;
  const { lines } = readTranscript(readBytes(transcript, 'transcript', LIMITS.fileBytes));
  return lines.at(-1)?.line.type === 'ceremony.closed';
}

function changedSince(folder: string): TranscriptDamaged {
  return new TranscriptDamaged(
    `Something in ${folder} was changed after the bundle was sealed: SHA256SUMS says otherwise. A crash does not do that.\n` +
      'Nothing was changed now; verify the bundle to see what it is, keep the folder as it is, and have the auditor look at it.',
  );
}
