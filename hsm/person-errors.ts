/** What a dialogue with a person can end in besides an answer. */
import { DeviceError } from '../ceremony/command/device-error';
import type { Dialogue } from './contract';

/** The person process is gone or no longer understood. Nobody can be asked any more. */
export class PersonGone extends DeviceError {
  constructor() {
    super({
      code: 'PERSON_GONE',
      message: 'The process that asks people for PINs and shares has ended',
      changed: 'Nothing was changed by what was about to be asked',
      next: 'Stop here and go on with: keyrite resume',
      uncertain: false,
    });
  }
}

/** The person declined to give what was asked. */
export class PersonRefused extends DeviceError {
  constructor(dialogue: Dialogue) {
    super({
      code: 'PERSON_REFUSED',
      message: `${whoWasAsked(dialogue)} declined`,
      changed: 'Nothing was changed by what was about to be asked',
      next: 'Try again when the person is ready, or stop here',
      uncertain: false,
    });
  }
}

/** The window (or the rehearsal's player) ended before it had answered, as when it was closed or crashed. It can be asked again. */
export class PersonLost extends DeviceError {
  constructor(dialogue: Dialogue) {
    super({
      code: 'PERSON_LOST',
      message: `${whoWasAsked(dialogue)} has not answered: the window closed before`,
      changed: 'Nothing was changed by what was about to be asked',
      next: 'Try again, and a new window opens; or stop here',
      uncertain: false,
    });
  }
}

function whoWasAsked(dialogue: Dialogue): string {
  if (dialogue.kind === 'pin') return `${dialogue.holder}, asked for a PIN of ${dialogue.of},`;
  if (dialogue.kind === 'final-try') return `${dialogue.holder}, asked whether to use the final try of ${dialogue.of},`;
  if (dialogue.kind === 'passphrase') return `${dialogue.holder}, asked for the passphrase of their key file,`;
  return `${dialogue.custodian}, asked about share ${String(dialogue.index)},`;
}
