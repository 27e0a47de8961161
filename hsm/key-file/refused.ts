/** Why a key file is not used, before it is known whose it is. */

/** Codes of the key-file process's own refusals. */
export type KeyFileCode =
  | 'KEY_FILE_MISSING'
  | 'KEY_FILE_UNREADABLE'
  | 'KEY_FILE_NOT_ENCRYPTED'
  | 'KEY_FILE_WEAK'
  | 'KEY_FILE_UNUSABLE'
  | 'KEY_FILE_CHANGED'
  | 'KEY_FILE_EXISTS'
  | 'PASSPHRASE_WRONG';

/** A key file that is refused. Holds nothing of passphrase or key. */
export class KeyFileRefused extends Error {
  override readonly name = 'KeyFileRefused';
  readonly code: KeyFileCode;
  readonly next: string;

  /**
   * @param what what is wrong, as a clause that follows `the key file of ada`
   * @param next what to do, as a sentence
   */
  constructor(code: KeyFileCode, what: string, next: string) {
    super(what);
    this.code = code;
    this.next = next;
  }
}

/** The command by which a key is put into a file that is taken. */
const ENCRYPT_ANEW = 'openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 600000 -in OLD -out NEW';

/** A file that is no key file, or a damaged one. */
export function unusable(what: string): KeyFileRefused {
  return new KeyFileRefused('KEY_FILE_UNUSABLE', what, 'Name an encrypted PKCS#8 (PEM or DER) or PKCS#12 file.');
}

/** A file that whoever copies it can open. */
export function notEncrypted(): KeyFileRefused {
  return new KeyFileRefused(
    'KEY_FILE_NOT_ENCRYPTED',
    'holds the key in clear: whoever sees the file has the key',
    `Treat the key as known to others, and bind a new one; or, if nobody but its holder had it, encrypt it: ${ENCRYPT_ANEW}`,
  );
}

/** A file whose encryption is too old or too weak. */
export function weak(how: string): KeyFileRefused {
  return new KeyFileRefused('KEY_FILE_WEAK', `is encrypted ${how}`, `Encrypt it anew: ${ENCRYPT_ANEW}`);
}
