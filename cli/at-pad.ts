/** Says at the terminal who must act at a token's own pad, and when that is over. */
import type { PadEntry } from '../hsm/dialogue';
import { padWarning, padWords } from '../workstation/pad-words';
import { say } from './voice';

/**
 * A listener for {@link NodeChildren}.
 *
 * @param people participants' names by id
 * @param units names of the plan's units by id
 */
export function sayWhoIsAtPad(
  people: ReadonlyMap<string, string>,
  units: ReadonlyMap<string, string>,
): (entry: PadEntry | null) => void {
  const names = { person: (id: string) => people.get(id) ?? id, unit: (id: string) => units.get(id) ?? id };
  return (entry) => {
    if (entry === null) {
      say({ kind: 'progress', text: 'The device has its answer from the pad' });
      return;
    }
    say({ kind: 'warning', text: padWords(entry, names) });
    const warning = padWarning(entry);
    if (warning !== null) say({ kind: 'warning', text: warning });
    say({
      kind: 'progress',
      text: 'Nobody is hurried: the device waits. Where nobody can come, Ctrl-C twice ends it here',
    });
  };
}
