/** What a person does at a secret window, in words for the main one. */
import type { Plan } from '../../ceremony/plan/schema';
import type { Dialogue } from '../../hsm/dialogue';
import type { TaskView } from '../../ipc/view';

/** Who is at a secret window, and for what. */
export function personTask(dialogue: Dialogue, plan: Plan): TaskView {
  // SECURITY(K-68): who is asked, and for what, in words; what they are shown and what they answer never comes here.
  if (dialogue.kind === 'pin') {
    return { kind: 'person', who: dialogue.holder, what: 'pin', doing: pinWords(dialogue, plan) };
  }
  if (dialogue.kind === 'passphrase') {
    const doing = `${dialogue.make ? 'a new' : 'the'} passphrase of their key file`;
    return { kind: 'person', who: dialogue.holder, what: 'passphrase', doing };
  }
  const component = `component ${String(dialogue.index)} of ${String(dialogue.of)}`;
  const doing = dialogue.kind === 'share-show' ? `${component}, to be copied` : `${component}, to be typed`;
  return { kind: 'person', who: dialogue.custodian, what: dialogue.kind, doing };
}

function pinWords({ of, role, part, parts, make }: Extract<Dialogue, { kind: 'pin' }>, plan: Plan): string {
  const which = { user: 'user PIN', 'security-officer': 'security officer PIN', card: 'PIN' }[role];
  const whose = role === 'card' ? 'their own token' : (plan.units.find(({ id }) => id === of)?.name ?? of);
  const piece = parts === 1 ? '' : `, part ${String(part)} of ${String(parts)}`;
  return `${make ? 'a new' : 'the'} ${which} of ${whose}${piece}`;
}
