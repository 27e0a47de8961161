/** RSA-4096 key pairs, made in the background so that an import token is answered at once. */
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** How long after a pair was taken the next one is begun, in milliseconds. */
const REST_MS = 5_000;

const generate = promisify(generateKeyPair);

/** A key pair of an import token. */
export interface RsaKeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Gives key pairs. */
export interface KeySupply {
  /** The next pair. */
  take(): Promise<RsaKeyPair>;
  /** Begins no further pair. */
  stop(): void;
}

/**
 * Keeps one pair in store. After one was taken it rests first: most runs need one token only, and a process cannot end
 * while a pair is in the making (0.5 to 2 seconds).
 */
export class RsaKeySupply implements KeySupply {
  #next: Promise<RsaKeyPair> | null;
  #timer: NodeJS.Timeout | null = null;

  constructor() {
    this.#next = makePair();
  }

  /** The next pair, never handed out before. */
  async take(): Promise<RsaKeyPair> {
    const pair = this.#next ?? makePair();
    this.#next = null;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#next ??= makePair();
    }, REST_MS).unref();
    return pair;
  }

  /** Begins no further pair. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

async function makePair(): Promise<RsaKeyPair> {
  return generate('rsa', { modulusLength: 4096, publicExponent: 0x10001 });
}
