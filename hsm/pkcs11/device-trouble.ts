/** PKCS#11 errors as the DeviceError that people read. */
import { DeviceError } from '../../ceremony/command/device-error';
import { explainCkr } from './ckr';
import { CryptokiError, isCkr } from './cryptoki-error';

/** What was being done when a call failed. */
export interface Circumstance {
  /** Whose token, such as `unit unit-a`. */
  readonly of: string;
  /** What was being done, such as `setting the user PIN`. */
  readonly doing: string;
  /** What was and what was not changed, as sentences. */
  readonly changed: string;
  /** Whether the device may have acted although the call failed; reading never does. */
  readonly changes: boolean;
}

/** Codes after which nobody knows how far the device got. */
const UNCERTAIN = [
  'CKR_HOST_MEMORY',
  'CKR_GENERAL_ERROR',
  'CKR_FUNCTION_FAILED',
  'CKR_DEVICE_ERROR',
  'CKR_DEVICE_MEMORY',
  'CKR_DEVICE_REMOVED',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_HANDLE_INVALID',
] as const;

/** Does something with a device; a CryptokiError becomes a DeviceError, everything else passes as it is. */
export function attempt<T>(circumstance: Circumstance, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw asDeviceError(error, circumstance);
  }
}

/** The error as people read it; anything but a CryptokiError is returned as it is. */
export function asDeviceError(error: unknown, circumstance: Circumstance): unknown {
  if (!(error instanceof CryptokiError)) return error;
  const { of, doing, changed, changes } = circumstance;
  const isVendors = error.code >= 0x80000000;
  const uncertain = changes && (isVendors || isCkr(error, ...UNCERTAIN));
  // What a token refuses it may have done all the same; a PIN is looked at before anything else.
  const isItsWord = changes && !uncertain && !/^CKR_(?:PIN|USER)_/.test(error.ckr);
  const told = isItsWord ? `By the token’s word, nothing was done. ${changed}` : changed;
  return new DeviceError({
    code: error.ckr,
    message: `${of}: ${doing} failed. The token answered ${error.call} with ${error.ckr} (0x${error.code.toString(16)}): ${explainCkr(error.code).meaning}.`,
    changed: uncertain ? `It is not known whether the device acted. ${changed}` : told,
    next: explainCkr(error.code).next,
    uncertain,
  });
}

/** A DeviceError of ours about a unit that is not as it should be. Nothing was changed when it is thrown. */
export function unitChanged(of: string, found: string): DeviceError {
  return new DeviceError({
    code: 'UNIT_CHANGED',
    message: `${of}: ${found}.`,
    changed: 'Nothing was changed.',
    next: 'Stop. Somebody or something else acted on this token, or it is another one: find out before going on.',
    uncertain: false,
  });
}

/** A DeviceError for a request that a token or its condition does not allow. Nothing was changed when it is thrown. */
export function refused(code: string, of: string, why: string, next: string): DeviceError {
  return new DeviceError({ code, message: `${of}: ${why}.`, changed: 'Nothing was changed.', next, uncertain: false });
}
