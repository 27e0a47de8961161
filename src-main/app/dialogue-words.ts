/** What a person does at a secret window, or at a token's own pad, in words for the main one. */
import type { Plan } from '../../ceremony/plan/schema';
import type { Dialogue, PadEntry } from '../../hsm/dialogue';
import type { TaskView } from '../../ipc/view';
import { padPin, padWarning, padWords } from '../../workstation/pad-words';

/** Who is at a secret window, and for what. */
export function personTask(dialogue: Dialogue, plan: Plan): TaskView {
  // SECURITY(K-68): who is asked, and for what, in words; what they are shown and what they answer never comes here.
  if (dialogue.kind === 'pin') {
    return { kind: 'person', who: dialogue.holder, what: 'pin', doing: pinWords(dialogue, plan) };
  }
  if (dialogue.kind === 'final-try') {
    const doing = `${pinWords({ ...dialogue, make: false, part: 1, parts: 1 }, plan)}, on the device’s own pad`;
    return { kind: 'person', who: dialogue.holder, what: 'final-try', doing };
  }
  if (dialogue.kind === 'passphrase') {
    const doing = `${dialogue.make ? 'a new' : 'the'} passphrase of their key file`;
    return { kind: 'person', who: dialogue.holder, what: 'passphrase', doing };
  }
  const share = `share ${String(dialogue.index)} of ${String(dialogue.of)}`;
  const doing =
    dialogue.kind === 'share-key'
      ? shareKeyWords(dialogue)
      : `${share}, to be ${dialogue.kind === 'share-show' ? 'copied' : 'typed'}`;
  return { kind: 'person', who: dialogue.custodian, what: dialogue.kind, doing };
}

/**
 * Who must act at a token's own pad, and for what.
 *
 * @param since when they were first told, RFC 3339
 */
export function padTask(entry: PadEntry, since: string, plan: Plan, nameOf: (id: string) => string): TaskView {
  const names = { person: nameOf, unit: (id: string) => plan.units.find((unit) => unit.id === id)?.name ?? id };
  const doing = padWords(entry, names);
  return { kind: 'pad', by: [...entry.holders], doing, pin: padPin(entry, names), warning: padWarning(entry), since };
}

function shareKeyWords({ make, what, index, of }: Extract<Dialogue, { kind: 'share-key' }>): string {
  return `${make ? 'a new' : 'the'} ${what} of the file of share ${String(index)} of ${String(of)}`;
}

type WhichPin = Pick<Extract<Dialogue, { kind: 'pin' }>, 'of' | 'role' | 'part' | 'parts' | 'make' | 'change'>;

function pinWords({ of, role, part, parts, make, change }: WhichPin, plan: Plan): string {
  const which = { user: 'user PIN', 'security-officer': 'security officer PIN', card: 'PIN' }[role];
  const whose = role === 'card' ? 'their own token' : (plan.units.find(({ id }) => id === of)?.name ?? of);
  const piece = parts === 1 ? '' : `, part ${String(part)} of ${String(parts)}`;
  const the = change === undefined ? 'the' : `the ${change.pin}`;
  return `${make ? 'a new' : the} ${which} of ${whose}${piece}`;
}
