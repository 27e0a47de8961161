/**
 * Signing with a participant's key file outside a ceremony: addenda, and witnesses who cosign on a station of their own.
 * At a terminal: `signAtTerminal` of `cli/sign-at-terminal.ts`, which brings the processes.
 */
import type { SigningKey } from '../ceremony/command/dsse';
import type { Processes } from './processes';

/** What is to be signed, by whom. */
export interface KeyFileSigning {
  /** Absolute path of the encrypted PKCS#8 or PKCS#12 file. */
  readonly file: string;
  readonly person: { readonly id: string; readonly key: SigningKey };
  /** What is signed as it is: a DSSE pre-authentication encoding. */
  readonly message: Uint8Array;
}

/**
 * Signs with a key file. Its holder is asked for the passphrase past this process; the signature holds under the key of
 * `person`. The process that opened the file has ended when this returns.
 *
 * @param processes of which one for key files is started; the caller ends them
 * @throws DeviceError when the file does not open, holds another key, or the person declines
 */
export async function signWithKeyFile(
  { file, person, message }: KeyFileSigning,
  processes: Pick<Processes, 'startKeyFileProcess'>,
): Promise<Uint8Array> {
  const client = processes.startKeyFileProcess();
  try {
    const signature = await client.call('key-file.sign', {
      file: { participant: person.id, path: file, algorithm: person.key.algorithm, spki: person.key.spki },
      message: Buffer.from(message).toString('base64'),
    });
    return Buffer.from(signature, 'base64');
  } finally {
    await client.stop();
  }
}
