/**
 * Entries in the custody ledger: an object is taken in, opened, closed or destroyed, and two people sign it, one who keeps
 * such objects and one who watches. What is on record is not asked again.
 */
import * as v from 'valibot';
import { DeviceError } from '../../command/device-error';
import { PAYLOAD_TYPES } from '../../command/dsse';
import { entryFault, putsSeal, stateIn, type CustodyEntry, type MaterialKind } from '../../custody/ledger';
import { KEEPERS, OBSERVERS } from '../../custody/signers';
import type { Role, StepOf } from '../../plan/schema';
import { Name } from '../../text-forms';
import { CUSTODY } from '../../transcript/fact-names';
import type { RosterEntry } from '../../transcript/line';
import { decideAfter, recordFailure } from '../act';
import { CeremonyStopped, type Ceremony } from '../ceremony';
import { recordRaised, signRaised, signatories } from '../exception';
import { nobodyPresent } from '../nobody-present';
import { signAtHead } from '../sign-at-head';
import type { StepHandler } from './handler';

type Step = StepOf<'custody'>;

/** Has each object of the step entered into the ledger. */
export const custody: StepHandler<'custody'> = async (ceremony, step) => {
  for (const object of step.objects) {
    if (!ceremony.record.inCustody(step.id).has(object)) await enterOne(ceremony, step, object);
  }
  return { result: { act: step.act, objects: step.objects } };
};

async function enterOne(ceremony: Ceremony, step: Step, object: string): Promise<void> {
  const people = bothSides(ceremony, step);
  const entry = await entryFor(ceremony, step, object, people);
  const names = people.map((one) => one.name).join(' and ');
  const text = `${names} sign: ${inWords(ceremony, entry)}`;
  ceremony.ports.people.tell({ kind: 'progress', text });
  const record = await signAtHead(ceremony, people, PAYLOAD_TYPES.custody, {
    format: 'keyrite-custody/1',
    mode: ceremony.name.mode,
    ceremony: ceremony.name.id,
    step: step.id,
    ...entry,
  });
  const { act, seal, place } = entry;
  await ceremony.append({
    type: 'fact.recorded',
    step: step.id,
    by: people.map(({ id }) => id),
    body: { fact: CUSTODY, value: { object, act, seal, place, record } },
  });
  ceremony.ports.people.tell({ kind: 'result', text: inWords(ceremony, entry) });
}

/** The entry that the step makes of an object: with the seal that is stated, compared where the ledger has one. */
async function entryFor(
  ceremony: Ceremony,
  step: Step,
  object: string,
  people: readonly RosterEntry[],
): Promise<CustodyEntry> {
  const { act } = step;
  const { kind, name } = materialOf(ceremony, object);
  const place = putsSeal(act) ? (step.place ?? null) : null;
  const has = stateIn(ceremony.ledger, object) === 'sealed';
  for (;;) {
    const seal = putsSeal(act) || has ? await sealOn(ceremony, step, object, name, people) : null;
    const entry: CustodyEntry = { object, kind, act, seal, place };
    const fault = entryFault(ceremony.ledger, entry);
    if (fault === null) return entry;
    const error = refused(`${name} (${object}) ${fault.text}`, fault.what);
    if (fault.what === 'order') throw error;
    if (await goOnWith(ceremony, step, entry, error)) return entry;
  }
}

/** The number of a seal, as people state it. */
async function sealOn(
  ceremony: Ceremony,
  step: Step,
  object: string,
  name: string,
  people: readonly RosterEntry[],
): Promise<string> {
  const what = { in: 'that is on', closed: 'that was put on', opened: 'that is on', destroyed: 'that is on' }[step.act];
  const text = `The number of the seal ${what}: ${name} (${object})`;
  for (;;) {
    const by = people.map(({ id }) => id);
    const said = (
      await ceremony.ports.people.ask({ step: step.id, text, by, ...played(ceremony, object, step) })
    ).trim();
    if (v.is(Name, said)) return said;
    ceremony.ports.people.tell({ kind: 'failure', text: 'A number of 1 to 200 characters on one line is needed.' });
  }
}

