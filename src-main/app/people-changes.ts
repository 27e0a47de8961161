/** What people at the main window say of coming and going: what of it is refused at once, and what of it waits. */
import type { PeopleChange } from '../../ceremony/engine/ports';
import { unrecordableIn } from '../../ceremony/text-forms';
import type { PersonView, RunView } from '../../ipc/view';
import { refused } from './trouble';

/**
 * Refuses what could never be carried out, before it waits for a safe point. The engine judges again when it is.
 *
 * @param people as the window shows them
 * @throws RequestFailed
 */
export function refuseChange(change: PeopleChange, people: readonly PersonView[]): void {
  // SECURITY(K-142): the window names people by their ids, and says nothing that the record cannot hold.
  for (const text of proseOf(change)) {
    const odd = unrecordableIn(text);
    if (odd !== null) {
      throw refused(
        `What was said holds ${odd}, a character that cannot be put on record.`,
        'Type it anew, without it.',
      );
    }
  }
  if (change.kind === 'paper') return;
  const person = find(people, change.participant);
  if (change.kind === 'late' && person.present) {
    throw refused(`${person.name} is present already.`, 'Nothing has to be said.');
  }
  if (change.kind === 'left' && person.left)
    throw refused(`${person.name} is away already.`, 'Nothing has to be said.');
  if (change.kind !== 'replaced') return;
  const by = find(people, change.by);
  if (by.id === person.id) throw refused(`${by.name} cannot take their own place.`, 'Choose an alternate.');
  if (by.position !== person.position) {
    throw refused(
      `${by.name} is bound to the position ${by.position}, and ${person.name} to ${person.position}.`,
      'Choose an alternate of the same position.',
    );
  }
}

/** A change in words, while it waits. */
export function changeWords(change: PeopleChange, nameOf: (id: string) => string): RunView['changes'][number] {
  const { kind } = change;
  switch (change.kind) {
    case 'late':
      return { kind, text: `${nameOf(change.participant)} is here and proves presence` };
    case 'left':
      return { kind, text: `${nameOf(change.participant)} is away: ${change.reason}` };
    case 'replaced':
      return {
        kind,
        text: `${nameOf(change.by)} takes the place of ${nameOf(change.participant)}: ${change.reason}`,
      };
    case 'paper':
      return { kind, text: `${change.name}, ${change.role}, signed paper: ${change.path}` };
  }
}

function proseOf(change: PeopleChange): readonly string[] {
  switch (change.kind) {
    case 'late':
      return [];
    case 'left':
    case 'replaced':
      return [change.reason];
    case 'paper':
      return [change.name, change.role];
  }
}

function find(people: readonly PersonView[], id: string): PersonView {
  const found = people.find((one) => one.id === id);
  if (found === undefined) throw refused(`${id} does not take part in this ceremony.`, 'Choose somebody of the list.');
  return found;
}
