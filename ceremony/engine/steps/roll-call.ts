/** Roll call: each participant proves presence by a signature with the key on their own token. */
import { hex } from '../../check-value';
import { PAYLOAD_TYPES } from '../../command/dsse';
import { signTogether } from '../signatures';
import type { Ceremony } from '../ceremony';
import type { StepHandler } from './handler';

/** One fresh proof for each person of the positions, over line 0 and the head of the transcript at that moment. */
export const rollCall: StepHandler<'roll-call'> = async (ceremony, step) => {
  const ids = step.positions.flatMap((position) => ceremony.peopleOf(position));
  for (const id of ids) {
    if (!ceremony.record.isPresent(id)) await prove(ceremony, step.id, id);
  }
  return { result: { present: ids } };
};

async function prove(ceremony: Ceremony, step: string, id: string): Promise<void> {
  const { devices, people, random } = ceremony.ports;
  const person = ceremony.participant(id);
  people.tell({ kind: 'progress', text: `${person.name} proves presence` });
  const proof = await signTogether(devices, [person], PAYLOAD_TYPES.presence, {
    format: 'keyrite-presence/1',
    mode: ceremony.name.mode,
    ceremony: ceremony.name.id,
    participant: id,
    line0: ceremony.record.line0Sha256,
    // SECURITY(K-34): a proof of another moment is none.
    head: ceremony.head,
    nonce: hex(random(32)),
  });
  await ceremony.append({ type: 'participant.present', step, by: [id], body: { participant: id, proof } });
}
