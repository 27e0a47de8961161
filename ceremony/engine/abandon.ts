/**
 * Ending a ceremony that will not be brought to its end: what is not known stays named so, two people sign why, and the
 * quorum signs the record as it is. Such a bundle is never more than `incomplete`.
 */
import type { VerifyReport } from '../bundle/verify';
import type { RosterEntry } from '../transcript/line';
import { CeremonyStopped, type Ceremony } from './ceremony';
import { closeCeremony } from './close';
import { recordRaised, signRaised, signatories } from './exception';
import { lateArrival } from './people-changes';
import { requireSigned, tellDevices } from './run';
import { untilItWorks } from './until-it-works';

type Role = RosterEntry['roles'][number];

/** Longest list of steps that is spelled out, in UTF-16 code units: an exception's text has at most 4000. */
const MAX_LIST = 3000;

const EXPECTED = 'The ceremony is brought to its end.';

/**
 * Closes the ceremony as abandoned and seals its bundle. Interrupted, it is done again.
 *
 * @param reason why, in 1 to 4000 UTF-16 code units; goes on record
 * @returns the verification of the sealed bundle: `incomplete`, and nothing wrong
 * @throws CeremonyStopped when it is closed as completed, when those who must sign are not there, or the people stop
 * @throws BundleNotCopied when a medium did not get its copy
 */
export async function abandonCeremony(ceremony: Ceremony, reason: string): Promise<VerifyReport> {
  const { record } = ceremony;
  if (record.closed?.body.outcome === 'completed') {
    throw new CeremonyStopped('The ceremony is closed: it was brought to its end, and cannot be abandoned any more.');
  }
  tellDevices(ceremony);
  if (record.closed === null) {
    await leaveUndetermined(ceremony);
    await gather(ceremony);
    if (!record.raised.some(({ expected }) => expected === EXPECTED)) await raise(ceremony, reason);
    await signRaised(ceremony);
    requireSigned(ceremony);
  }
  return closeCeremony(ceremony, 'abandoned');
}

/** An act that was announced and not answered: nobody reads the device again, so nobody can tell. */
async function leaveUndetermined(ceremony: Ceremony): Promise<void> {
  for (const { id } of ceremony.plan.steps) {
    const { attempts, acts } = ceremony.record.step(id);
    for (const [act, { status }] of [...acts]) {
      if (status !== 'open') continue;
      await ceremony.append({
        type: 'step.reconciled',
        step: id,
        by: [],
        body: { attempt: attempts, act, verdict: 'undetermined', observed: { note: NOT_READ } },
      });
    }
  }
}

const NOT_READ = 'the ceremony was abandoned before the device was read again';

/** Has those prove presence who sign the record and the exception, as far as they have not. */
async function gather(ceremony: Ceremony): Promise<void> {
  for (const { role, count } of ceremony.record.opened.body.quorum) {
    await come(ceremony, [role], () => ceremony.record.presentWith(role).length >= count);
  }
  const isThere = (role: Role): boolean => ceremony.record.presentWith(role).length > 0;
  await come(ceremony, ['crypto-administrator'], () => isThere('crypto-administrator'));
  await come(ceremony, ['witness', 'auditor'], () => isThere('witness') || isThere('auditor'));
  if (signatories(ceremony) === null) throw new CeremonyStopped(NOBODY);
}

/** Asks people of some roles, one after the other, until there are enough. */
async function come(ceremony: Ceremony, roles: readonly Role[], enough: () => boolean): Promise<void> {
  const { people } = ceremony.ports;
  const bound = new Set(ceremony.plan.positions.flatMap(({ id }) => ceremony.boundTo(id)));
  const candidates = ceremony.record.roster.filter(
    (one) => bound.has(one.id) && one.roles.some((role) => roles.includes(role)) && !ceremony.record.isPresent(one.id),
  );
  for (const { id, name } of candidates) {
    if (enough()) return;
    const statement = `${name} is here, and will sign that the ceremony is abandoned.`;
    const here = await people.confirm({ step: 'abandon', statement, by: [id] });
    if (here.length === 0) continue;
    await untilItWorks(people, `${name} proves presence`, () => lateArrival(ceremony, id));
  }
  if (!enough()) throw new CeremonyStopped(`${roles.join(' or ')}: too few are here. ${NOBODY}`);
}

const NOBODY =
  'The record needs the signatures that the plan names, and an exception those of a crypto administrator and of a witness ' +
  'or auditor. The ceremony is not closed; it can be abandoned when they are here.';

async function raise(ceremony: Ceremony, reason: string): Promise<void> {
  const open = ceremony.plan.steps.filter(({ id }) => ceremony.record.step(id).status === 'begun').map(({ id }) => id);
  const [first = ceremony.plan.steps[0]?.id ?? ''] = open;
  await recordRaised(ceremony, {
    step: first,
    kind: 'step-deviated',
    expected: EXPECTED,
    happened: reason,
    decided: `The ceremony is abandoned. Not carried out: ${listed(open)}.`,
  });
}

function listed(ids: readonly string[]): string {
  const shown: string[] = [];
  let length = 0;
  for (const id of ids) {
    length += id.length + 2;
    if (length > MAX_LIST) return `${shown.join(', ')} and ${String(ids.length - shown.length)} more`;
    shown.push(id);
  }
  return shown.length === 0 ? 'nothing but the close' : shown.join(', ');
}
