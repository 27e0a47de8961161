/** Enrolling people on the day: their identification is seen, their key is read from their token, two people vouch. */
import { pemOf, keyFile } from '../../bundle/layout';
import type { JsonObject } from '../../canonical-json';
import { DeviceError } from '../../command/device-error';
import { PAYLOAD_TYPES, spkiSha256 } from '../../command/dsse';
import type { OpenSeat } from '../../plan/binding-schema';
import { brokenDuties, sameName } from '../../plan/duties';
import { VOUCHERS, type StepOf } from '../../plan/schema';
import type { RosterEntry } from '../../transcript/line';
import { isProperKey } from '../../transcript/roster-key';
import type { Ceremony } from '../ceremony';
import { signTogether } from '../signatures';
import type { StepHandler } from './handler';

/** Enrols everybody for whom the binding has an open seat in the position. */
export const enrol: StepHandler<'enrol'> = async (ceremony, step) => {
  const seats = (ceremony.binding.enrol ?? []).filter((one) => one.position === step.position);
  for (const seat of seats) {
    if (!ceremony.record.enrolled.has(seat.id)) await enrolOne(ceremony, step, seat);
  }
  return { result: { enrolled: seats.map(({ id }) => id) } };
};

async function enrolOne(ceremony: Ceremony, step: StepOf<'enrol'>, seat: OpenSeat): Promise<void> {
  const { people, devices } = ceremony.ports;
  const vouchers = vouchersOf(ceremony, step);
  const by = vouchers.map(({ id }) => id);
  const whose = `The name of the person who takes the place ${seat.id}, as their identification shows it`;
  const name = (await people.ask({ step: step.id, text: whose, by, expects: 'name' })).trim();
  const seen = `What was seen of ${name}’s identification: ${step.identification.trim()}`;
  const identification = (await people.ask({ step: step.id, text: seen, by })).trim();
  people.tell({ kind: 'progress', text: `${name} shows the key on their token` });
  const key = await devices.readSeatKey(seat.id);
  const participant: RosterEntry = {
    id: seat.id,
    name,
    roles: [roleOf(ceremony, step.position)],
    key: { algorithm: key.algorithm, spki: key.spki, holder: 'token' },
  };
  refuseKey(ceremony, step, participant);
  refuseDuties(ceremony, participant);
  devices.knowPerson(seat.id, key);
  people.tell({
    kind: 'progress',
    text: `${name} and ${vouchers.map((one) => one.name).join(' and ')} sign the enrolment`,
  });
  const payload: JsonObject = {
    format: 'keyrite-enrolment/1',
    mode: ceremony.name.mode,
    ceremony: ceremony.name.id,
    participant: { ...participant, key: { ...participant.key } },
    position: step.position,
    identification,
    // SECURITY(K-102): of this moment, as a proof of presence is.
    head: ceremony.head,
  };
  const signers = [participant, ...vouchers].sort((one, other) => (one.id < other.id ? -1 : 1));
  const record = await signTogether(devices, signers, PAYLOAD_TYPES.enrolment, payload);
  const file = await ceremony.settleFile(keyFile(seat.id), Buffer.from(pemOf(key.spki), 'utf8'));
  await ceremony.append({
    type: 'participant.enrolled',
    step: step.id,
    by: [...by].sort(),
    body: { participant, vouchers: [...by].sort(), identification, record, files: [file] },
  });
  people.tell({ kind: 'result', text: `${name} is enrolled as ${step.position}; key ${spkiSha256(key.spki)}` });
}

function vouchersOf(ceremony: Ceremony, step: StepOf<'enrol'>): RosterEntry[] {
  const there = [...new Set(step.vouchers.flatMap((position) => ceremony.peopleOf(position)))].slice(0, VOUCHERS);
  if (there.length === VOUCHERS) return there.map((id) => ceremony.participant(id));
  throw refused(
    'NOBODY_PRESENT',
    `${String(VOUCHERS)} people of ${step.vouchers.join(', ')} must vouch, but ${String(there.length)} are present`,
    'Whoever is missing proves presence first; then go on.',
  );
}

function refuseKey(ceremony: Ceremony, { position }: StepOf<'enrol'>, { id, key }: RosterEntry): void {
  const next = 'Use a token of the person’s own, with a key that nobody else has.';
  if (!isProperKey(key)) throw refused('KEY_UNUSABLE', `the key of ${id} is not a plain ${key.algorithm} key`, next);
  if (ceremony.record.roster.some((one) => one.id === id)) {
    throw refused(
      'SEAT_TAKEN',
      `${id} stands on the roster already`,
      'Give the open seat an id of its own in the binding.',
    );
  }
  const other = ceremony.record.roster.find((one) => one.key.spki === key.spki);
  if (other !== undefined) throw refused('KEY_UNUSABLE', `the key of ${id} is the key of ${other.name}`, next);
  const pinned = ceremony.plan.positions.find((one) => one.id === position)?.pinnedKeys ?? [];
  if (ceremony.name.mode === 'production' && pinned.length > 0 && !pinned.includes(spkiSha256(key.spki))) {
    throw refused('KEY_UNUSABLE', `the plan pins the keys of ${position}, and the key of ${id} is none of them`, next);
  }
}

// SECURITY(K-161): whoever comes on the day holds no duty that the plan keeps apart from one they hold already.
function refuseDuties(ceremony: Ceremony, participant: RosterEntry): void {
  const broken = brokenDuties(ceremony.plan, [...ceremony.record.roster, participant], sameName).find(({ people }) =>
    people.includes(participant.id),
  );
  if (broken === undefined) return;
  throw refused(
    'DUTIES_NOT_APART',
    `${broken.people.join(' and ')} have one name and would hold ${broken.held.join(' and ')}, which the plan keeps apart. ${broken.why}`,
    'Enrol another person; or, if they are two people, write the name so that it differs.',
  );
}

function roleOf(ceremony: Ceremony, position: string): RosterEntry['roles'][number] {
  const found = ceremony.plan.positions.find((one) => one.id === position);
  if (found === undefined) throw new Error(`the plan has no position ${position}`);
  return found.role;
}

function refused(code: string, message: string, next: string): DeviceError {
  return new DeviceError({ code, message, changed: 'Nobody was enrolled.', next, uncertain: false });
}
