/** A file that somebody chose to go on record: what people see of it before it does. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { MAX_ATTACHMENT_BYTES } from '../../ceremony/engine/attachments';
import { isSystemError, systemWords } from '../../workstation/explain';
import { refused } from './trouble';

/** A file as it was when it was looked at. */
export interface ChosenFile {
  readonly path: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Reads and hashes a file.
 *
 * @param path absolute, as the system's dialog gives it
 * @throws RequestFailed for what is no file, cannot be read or is longer than an attachment may be
 */
export async function lookAtFile(path: string): Promise<ChosenFile> {
  let file: FileHandle | null = null;
  try {
    // SECURITY(K-141): a pipe or a device must not hold main up.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) throw refused(`${path} is not a file.`, 'Choose a file.');
    if (found.size > MAX_ATTACHMENT_BYTES) {
      throw refused(
        `${path} has ${String(found.size)} bytes; at most 64 MiB are attached.`,
        'Choose a smaller file, or split it.',
      );
    }
    const content = await file.readFile();
    return {
      path,
      name: basename(path),
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    };
  } catch (error) {
    if (isSystemError(error)) throw refused(`${path} cannot be read: ${systemWords(error)}.`, 'Choose another file.');
    throw error;
  } finally {
    await file?.close();
  }
}
