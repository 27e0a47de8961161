/** What the main window is told when something could not be done: always what happened, what was changed, what now. */
import { RequestFailed, type Trouble } from '../../ipc/define';
import { troubleOf } from '../trouble-of';

/** An error in words for the main window; where an error says nothing of it, nothing was changed. */
export function wholeTrouble(error: unknown): Trouble {
  const { happened, changed, next } = troubleOf(error);
  return {
    happened,
    changed: changed === '' ? 'Nothing was changed.' : changed,
    next: next === '' ? 'Put right what is named above, then try again.' : next,
  };
}

/** Something that is refused: nothing was changed. */
export function refused(happened: string, next: string): RequestFailed {
  return new RequestFailed({ happened, changed: 'Nothing was changed.', next });
}
