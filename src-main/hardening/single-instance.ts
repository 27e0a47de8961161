/** One Keyrite at a time, for one person: two would ask the same people for the same tokens. */
import { app } from 'electron';
import { EXIT } from '../exit-codes';
import { StartRefused } from '../start-failure';

/**
 * Takes the place of the one that runs.
 *
 * @param onAnother somebody started it again: bring the window to the front. What the other was started with is not read
 * @throws StartRefused when one runs already; it has been told
 */
export function beTheOnlyInstance(onAnother: () => void): void {
  // SECURITY(K-50): a second window over the same tokens and the same folder is one that nobody is looking at.
  if (!app.requestSingleInstanceLock()) {
    throw new StartRefused('it runs already', 'Its window has been brought to the front.', EXIT.runsAlready);
  }
  app.on('second-instance', onAnother);
}
