/** The form "age file" of a share: written to its custodian's medium, and opened again by the custodian alone. */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { existsSync, writeFileSync } from 'node:fs';
import type { ArgsOf, AskingLink, ResultOf, SHARE_OPERATIONS } from '../../contract';
import type { ShareName } from '../commitment';
import type { SetInHand } from '../set-in-hand';
import { shareTrouble } from '../share-trouble';
import {
  IDENTITY_BYTES,
  lockSheet,
  makeIdentity,
  MAX_AGE_BYTES,
  openSheet,
  PASSPHRASE_BYTES,
  type AgeKey,
} from './age-file';
import { readFromMedium, shareFileName, type ShareMedia } from './share-medium';

/**
 * Writes a share as an age file, to a recipient, or to a passphrase that the custodian makes now.
 *
 * @throws DeviceError as `SetInHand.handOver` and `ShareMedia.write`; what the person link throws
 */
export async function writeAgeFile(
  set: SetInHand,
  media: ShareMedia,
  { index, custodian, medium, lock }: ArgsOf<typeof SHARE_OPERATIONS, 'share.write-file'>,
  link: AskingLink,
): Promise<ResultOf<typeof SHARE_OPERATIONS, 'share.write-file'>> {
  return set.handOver(index, custodian, async (name, sheet) => {
    const file = shareFileName(name, 'age');
    media.require(medium, file);
    const content = await locked(sheet, name, lock);
    media.write(medium, file, content);
    return { file, sha256: createHash('sha256').update(content).digest('hex') };
  });

  async function locked(sheet: Buffer, name: ShareName, by: typeof lock): Promise<Uint8Array> {
    if (by.kind === 'recipient') return lockSheet(sheet, by);
    const passphrase = await link.ask({ ...question(name, custodian, 'passphrase'), make: true, refused: null });
    try {
      return await lockSheet(sheet, { passphrase });
    } finally {
      passphrase.fill(0);
    }
  }
}

/**
 * Takes a share back from its age file. The identity is read from the custodian's own file where the binding names one that
 * is there; else the custodian types it, or the passphrase.
 *
 * @throws DeviceError as `SetInHand.takeBack`; SHARE_FILE_MISSING; what the person link throws
 */
export async function readAgeFile(
  set: SetInHand,
  { index, custodian, medium, lock, identityFile }: ArgsOf<typeof SHARE_OPERATIONS, 'share.read-file'>,
  link: AskingLink,
): Promise<void> {
  await set.takeBack(index, custodian, async (name, refused) => {
    const path = join(medium.path, shareFileName(name, 'age'));
    const file = readFromMedium(path, MAX_AGE_BYTES);
    if (lock === 'recipient' && identityFile !== null && existsSync(identityFile)) {
      // The same file and the same identity once more would be the same refusal.
      if (refused !== null) throw wrongFile(path, refused);
      return opened(file, 'identity', readFromMedium(identityFile, MAX_AGE_BYTES));
    }
    const what = lock === 'recipient' ? 'identity' : 'passphrase';
    return opened(file, what, await link.ask({ ...question(name, custodian, what), make: false, refused }));
  });
}

async function opened(file: Buffer, what: 'identity' | 'passphrase', secret: Uint8Array): Promise<Buffer> {
  try {
    const key: AgeKey = what === 'identity' ? { identity: secret } : { passphrase: secret };
    return await openSheet(file, key);
  } finally {
    secret.fill(0);
  }
}

function question({ set, index, count }: ShareName, custodian: string, what: 'identity' | 'passphrase') {
  const lengths = what === 'identity' ? { minimum: IDENTITY_BYTES, maximum: IDENTITY_BYTES } : PASSPHRASE_BYTES;
  return { kind: 'share-key', custodian, set, index, of: count, what, ...lengths } as const;
}

function wrongFile(path: string, refused: string): Error {
  const message = `${basename(path)}, opened with the custodian’s identity file, was not taken: ${refused}`;
  return shareTrouble('SHARE_WRONG', message, 'Let the custodian put in the right medium and identity, and go on');
}

/**
 * Makes an identity in a file of a rehearsal's room, as `age-keygen` would. In production custodians bring theirs.
 *
 * @throws Error when the file is there already, or cannot be written
 */
export async function prepareIdentity(path: string): Promise<ResultOf<typeof SHARE_OPERATIONS, 'age.prepare'>> {
  const { file, recipient } = await makeIdentity();
  try {
    writeFileSync(path, file, { flag: 'wx', mode: 0o600 });
    return { recipient };
  } finally {
    file.fill(0);
  }
}
