/**
 * A share in an age file (https://age-encryption.org/v1), binary, which the stock `age` tool opens. What is in it is the
 * worksheet, so that it can be read, and typed, without Keyrite.
 */
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { secretBytes } from '../../secret-bytes';
import { WorksheetRefused } from '../sheet-refused';
import { AgePassphrase } from './age-passphrase';

/** Most bytes of an age file, or of one with an identity, that are read. */
export const MAX_AGE_BYTES = 16 * 1024;

/** Lengths in bytes of a passphrase of an age file. */
export const PASSPHRASE_BYTES = { minimum: 16, maximum: 256 } as const;

/** Length in bytes of an X25519 identity, `AGE-SECRET-KEY-1` and 58 characters more. */
export const IDENTITY_BYTES = 74;

/** What locks a file: a recipient (`age1...`), or a passphrase in UTF-8. */
type AgeLock = { readonly recipient: string } | { readonly passphrase: Uint8Array };
/** What opens one: an identity (`AGE-SECRET-KEY-1...`) in ASCII, or a passphrase in UTF-8. */
export type AgeKey = { readonly identity: Uint8Array } | { readonly passphrase: Uint8Array };

/**
 * Encrypts a worksheet.
 *
 * @returns the file
 * @throws Error when the recipient is none
 */
export async function lockSheet(sheet: Uint8Array, lock: AgeLock): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient('recipient' in lock ? lock.recipient : new AgePassphrase(lock.passphrase));
  return encrypter.encrypt(sheet);
}

/**
 * Decrypts a worksheet.
 *
 * @returns bytes that the caller zeroes
 * @throws WorksheetRefused when the file is none of age, is damaged, or is opened by something else
 */
export async function openSheet(file: Uint8Array, key: AgeKey): Promise<Buffer> {
  if (!Buffer.from(file).subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new WorksheetRefused('the file is not one of age');
  }
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity('identity' in key ? identityText(key.identity) : new AgePassphrase(key.passphrase));
  } catch {
    throw new WorksheetRefused('what was given is no age identity: AGE-SECRET-KEY-1, and 58 characters more');
  }
  let opened: Uint8Array;
  try {
    opened = await decrypter.decrypt(file);
  } catch (error) {
    const isLocked = error instanceof Error && error.message.includes('no identity matched');
    const what = 'identity' in key ? 'this identity' : 'this passphrase';
    throw new WorksheetRefused(
      isLocked ? `${what} does not open the file: it is another one, or the file is another person’s` : DAMAGED,
    );
  }
  const sheet = secretBytes(opened.length);
  sheet.set(opened);
  opened.fill(0);
  return sheet;
}

const MAGIC = Buffer.from('age-encryption.org/v1\n');
const DAMAGED = 'the file is damaged: it is not as age wrote it';

/**
 * An identity as the package wants it.
 *
 * @param file an identity, or a file of `age-keygen`: comments, and an identity
 */
function identityText(file: Uint8Array): string {
  // SECURITY(K-302): a string is cleared by the end of this process only; the package takes an identity in no other way.
  const lines = Buffer.from(file).toString('latin1').split(/\r?\n/);
  return (lines.find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '').trim().toUpperCase();
}

/** A fresh identity as a file of `age-keygen` has it, and its recipient. For rehearsals: in production it is brought. */
export async function makeIdentity(): Promise<{ file: Buffer; recipient: string }> {
  const identity = await generateX25519Identity();
  return { file: Buffer.from(`${identity}\n`), recipient: await identityToRecipient(identity) };
}
