/** What a window is told of an error. */
import { RequestFailed, type Trouble } from '../ipc/define';
import { explain, isFault } from '../workstation/explain';

/** Longest part that is passed on, in UTF-16 code units: what the contract takes, less the ellipsis. */
const MAX_WORDS = 9_999;

/**
 * An error in words for the person at the window. Of a fault of ours the class alone is told.
 *
 * @param error anything that was thrown
 */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof RequestFailed) return bounded(error.trouble);
  // SECURITY(K-52): the text or the stack of an error that nobody foresaw may hold anything, a PIN too.
  if (isFault(error)) return FAULT(error);
  const { happened, changed, next } = explain(error);
  return bounded({ happened, changed: changed ?? '', next: next ?? '' });
}

const FAULT = (error: unknown): Trouble => ({
  happened: `A fault in Keyrite (${className(error)})`,
  changed: 'What was done until then is in the record; this request may not have been carried out.',
  next: 'Look at what the screen shows now, and go on from there. Report the fault.',
});

function className(error: unknown): string {
  const name = error instanceof Error ? error.constructor.name : '';
  return /^[A-Za-z]{1,60}$/.test(name) ? name : 'no error object';
}

function bounded({ happened, changed, next }: Trouble): Trouble {
  const cut = (words: string) => (words.length <= MAX_WORDS ? words : `${words.slice(0, MAX_WORDS)}…`);
  return { happened: cut(happened), changed: cut(changed), next: cut(next) };
}
