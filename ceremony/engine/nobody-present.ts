/** What is thrown where somebody is needed who is not there. */
import { DeviceError } from '../command/device-error';

/** DeviceError `NOBODY_PRESENT`: who is missing, in words that do not end with a full stop. Nothing was changed. */
export function nobodyPresent(message: string, changed = 'Nothing was changed.'): DeviceError {
  return new DeviceError({
    code: 'NOBODY_PRESENT',
    message,
    changed,
    next: 'Whoever is missing proves presence first; then go on.',
    uncertain: false,
  });
}
