/**
 * What the key-file process does for each operation of its contract. A key that was opened stays open as long as the
 * process, which main ends with the step, so that its holder types the passphrase once in a step.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import { isValidSignature, type SignatureAlgorithm } from '../../ceremony/command/dsse';
import type { Handlers, KEY_FILE_OPERATIONS, KeyFileTarget, AskingLink } from '../contract';
import { encryptedKeyIn } from './container';
import { readKeyFile, writeKeyFile } from './key-file';
import { decryptKey, type EncryptedKey } from './pbes2';
import { KeyFileRefused, unusable } from './refused';
import { makeKeyPair, signWith, spkiOfKey } from './software-key';

/** How often a passphrase is asked for before the step is told that it failed. Each try costs only time. */
const TRIES = 3;

/** Longest passphrase, and shortest one that is made, in bytes. */
const LONGEST = 1024;
const SHORTEST_MADE = 12;

/** Handlers of a key-file process. */
export function keyFileHandlers(): Handlers<typeof KEY_FILE_OPERATIONS, AskingLink> {
  const opened = new Map<string, KeyObject>();
  return {
    'key-file.sign': async ({ file, message }, link) =>
      told(file.participant, async () => {
        const place = JSON.stringify([file.participant, file.path, file.spki]);
        const key = opened.get(place) ?? (await openKey(file, link));
        opened.set(place, key);
        const bytes = Buffer.from(message, 'base64');
        const signature = signWith(key, file.algorithm, bytes);
        if (!isValidSignature(file, bytes, signature)) throw changed();
        return Buffer.from(signature).toString('base64');
      }),
    'key-file.prepare': async ({ participant, path, algorithm }, link) =>
      told(participant, async () => ({ algorithm, spki: await prepare(participant, path, algorithm, link) })),
  };
}

/** Opens a file with the passphrase that its holder types, and sees that the key in it is the bound one. */
async function openKey({ participant, path, algorithm, spki }: KeyFileTarget, link: AskingLink): Promise<KeyObject> {
  const encrypted = encryptedKeyIn(readKeyFile(path));
  for (let tried = 0; tried < TRIES; tried += 1) {
    const range = { minimum: 1, maximum: LONGEST };
    const passphrase = await link.ask({
      kind: 'passphrase',
      holder: participant,
      make: false,
      ...range,
      wrong: tried > 0,
    });
    const key = unlock(encrypted, passphrase);
    if (key === null) continue;
    if (spkiOfKey(createPublicKey(key)) !== spki || !isFor(key, algorithm)) throw changed();
    return key;
  }
  throw new KeyFileRefused(
    'PASSPHRASE_WRONG',
    `does not open with the passphrase that was typed, ${String(TRIES)} times`,
    'Try again: nothing counts the tries. Check Caps Lock and the layout of the keyboard, and that it is the right file.',
  );
}

/** The key; null when the passphrase is wrong. Zeroes the passphrase. */
function unlock(encrypted: EncryptedKey, passphrase: Uint8Array): KeyObject | null {
  let clear: Buffer | null = null;
  try {
    clear = decryptKey(encrypted, passphrase);
    return clear === null ? null : createPrivateKey({ key: clear, format: 'der', type: 'pkcs8' });
  } catch {
    // The text of a library's exception could tell of the key.
    throw unusable('opens, and what is in it is no key that can be used here');
  } finally {
    // SECURITY(K-96): passphrase and key never leave this process, which ends with the step.
    passphrase.fill(0);
    clear?.fill(0);
  }
}

function isFor(key: KeyObject, algorithm: SignatureAlgorithm): boolean {
  const kind = algorithm === 'rsa-pss-sha256' ? 'rsa' : algorithm === 'ed25519' ? 'ed25519' : 'ec';
  return key.asymmetricKeyType === kind;
}

async function prepare(
  participant: string,
  path: string,
  algorithm: SignatureAlgorithm,
  link: AskingLink,
): Promise<string> {
  const range = { minimum: SHORTEST_MADE, maximum: LONGEST };
  const typed = await link.ask({ kind: 'passphrase', holder: participant, make: true, ...range, wrong: false });
  const passphrase = Buffer.from(typed.buffer, typed.byteOffset, typed.byteLength);
  try {
    const { publicKey, privateKey } = makeKeyPair(algorithm);
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase });
    writeKeyFile(path, Buffer.from(pem));
    return spkiOfKey(publicKey);
  } finally {
    passphrase.fill(0);
  }
}

function changed(): KeyFileRefused {
  return new KeyFileRefused(
    'KEY_FILE_CHANGED',
    'holds another key than the one in the binding',
    'Check that this is the right file, and that the binding names its key.',
  );
}

/** Does something with a participant's key file; a refusal becomes the error that people read. */
async function told<T>(participant: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof KeyFileRefused)) throw error;
    throw new DeviceError({
      code: error.code,
      message: `the key file of ${participant} ${error.message}.`,
      changed: 'Nothing was signed, and nothing was changed.',
      next: error.next,
      uncertain: false,
    });
  }
}
