/**
 * How the share process says that it did not do what it was asked. It never touches a unit, so a failure of its own
 * leaves every unit as it was, and nothing has to be read again.
 */
import { DeviceError } from '../../ceremony/command/device-error';

/** Codes of the share process's own refusals. */
export type ShareTroubleCode =
  | 'SET_MISSING'
  | 'SET_IN_HAND'
  | 'SET_MALFORMED'
  | 'SET_PATTERN'
  | 'RANDOM_UNREADABLE'
  | 'SHARE_UNKNOWN'
  | 'SHARE_WRONG'
  | 'SHARE_ENTERED'
  | 'SHARE_NOT_HERE'
  | 'SHARE_SECOND'
  | 'SHARES_MISSING'
  | 'SHARE_FILE_EXISTS'
  | 'SHARE_FILE_MISSING'
  | 'SHARE_NOT_WRITTEN'
  | 'MEDIUM_REFUSED'
  | 'PRINTER_REFUSED'
  | 'SHARE_NOT_PRINTED'
  | 'SHARE_KEY_UNPROVEN'
  | 'IMPORT_KEY_UNPROVEN'
  | 'RSA_KEY_UNFIT'
  | 'AGREEMENT_KEY_UNFIT'
  | 'TRANSPORT_KEY_MISSING'
  | 'TRANSPORT_WRONG';

/** An error of the share process: `message` says what happened, `next` what to do. Neither may hold anything of a share. */
export function shareTrouble(code: ShareTroubleCode, message: string, next: string): DeviceError {
  return new DeviceError({
    code,
    message,
    changed: 'Nothing was changed: no share was taken, and no unit was touched',
    next,
    uncertain: false,
  });
}
