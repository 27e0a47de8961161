/**
 * Getting a root key out of a token that cannot wrap to the target (SoftHSM2 has no OAEP with SHA-256): the token wraps
 * the still sensitive key to a one-time RSA key made here, this process wraps it again to the target, and ends.
 *
 * The one-time key asks for OAEP with SHA-1 where a token has nothing better. That is sound: OAEP needs no collision
 * resistance of its hash, the key is used once, and its private half dies with the process.
 */
import { generateKeyPair, type KeyObject } from 'node:crypto';
import type { ArgsOf, ResultOf, SHARE_OPERATIONS } from '../contract';
import { hasCheckValue } from './key-check';
import { oaepDecrypt, type OaepHash } from './oaep';
import { sealKey, sealNonce } from './seal-for-target';
import { shareTrouble } from './share-trouble';

/** Bits of the one-time key: 128-bit strength, 0.1 to 1 s to make; 4096 bits take up to 3 s and protect nothing more. */
export const TRANSPORT_BITS = 3072;

/** Length in bytes of a root key. */
const ROOT_KEY_BYTES = 32;

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A one-time RSA key pair, good for one re-wrapping. */
export class OneTimeKey {
  #pair: Promise<KeyPair> | null = makePair();
  #oaep: OaepHash = 'sha1';

  /**
   * The public half, for the token to wrap to by OAEP with this hash.
   *
   * @throws DeviceError TRANSPORT_KEY_MISSING when the key was used already
   */
  async publicKey(oaep: OaepHash): Promise<ResultOf<typeof SHARE_OPERATIONS, 'transport.make-key'>> {
    const { publicKey } = await this.#take();
    this.#oaep = oaep;
    const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    return { spki, bits: TRANSPORT_BITS, oaep };
  }

  /**
   * Unwraps what the token wrapped, checks its check value, and wraps it to the target in the form it takes; with a nonce,
   * encrypts that under the key too. The one-time key is gone afterwards, whatever came of it.
   *
   * @throws DeviceError TRANSPORT_KEY_MISSING, TRANSPORT_WRONG, RSA_KEY_UNFIT
   */
  async rewrap(
    request: ArgsOf<typeof SHARE_OPERATIONS, 'transport.rewrap'>,
  ): Promise<ResultOf<typeof SHARE_OPERATIONS, 'transport.rewrap'>> {
    const { privateKey } = await this.#take();
    this.#pair = null;
    const rootKey = unwrap(privateKey, this.#oaep, Buffer.from(request.wrapped, 'base64'));
    try {
      requireCheckValue(rootKey, request.checkValue);
      return {
        payload: sealKey(request.to, request.form, rootKey).toString('base64'),
        nonce: request.nonce === null ? null : sealNonce(rootKey, request.nonce),
      };
    } finally {
      rootKey.fill(0);
    }
  }

  #take(): Promise<KeyPair> {
    if (this.#pair !== null) return this.#pair;
    throw shareTrouble(
      'TRANSPORT_KEY_MISSING',
      'The one-time key was used already',
      'Make a new one-time key, and wrap to it',
    );
  }
}

function makePair(): Promise<KeyPair> {
  const made = new Promise<KeyPair>((resolve, reject) => {
    generateKeyPair(
      'rsa',
      { modulusLength: TRANSPORT_BITS, publicExponent: 0x10001 },
      (error, publicKey, privateKey) => {
        if (error === null) resolve({ publicKey, privateKey });
        else reject(error);
      },
    );
  });
  // Reported by whoever awaits it; here only so that a failure before that does not end the process.
  made.catch(() => undefined);
  return made;
}

function unwrap(privateKey: KeyObject, oaep: OaepHash, wrapped: Buffer): Buffer {
  let rootKey: Buffer;
  try {
    rootKey = oaepDecrypt(privateKey, oaep, wrapped);
  } catch {
    throw wrong('cannot be decrypted: the token wrapped to another key, or with another hash or padding than asked');
  }
  if (rootKey.length === ROOT_KEY_BYTES) return rootKey;
  const length = rootKey.length;
  rootKey.fill(0);
  throw wrong(`is a key of ${String(length)} bytes, and 32 were expected`);
}

function requireCheckValue(
  rootKey: Uint8Array,
  expected: ArgsOf<typeof SHARE_OPERATIONS, 'transport.rewrap'>['checkValue'],
): void {
  if (expected.algorithm !== 'aes-cmac' && expected.algorithm !== 'hmac-sha256') {
    throw wrong(`comes with a check value by ${expected.algorithm}, which does not tell secret keys apart`);
  }
  if (!hasCheckValue(rootKey, expected))
    throw wrong('is a key with another check value: the token wrapped another key');
}

function wrong(what: string): Error {
  return shareTrouble(
    'TRANSPORT_WRONG',
    `What the token wrapped to the one-time key ${what}`,
    'The root key was not wrapped to the target. Destroy it in the unit and make a new one; qualify the token if it happens again',
  );
}
