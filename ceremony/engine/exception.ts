/** Going on without a step, under an exception that an operator and a witness or auditor sign. */
import type { DeviceError } from '../command/device-error';
import { PAYLOAD_TYPES } from '../command/dsse';
import type { Step } from '../plan/schema';
import { WAIVABLE } from '../plan/waivable';
import type { RosterEntry } from '../transcript/line';
import type { Ceremony } from './ceremony';
import { signTogether } from './signatures';

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
  const record = await signTogether(ceremony.ports.devices, people, PAYLOAD_TYPES.exception, {
    format: 'keyrite-exception/1',
    mode: ceremony.name.mode,
    ceremony: ceremony.name.id,
    step: step.id,
    kind: 'step-skipped',
    expected: step.title,
    happened: error.message,
    decided,
  });
  await ceremony.append({
    type: 'exception.recorded',
    step: step.id,
    by: people.map((one) => one.id),
    body: { kind: 'step-skipped', record },
  });
}

/** An operator, and a witness or auditor; null while one of them is missing. */
function signatories(ceremony: Ceremony): readonly RosterEntry[] | null {
  const operator = ceremony.record.presentWith('crypto-administrator')[0];
  const observer = ceremony.record.presentWith('witness')[0] ?? ceremony.record.presentWith('auditor')[0];
  return operator === undefined || observer === undefined ? null : [operator, observer];
}
