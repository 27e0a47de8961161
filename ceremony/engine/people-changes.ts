/**
 * People who come late, leave, are replaced, or sign on paper only. Called where nothing is under way: between steps, at
 * the beginning of an attempt, or while the engine waits for people.
 */
import { hex } from '../check-value';
import { DeviceError } from '../command/device-error';
import { PAYLOAD_TYPES } from '../command/dsse';
import { attachFile } from './attachments';
import type { Ceremony } from './ceremony';
import { recordRaised } from './exception';
import type { PeopleChange } from './ports';
import { signTogether } from './signatures';

/** One fresh proof of presence, over line 0 and the head of the transcript at that moment. */
export async function provePresence(ceremony: Ceremony, step: string | null, id: string): Promise<void> {
  const { devices, people, random } = ceremony.ports;
  const person = ceremony.participant(id);
  people.tell({ kind: 'progress', text: `${person.name} proves presence` });
  for (;;) {
    const { head } = ceremony;
    const proof = await signTogether(devices, [person], PAYLOAD_TYPES.presence, {
      format: 'keyrite-presence/1',
      mode: ceremony.name.mode,
      ceremony: ceremony.name.id,
      participant: id,
      line0: ceremony.record.line0Sha256,
      // SECURITY(K-34): a proof of another moment is none.
      head,
      nonce: hex(random(32)),
    });
    const body = { participant: id, proof };
    // Units that are loaded meanwhile write lines too.
    if ((await ceremony.appendAt(head, { type: 'participant.present', step, by: [id], body })) !== null) return;
  }
}

/**
 * Somebody of this session's binding came after the roll call, or is back: they prove presence.
 *
 * @param step the step under way; null between steps
 * @throws RangeError for somebody who is not bound or is present already; DeviceError when they cannot sign
 */
export async function lateArrival(ceremony: Ceremony, id: string, step: string | null = null): Promise<void> {
  requireBound(ceremony, id);
  if (ceremony.record.isPresent(id)) throw new RangeError(`${id}: is present already`);
  await provePresence(ceremony, step, id);
}

/**
 * Somebody leaves, or did not come. They do nothing and sign nothing until they prove presence again.
 *
 * @param saidBy who said so; without it the first crypto administrator present
 * @throws RangeError for somebody who is not bound or has left already
 */
export async function personLeft(ceremony: Ceremony, id: string, reason: string, saidBy?: string): Promise<void> {
  requireBound(ceremony, id);
  if (ceremony.record.hasLeft(id)) throw new RangeError(`${id}: has left already`);
  const by = speaker(ceremony, saidBy);
  await ceremony.append({ type: 'participant.left', step: null, by, body: { participant: id, reason } });
}

/**
 * Somebody's place is taken by an alternate: a person of the same position, who proves presence first where that was not
 * done.
 *
 * @throws RangeError when one of them is not bound, they are of different positions, or the alternate is the same person
 */
export async function personReplaced(
  ceremony: Ceremony,
  replaced: { readonly participant: string; readonly by: string; readonly reason: string },
  saidBy?: string,
): Promise<void> {
  const { participant, by } = replaced;
  const [leaves, comes] = [requireBound(ceremony, participant), requireBound(ceremony, by)];
  if (participant === by) throw new RangeError(`${by}: nobody takes their own place`);
  if (leaves !== comes) {
    throw new RangeError(
      `${by}: expected somebody of the position ${leaves}, as ${participant} is; got one of ${comes}`,
    );
  }
  if (!ceremony.record.isPresent(by)) await provePresence(ceremony, null, by);
  await ceremony.append({
    type: 'participant.replaced',
    step: null,
    by: speaker(ceremony, saidBy),
    body: { ...replaced },
  });
}

/**
 * Somebody without a token signed paper: the scan is attached by hash. It never counts.
 *
 * @param path file of the scan on the workstation
 * @throws DeviceError when the file cannot be read
 */