/** What people who are played read: a number that no other seal has, or the one on record. Never in production. */
function played(ceremony: Ceremony, object: string, { act }: Step): { played?: string } {
  if (ceremony.name.mode !== 'rehearsal') return {};
  const fresh = `R-${String(ceremony.record.lines.length)}`;
  return { played: putsSeal(act) ? fresh : (ceremony.ledger.get(object)?.seal ?? fresh) };
}

/** Another seal than the ledger has: it is read again, or two people sign an exception, or the ceremony stops. */
async function goOnWith(ceremony: Ceremony, step: Step, entry: CustodyEntry, error: DeviceError): Promise<boolean> {
  const { people } = ceremony.ports;
  // SECURITY(K-151): on record before anybody decides.
  await recordFailure(ceremony, step.id, null, error);
  const both = signatories(ceremony);
  const options = both === null ? (['again', 'stop'] as const) : (['again', 'exception', 'stop'] as const);
  const decision = await decideAfter(ceremony, step.id, error, options);
  if (decision === 'again') return false;
  if (decision === 'stop' || both === null) {
    throw new CeremonyStopped(`stopped in step ${step.id}: ${error.message}\n${error.next}`);
  }
  const decided = await people.ask({
    step: step.id,
    text: 'What was decided, and why is it safe to go on with this object?',
    by: both.map(({ id }) => id),
  });
  const seal = ceremony.ledger.get(entry.object)?.seal ?? '';
  await recordRaised(ceremony, {
    step: step.id,
    kind: 'materials',
    expected: `${entry.object} under the seal ${seal}`,
    happened: `${entry.object} was found under the seal ${entry.seal ?? ''}`,
    decided,
  });
  await signRaised(ceremony);
  return true;
}

/** One who keeps objects and one who watches, of the step's positions, who are present. */
function bothSides(ceremony: Ceremony, step: Step): RosterEntry[] {
  const there = [...new Set(step.by.flatMap((position) => ceremony.peopleOf(position)))];
  const people = there.map((id) => ceremony.participant(id));
  const of = (side: readonly Role[]): RosterEntry | undefined =>
    people.find(({ roles }) => roles.some((role) => side.includes(role)));
  const [keeper, observer] = [of(KEEPERS), of(OBSERVERS)];
  if (keeper !== undefined && observer !== undefined) {
    return [keeper, observer].sort((one, other) => (one.id < other.id ? -1 : 1));
  }
  const missing = keeper === undefined ? 'who keeps the objects' : 'who watches';
  throw nobodyPresent(
    `somebody ${missing} must sign, and nobody such of ${step.by.join(', ')} is present`,
    'Nothing was entered in the custody ledger.',
  );
}

function materialOf(ceremony: Ceremony, object: string): { readonly kind: MaterialKind; readonly name: string } {
  const found = ceremony.plan.materials.find(({ id }) => id === object);
  if (found === undefined) throw new Error(`the plan has no material ${object}`);
  return found;
}

function inWords(ceremony: Ceremony, { object, act, seal, place }: CustodyEntry): string {
  const { name } = materialOf(ceremony, object);
  const thing = `${name} (${object})`;
  switch (act) {
    case 'in':
      return `${thing} comes into custody under seal ${seal ?? ''}, kept at: ${place ?? ''}`;
    case 'closed':
      return `${thing} is put under seal ${seal ?? ''}, kept at: ${place ?? ''}`;
    case 'opened':
      return `${thing} is opened; its seal was ${seal ?? ''}`;
    case 'destroyed':
      return `${thing} is destroyed; ${seal === null ? 'it was open' : `its seal was ${seal}`}`;
  }
}

function refused(message: string, what: 'order' | 'seal'): DeviceError {
  return new DeviceError({
    code: what === 'seal' ? 'SEAL_DIFFERS' : 'NOT_IN_CUSTODY',
    message,
    changed: 'Nothing was entered in the custody ledger, and nothing was opened by Keyrite’s word.',
    next:
      what === 'seal'
        ? 'Leave it closed. Read the number again, aloud, and compare object and paper. If the seal is another, find out who broke the old one.'
        : 'The plan does not fit what is on record: stop.',
    uncertain: false,
  });
}
