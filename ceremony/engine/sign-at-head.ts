/** Signatures over the head of the transcript, as for a proof of presence: of this moment, and of no other. */
import type { JsonObject } from '../canonical-json';
import type { Envelope, PayloadType } from '../command/dsse';
import type { RosterEntry } from '../transcript/line';
import type { Ceremony } from './ceremony';
import { signTogether } from './signatures';

/** All sign `said`, its `head` filled in; again when a line came meanwhile. */
export async function signAtHead(
  ceremony: Ceremony,
  people: readonly RosterEntry[],
  type: PayloadType,
  said: JsonObject,
): Promise<Envelope> {
  for (;;) {
    // SECURITY(K-150): of this moment, so that nobody signs for one opening and has it stand for another.
    const { head } = ceremony;
    const record = await signTogether(ceremony.ports.devices, people, type, { ...said, head });
    if (ceremony.head === head) return record;
  }
}
