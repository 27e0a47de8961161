/**
 * PBES2, the password-based encryption of PKCS#8 and PKCS#12 (RFC 8018 section 6.2, scrypt by RFC 7914 section 7). Read here and not
 * by `createPrivateKey`, so that its cost is bounded before anybody types, older forms are told apart, and the clear key
 * is in a buffer that can be zeroed.
 */
import { createDecipheriv, pbkdf2Sync, scryptSync } from 'node:crypto';
import { TAG, contentOf, derElement, derElements, oidOf, smallInteger, type DerElement } from './der';
import { unusable, weak } from './refused';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';

const PRFS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
const CIPHERS: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
};
const BLOCK_BYTES = 16;

/** Fewest iterations of PBKDF2 that are taken: the least that RFC 8018 recommends. */
const MIN_ITERATIONS = 1_000;
/** Most iterations, which take some ten seconds. */
const MAX_ITERATIONS = 10_000_000;
/** Least and most memory that scrypt may want, in bytes: 128 N r. */
const MIN_SCRYPT_BYTES = 8 * 1024 * 1024;
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024;
const MAX_SCRYPT_PARALLEL = 16;
const MAX_SALT_BYTES = 1_024;

/** How a passphrase becomes a key. */
type Derivation =
  | { readonly by: 'pbkdf2'; readonly salt: Buffer; readonly iterations: number; readonly hash: string }
  | { readonly by: 'scrypt'; readonly salt: Buffer; readonly N: number; readonly r: number; readonly p: number };

/** A private key under a passphrase: EncryptedPrivateKeyInfo, read. */
export interface EncryptedKey {
  readonly derivation: Derivation;
  readonly cipher: { readonly name: string; readonly keyBytes: number };
  readonly iv: Buffer;
  readonly encrypted: Buffer;
}

/**
 * Reads an EncryptedPrivateKeyInfo (RFC 5958 section 3).
 *
 * @param content what is in its SEQUENCE
 * @throws KeyFileRefused for another encryption than PBES2 with AES-CBC, too few or too many iterations, or what is no DER
 */
export function readEncryptedKey(content: Buffer): EncryptedKey {
  const [algorithm, data] = derElements(content);
  const [scheme, parameters] = derElements(contentOf(algorithm, TAG.sequence));
  if (oidOf(scheme) !== PBES2) throw weak('in an old form (PBES1 or PKCS#12), which is soon tried through');
  const [derivation, cipher] = derElements(contentOf(parameters, TAG.sequence));
  const encrypted = contentOf(data, TAG.octetString);
  if (encrypted.length === 0 || encrypted.length % BLOCK_BYTES !== 0)
    throw unusable('is damaged: its ciphertext is cut');
  // SECURITY(K-99): a file can ask for hours of work, or for all the memory there is.
  return { derivation: readDerivation(derivation), ...readCipher(cipher), encrypted };
}

function readDerivation(element: DerElement | undefined): Derivation {
  const [id, parameters] = derElements(contentOf(element, TAG.sequence));
  const [salt, ...others] = derElements(contentOf(parameters, TAG.sequence));
  const common = { salt: contentOf(salt, TAG.octetString) };
  if (common.salt.length > MAX_SALT_BYTES) throw unusable('has a salt beyond all measure');
  const name = oidOf(id);
  if (name === PBKDF2) return { ...common, ...readPbkdf2(others) };
  if (name === SCRYPT) return { ...common, ...readScrypt(others) };
  throw unusable(`derives its key in a way that is not known (${name})`);
}

function readPbkdf2([count, ...others]: DerElement[]): Omit<Extract<Derivation, { by: 'pbkdf2' }>, 'salt'> {
  const iterations = smallInteger(count);
  if (iterations < MIN_ITERATIONS) throw weak(`with ${String(iterations)} iterations, which are too few`);
  if (iterations > MAX_ITERATIONS) throw unusable(`wants ${String(iterations)} iterations, more than are waited for`);
  const prf = others.find(({ tag }) => tag === TAG.sequence);
  // RFC 8018: HMAC with SHA-1 where none is named.
  const hash = prf === undefined ? 'sha1' : PRFS[oidOf(derElements(prf.content)[0])];
  if (hash === undefined) throw unusable('derives its key by a hash that is not known');
  return { by: 'pbkdf2', iterations, hash };
}

function readScrypt([cost, block, parallel]: DerElement[]): Omit<Extract<Derivation, { by: 'scrypt' }>, 'salt'> {
  const [N, r, p] = [smallInteger(cost), smallInteger(block), smallInteger(parallel)];
  const memory = 128 * N * r;
  if (N < 2 || r < 1 || p < 1 || (N & (N - 1)) !== 0) throw unusable('has parameters of scrypt that cannot be');
  if (memory < MIN_SCRYPT_BYTES) throw weak('with parameters of scrypt that are too small');
  if (memory > MAX_SCRYPT_BYTES || p > MAX_SCRYPT_PARALLEL) throw unusable('wants more of scrypt than is waited for');
  return { by: 'scrypt', N, r, p };
}

function readCipher(element: DerElement | undefined): Pick<EncryptedKey, 'cipher' | 'iv'> {
  const [id, iv] = derElements(contentOf(element, TAG.sequence));
  const cipher = CIPHERS[oidOf(id)];
  if (cipher === undefined) throw weak('with another cipher than AES');
  const bytes = contentOf(iv, TAG.octetString);
  if (bytes.length !== BLOCK_BYTES) throw unusable('is damaged: its initialisation vector has a wrong length');
  return { cipher, iv: bytes };
}

/**
 * The PrivateKeyInfo, DER; the caller zeroes it. Null when the passphrase does not open it.
 *
 * @param passphrase bytes as they were typed, UTF-8
 */
export function decryptKey({ derivation, cipher, iv, encrypted }: EncryptedKey, passphrase: Uint8Array): Buffer | null {
  const key = derive(derivation, passphrase, cipher.keyBytes);
  const clear = Buffer.alloc(encrypted.length);
  try {
    const decipher = createDecipheriv(cipher.name, key, iv).setAutoPadding(false);
    const parts = [decipher.update(encrypted), decipher.final()];
    let at = 0;
    for (const part of parts) {
      at += part.copy(clear, at);
      part.fill(0);
    }
    return withoutPadding(clear);
  } finally {
    // SECURITY(K-96): what was derived and what was decrypted.
    key.fill(0);
    clear.fill(0);
  }
}

function derive(derivation: Derivation, passphrase: Uint8Array, bytes: number): Buffer {
  if (derivation.by === 'pbkdf2') {
    return pbkdf2Sync(passphrase, derivation.salt, derivation.iterations, bytes, derivation.hash);
  }
  const { N, r, p, salt } = derivation;
  return scryptSync(passphrase, salt, bytes, { N, r, p, maxmem: 2 * MAX_SCRYPT_BYTES });
}

/** A copy without the padding of PKCS#7, when it is one SEQUENCE to its end; else null: another key deciphered it. */
function withoutPadding(clear: Buffer): Buffer | null {
  const pad = clear[clear.length - 1] ?? 0;
  if (pad < 1 || pad > BLOCK_BYTES || clear.subarray(-pad).some((byte) => byte !== pad)) return null;
  const inside = clear.subarray(0, clear.length - pad);
  try {
    derElement(inside, TAG.sequence);
  } catch {
    return null;
  }
  const copy = Buffer.alloc(inside.length);
  inside.copy(copy);
  return copy;
}
