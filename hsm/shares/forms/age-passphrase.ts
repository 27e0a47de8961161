/**
 * The `scrypt` stanza of age files (https://age-encryption.org/v1, "The scrypt recipient type") over bytes: the package
 * age-encryption takes a passphrase as a string only, which nobody can zero, and computes scrypt in JavaScript.
 */
import { randomBytes, scrypt } from 'node:crypto';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { Stanza, type Identity, type Recipient } from 'age-encryption';

/** Base-2 logarithm of scrypt's N, as the `age` tool writes it: about a second. */
const WORK_FACTOR = 18;
/** The highest that is read: four times as much, and 1 GiB of memory. */
const MOST_WORK = 20;
const SALT_BYTES = 16;
const FILE_KEY_BYTES = 16;
const TAG_BYTES = 16;
/** A key is used once, so the nonce is zeros, as the format says. */
const NONCE = new Uint8Array(12);

/** Locks a file with a passphrase, or opens one. The caller zeroes the passphrase (UTF-8). */
export class AgePassphrase implements Recipient, Identity {
  readonly #passphrase: Uint8Array;

  constructor(passphrase: Uint8Array) {
    this.#passphrase = passphrase;
  }

  async wrapFileKey(fileKey: Uint8Array): Promise<Stanza[]> {
    const salt = randomBytes(SALT_BYTES);
    const key = await this.#derive(salt, WORK_FACTOR);
    try {
      const body = chacha20poly1305(key, NONCE).encrypt(fileKey);
      return [new Stanza(['scrypt', unpadded(salt), String(WORK_FACTOR)], body)];
    } finally {
      key.fill(0);
    }
  }

  /** @returns null when no stanza is one of a passphrase, or the passphrase is another */
  async unwrapFileKey(stanzas: Stanza[]): Promise<Uint8Array | null> {
    const [stanza] = stanzas;
    const [kind, salt = '', work = ''] = stanza?.args ?? [];
    // A file with a passphrase has no other stanza: the format demands it, so that who opens it knows who wrote it.
    if (stanza === undefined || stanzas.length !== 1 || kind !== 'scrypt' || stanza.args.length !== 3) return null;
    const bytes = Buffer.from(salt, 'base64');
    if (bytes.length !== SALT_BYTES || unpadded(bytes) !== salt) return null;
    if (!/^[1-9][0-9]?$/.test(work) || Number(work) > MOST_WORK) return null;
    if (stanza.body.length !== FILE_KEY_BYTES + TAG_BYTES) return null;
    const key = await this.#derive(bytes, Number(work));
    try {
      return chacha20poly1305(key, NONCE).decrypt(stanza.body);
    } catch {
      return null;
    } finally {
      key.fill(0);
    }
  }

  #derive(salt: Uint8Array, work: number): Promise<Buffer> {
    const salted = Buffer.concat([Buffer.from('age-encryption.org/v1/scrypt'), salt]);
    const cost = { N: 2 ** work, r: 8, p: 1, maxmem: 128 * 8 * 2 ** work + 1024 * 1024 };
    return new Promise((resolve, reject) => {
      scrypt(this.#passphrase, salted, 32, cost, (error, key) => {
        if (error === null) resolve(key);
        else reject(error);
      });
    });
  }
}

function unpadded(bytes: Buffer | Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
