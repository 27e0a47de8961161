/**
 * Bodies of one exchange, encrypted between the process that asks and the one where the person is: whatever way Electron
 * sends them, its main process has ciphertext only. Each end makes a key pair for this exchange alone (ECDH on P-256), and
 * the public halves go over the port with hello and question. Two keys come of it (HKDF-SHA-256, RFC 5869), one for the
 * question and one for the answer; each seals one body with AES-256-GCM. It is the Web Crypto API, which windows, utility
 * processes and Node share; no private or derived key can be exported from it.
 *
 * It holds against a main that copies, logs or swaps out what it carries. One that puts keys of its own between the two
 * is a hostile main, which could just as well start other processes (docs/threat-model.md).
 */

/** Bytes of a public key: an uncompressed point of P-256. */
export const PUBLIC_KEY_BYTES = 65;
/** How much longer a sealed body is than the body, in bytes: the tag. */
export const SEAL_BYTES = 16;

const AGREEMENT = { name: 'ECDH', namedCurve: 'P-256' } as const;
const SECRET_BITS = 256;
const encoder = new TextEncoder();
const AES = { name: 'AES-GCM', length: 256 } as const;
/** All zeroes: a key seals one body, and no other. */
const NONCE = new Uint8Array(12);

/** The two ends of an exchange. */
export type End = 'asker' | 'person';
/** What is sealed. What stands in clear beside the body of an answer is bound to it. */
export type Sealed = 'question' | 'answer: given' | 'answer: refused';

/** One end's half of the agreement. */
export interface ExchangeKeys {
  /** Public half, {@link PUBLIC_KEY_BYTES} bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /**
   * Agrees with the other end. The private half is of no use afterwards.
   *
   * @param theirs public half of the other end
   * @returns what seals and opens here; rejects when `theirs` is no point of the curve
   */
  agree(theirs: Uint8Array): Promise<Seal>;
}

/** Seals what one end says, and opens what the other does. */
export interface Seal {
  /**
   * Seals the one body of this end.
   *
   * @param body is read before this returns, and stays the caller's to zero
   * @throws Error on a second call: two bodies under one key would give both away
   */
  close(what: Sealed, body: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  /** Opens the other end's. Rejects when it was not sealed there, for this exchange, as `what`. */
  open(what: Sealed, sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
}

/** Makes the keys of one end of one exchange. @param exchange its random id, 16 bytes hex */
export async function makeExchangeKeys(end: End, exchange: string): Promise<ExchangeKeys> {
  const { subtle } = crypto;
  const own = await subtle.generateKey(AGREEMENT, false, ['deriveBits']);
  const publicKey = new Uint8Array(await subtle.exportKey('raw', own.publicKey));
  return {
    publicKey,
    // SECURITY(K-130): only the two ends can open what is sealed, whatever way it goes between them.
    agree: async (theirs) => {
      const other = await subtle.importKey('raw', theirs, AGREEMENT, false, []);
      const shared = new Uint8Array(
        await subtle.deriveBits({ name: 'ECDH', public: other }, own.privateKey, SECRET_BITS),
      );
      try {
        const secret = await subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey']);
        const [asker, person] = end === 'asker' ? [publicKey, theirs] : [theirs, publicKey];
        const key = async (from: End, use: 'decrypt' | 'encrypt') => {
          const info = Uint8Array.from([
            ...encoder.encode(`keyrite/exchange/1 ${exchange} ${from} `),
            ...asker,
            ...person,
          ]);
          const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info };
          return subtle.deriveKey(hkdf, secret, AES, false, [use]);
        };
        return sealWith(await key(end, 'encrypt'), await key(end === 'asker' ? 'person' : 'asker', 'decrypt'));
      } finally {
        shared.fill(0);
      }
    },
  };
}

type Key = Awaited<ReturnType<typeof crypto.subtle.deriveKey>>;

function sealWith(ownKey: Key, otherKey: Key): Seal {
  let isUsed = false;
  const how = (what: Sealed) => ({ name: AES.name, iv: NONCE, additionalData: encoder.encode(what) });
  return {
    close: async (what, body) => {
      if (isUsed) throw new Error('seal: expected one body, got another');
      isUsed = true;
      return new Uint8Array(await crypto.subtle.encrypt(how(what), ownKey, body));
    },
    open: async (what, sealed) => new Uint8Array(await crypto.subtle.decrypt(how(what), otherKey, sealed)),
  };
}
