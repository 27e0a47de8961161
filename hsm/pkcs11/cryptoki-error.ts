/** Errors of PKCS#11 calls in one form, whatever form pkcs11js throws them in. */
import { ckrCode, explainCkr } from './ckr';

/** A PKCS#11 call that did not return CKR_OK. Its message holds the call and the code, never data. */
export class CryptokiError extends Error {
  override readonly name = 'CryptokiError';
  /** The call, such as `C_Login`. */
  readonly call: string;
  /** The return value. */
  readonly code: number;
  /** Its name, such as `CKR_PIN_INCORRECT`. */
  readonly ckr: string;

  constructor(call: string, code: number) {
    const { name, meaning } = explainCkr(code);
    super(`${call}: ${name} (0x${code.toString(16)}): ${meaning}`);
    this.call = call;
    this.code = code;
    this.ckr = name;
  }
}

/** Whether an error is one of these CKR codes, given by name. Throws RangeError for a name PKCS#11 does not have. */
export function isCkr(error: unknown, ...names: readonly string[]): error is CryptokiError {
  return error instanceof CryptokiError && names.some((name) => ckrCode(name) === error.code);
}

/**
 * What a call threw, as a CryptokiError where it is one. pkcs11js throws a Pkcs11Error with `.code` from most calls, but
 * a plain Error whose message is `CKR_X:208` (decimal) from C_CreateObject, C_SetAttributeValue, C_CopyObject and
 * C_FindObjects. Anything else (a TypeError, a loader's message) is returned as it is.
 */
export function normaliseError(call: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code: unknown = 'code' in error ? error.code : undefined;
  if (error.message.startsWith('CKR_') && typeof code === 'number') return new CryptokiError(call, code);
  const plain = /^CKR_\w+:(\d{1,10})(?:\n|$)/.exec(error.message);
  return plain?.[1] === undefined ? error : new CryptokiError(call, Number(plain[1]));
}
