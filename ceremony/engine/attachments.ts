/** Files that people bring into the record: copied into the bundle, read back, and named by hash. */
import type { FileRef } from '../transcript/line';
import type { Ceremony } from './ceremony';

/** Largest file that is attached: 64 MiB, as much as a verifier reads. */
export const MAX_ATTACHMENT_BYTES = 64 * 1024 * 1024;

/** Longest part of a file's own name that is kept, in characters. */
const NAME_LENGTH = 80;

/**
 * Copies a file of the workstation into `attachments/`. The caller names it in a line.
 *
 * @param about what the name begins with: an id, such as the step's
 * @throws DeviceError when the file cannot be read, is too long, or the medium is full
 */
export async function attachFile(ceremony: Ceremony, about: string, path: string): Promise<FileRef> {
  const content = await ceremony.ports.workstation.readInput(path, MAX_ATTACHMENT_BYTES);
  const ending = safeName(path);
  let number = 1;
  const name = (): string => `attachments/${about}-${String(number)}.${ending}`;
  while (ceremony.record.fileSha256(name()) !== null || ceremony.claimed.has(name())) number += 1;
  ceremony.claimed.add(name());
  return ceremony.settleFile(name(), content);
}

/** The last part of a path as a bundle's file names allow it. */
function safeName(path: string): string {
  const last = path.split('/').at(-1) ?? '';
  const safe = last.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  const short = safe.slice(-NAME_LENGTH).replace(/^[^A-Za-z0-9]+/, '');
  return short === '' ? 'file' : short;
}