export async function paperSignature(
  ceremony: Ceremony,
  { name, role, path }: { readonly name: string; readonly role: string; readonly path: string },
): Promise<void> {
  const file = await attachFile(ceremony, 'paper', path);
  await ceremony.recordFact(null, 'paper-signature', { name, role }, [file]);
}

/**
 * Carries out what people said meanwhile. What cannot be done is told and left out: nobody is held up by it.
 *
 * @param step the step under way; null between steps
 */
export async function takeChanges(ceremony: Ceremony, step: string | null): Promise<void> {
  for (const change of ceremony.ports.people.changes?.() ?? []) {
    try {
      await carryOut(ceremony, change, step);
      ceremony.ports.people.tell({ kind: 'result', text: inWords(ceremony, change) });
    } catch (error) {
      if (!(error instanceof DeviceError) && !(error instanceof RangeError)) throw error;
      ceremony.ports.people.tell({ kind: 'failure', text: `${error.message}\nNothing was recorded of it.` });
    }
  }
}

/**
 * Where fewer people of a position are there than the plan asks for, what was decided is asked, and an exception of the
 * kind `people` raised; it is signed as soon as both who sign it are present.
 */
export async function requireAttendance(
  ceremony: Ceremony,
  step: string,
  positions: readonly string[],
  isThere: (id: string) => boolean,
): Promise<void> {
  const short = positions.flatMap((id) => {
    const needed = ceremony.plan.positions.find((one) => one.id === id)?.count ?? 0;
    const there = ceremony.boundTo(id).filter(isThere).length;
    return there < needed ? [{ id, needed, there }] : [];
  });
  if (short.length === 0 || ceremony.record.isRelaxed(step)) return;
  const expected = short.map(({ id, needed }) => `${String(needed)} × ${id}`).join(', ');
  const happened = short.map(({ id, there }) => `${String(there)} × ${id}`).join(', ');
  const decided = await ceremony.ports.people.ask({
    step,
    text: `The plan asks for ${expected}; there are ${happened}. What was decided, and why is it safe to go on?`,
    by: ceremony.operators(),
  });
  await recordRaised(ceremony, { step, kind: 'people', expected, happened, decided });
}

/** Position of somebody who is bound in this session, or was enrolled. Throws RangeError for anybody else. */
function requireBound(ceremony: Ceremony, id: string): string {
  const position =
    ceremony.binding.people.find((one) => one.id === id)?.position ?? ceremony.record.enrolled.get(id)?.position;
  if (position === undefined) throw new RangeError(`${id}: expected somebody of the binding, got nobody`);
  return position;
}

function speaker(ceremony: Ceremony, saidBy: string | undefined): string[] {
  if (saidBy === undefined)
    return ceremony.record
      .presentWith('crypto-administrator')
      .slice(0, 1)
      .map(({ id }) => id);
  if (!ceremony.record.isPresent(saidBy)) throw new RangeError(`${saidBy}: expected somebody present`);
  return [saidBy];
}

async function carryOut(ceremony: Ceremony, change: PeopleChange, step: string | null): Promise<void> {
  switch (change.kind) {
    case 'late':
      return lateArrival(ceremony, change.participant, step);
    case 'left':
      return personLeft(ceremony, change.participant, change.reason);
    case 'replaced':
      return personReplaced(ceremony, { participant: change.participant, by: change.by, reason: change.reason });
    case 'paper':
      return paperSignature(ceremony, change);
  }
}

function inWords(ceremony: Ceremony, change: PeopleChange): string {
  const nameOf = (id: string): string => ceremony.participant(id).name;
  switch (change.kind) {
    case 'late':
      return `${nameOf(change.participant)} is present`;
    case 'left':
      return `${nameOf(change.participant)} is away: ${change.reason}`;
    case 'replaced':
      return `${nameOf(change.by)} takes the place of ${nameOf(change.participant)}: ${change.reason}`;
    case 'paper':
      return `the paper that ${change.name} signed is attached; it does not count as a signature`;
  }
}
