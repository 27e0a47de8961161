/**
 * Exceptions, signed by an operator and a witness or auditor: going on without a step, and what anybody in the room saw
 * depart from the plan and raised.
 */
import * as v from 'valibot';
import type { DeviceError } from '../command/device-error';
import { PAYLOAD_TYPES, type Envelope } from '../command/dsse';
import type { Step } from '../plan/schema';
import { WAIVABLE } from '../plan/waivable';
import type { RosterEntry } from '../transcript/line';
import { EXCEPTION_RAISED, RaisedException, type SaidException } from '../transcript/raised-exception';
import type { Ceremony } from './ceremony';
import { signTogether } from './signatures';
import { untilItWorks } from './until-it-works';

/** Whether the step may be left out, and the two people who would have to sign are present. */
export function mayBeWaived(ceremony: Ceremony, step: Step): boolean {
  return WAIVABLE.includes(step.action) && signatories(ceremony) !== null;
}

/**
 * Records the exception that skips a step.
 *
 * @throws RangeError when the step may not be waived
 */
export async function recordException(ceremony: Ceremony, step: Step, error: DeviceError): Promise<void> {
  const people = signatories(ceremony);
  if (people === null || !mayBeWaived(ceremony, step)) throw new RangeError(`step ${step.id} may not be waived`);
  const decided = await ceremony.ports.people.ask({
    step: step.id,
    text: 'What was decided, and why is it safe to go on without this step?',
    by: people.map((one) => one.id),
  });
  const said = { step: step.id, kind: 'step-skipped', expected: step.title, happened: error.message, decided } as const;
  const record = await signException(ceremony, people, said);
  await ceremony.append({
    type: 'exception.recorded',
    step: step.id,
    by: people.map((one) => one.id),
    body: { kind: 'step-skipped', record },
  });
}

/**
 * Writes down what somebody raises, at once; {@link signRaised} has it signed. Only while the engine waits for people or
 * has this signed, or has stopped: never during an act.
 *
 * @throws RangeError for a step that the plan lacks, the kind `step-skipped`, texts that are empty or too long or cannot
 *   go on record, where nobody could sign it, and once the record is closed
 */
export async function recordRaised(ceremony: Ceremony, said: RaisedException): Promise<void> {
  const raised = v.safeParse(RaisedException, said);
  if (!raised.success) throw new RangeError(`exception: wrong at ${v.getDotPath(raised.issues[0]) ?? 'its top'}`);
  if (!ceremony.plan.steps.some(({ id }) => id === raised.output.step)) {
    throw new RangeError(`exception: expected a step of the plan, got ${raised.output.step}`);
  }
  if (ceremony.record.closed !== null) throw new RangeError('exception: the record is closed');
  if (ceremony.record.paused) throw new RangeError('exception: the ceremony is paused');
  // What nobody can sign would keep the ceremony from its close for ever.
  if (!canSignExceptions(ceremony.record.roster)) throw new RangeError('exception: nobody could sign it');
  // SECURITY(K-64): on the medium before anybody is asked to sign it.
  await ceremony.recordFact(null, EXCEPTION_RAISED, { ...raised.output });
}

/**
 * Has every raised exception signed that waits for it, as far as both who sign are present; what is raised meanwhile as
 * well. Called where no act is under way. While it is under way already, a second call waits for the same signatures: one
 * that is made where signing asks people would wait for itself, see {@link Ceremony.signingRaised}.
 *
 * @throws CeremonyStopped when signing fails and the people stop; what waits is signed when the ceremony is resumed
 */
export async function signRaised(ceremony: Ceremony): Promise<void> {
  while (ceremony.record.raised.length > 0 && signatories(ceremony) !== null) {
    ceremony.signingRaised ??= signWaiting(ceremony).finally(() => {
      ceremony.signingRaised = null;
    });
    await ceremony.signingRaised;
  }
}

async function signWaiting(ceremony: Ceremony): Promise<void> {
  for (let said = ceremony.record.raised[0]; said !== undefined; said = ceremony.record.raised[0]) {
    const people = signatories(ceremony);
    if (people === null) return;
    await signOne(ceremony, people, said);
  }
}

async function signOne(ceremony: Ceremony, people: readonly RosterEntry[], said: SaidException): Promise<void> {
  const { kind } = v.parse(RaisedException, said);
  const doing = `${people.map(({ name }) => name).join(' and ')} sign the exception about step ${said.step}`;
  ceremony.ports.people.tell({ kind: 'progress', text: doing });
  const record = await untilItWorks(ceremony.ports.people, doing, () => signException(ceremony, people, said));
  // SECURITY(K-64): each exception that was raised is signed once, whatever was written while people signed.
  if (!ceremony.record.raised.includes(said)) return;
  await ceremony.append({
    type: 'exception.recorded',
    step: said.step,
    by: people.map(({ id }) => id),
    body: { kind, record },
  });
}

/** Both sign the words of an exception. Throws DeviceError when one of them cannot. */
export function signException(
  ceremony: Ceremony,
  people: readonly RosterEntry[],
  said: SaidException,
): Promise<Envelope> {
  return signTogether(ceremony.ports.devices, people, PAYLOAD_TYPES.exception, {
    format: 'keyrite-exception/1',
    mode: ceremony.name.mode,
    ceremony: ceremony.name.id,
    ...said,
  });
}

/** Whether the ceremony has anybody who could sign an exception: an operator, and somebody else who is witness or auditor. */
export function canSignExceptions(roster: readonly RosterEntry[]): boolean {
  const observers = roster.filter(({ roles }) => roles.includes('witness') || roles.includes('auditor'));
  return roster.some(
    (one) => one.roles.includes('crypto-administrator') && observers.some((observer) => observer.id !== one.id),
  );
}

/** An operator, and a witness or auditor; null while one of them is missing. */
export function signatories(ceremony: Ceremony): readonly RosterEntry[] | null {
  const operator = ceremony.record.presentWith('crypto-administrator')[0];
  const observer = ceremony.record.presentWith('witness')[0] ?? ceremony.record.presentWith('auditor')[0];
  return operator === undefined || observer === undefined ? null : [operator, observer];
}
