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

const NOTHING_CHANGED = 'Nothing was changed: no share was taken, and no unit was touched';

/** Ends a sentence on what became of a share that got out although it was not taken. */
export const NOT_TAKEN = 'No share was taken, and no unit was touched';

/**
 * An error of the share process. None of its words may hold anything of a share.
 *
 * @param message what happened
 * @param next what to do
 * @param changed what was changed, where a share is somewhere or with somebody now
 */
export function shareTrouble(
  code: ShareTroubleCode,
  message: string,
  next: string,
  changed = NOTHING_CHANGED,
): DeviceError {
  return new DeviceError({ code, message, changed, next, uncertain: false });
}

/**
 * The same error, with what it changed: whoever refused, or the link to a person, cannot know that a share is out already.
 * What is none of ours stays as it is.
 *
 * @param nextIfWrong what to do where the share was a wrong one
 */
export function withWhatChanged(error: unknown, changed: string, nextIfWrong?: string): unknown {
  if (!(error instanceof DeviceError)) return error;
  const { code, message, uncertain } = error;
  const next = code === 'SHARE_WRONG' ? (nextIfWrong ?? error.next) : error.next;
  return new DeviceError({ code, message, changed, next, uncertain });
}
