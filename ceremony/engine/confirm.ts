/** Reading something out and recording who confirmed it. */
import { DeviceError } from '../command/device-error';
import type { Ceremony } from './ceremony';

/**
 * Asks each of `by` to confirm a statement; on record already, it is not asked again.
 *
 * @throws DeviceError `NOT_CONFIRMED` naming those who did not
 */
export async function confirm(
  ceremony: Ceremony,
  step: string,
  statement: string,
  by: readonly string[],
): Promise<void> {
  const before = ceremony.record.step(step).confirmed;
  if (before.some((one) => one.statement === statement && by.every((id) => one.by.includes(id)))) return;
  const confirmed = await ceremony.ports.people.confirm({ step, statement, by });
  const missing = by.filter((id) => !confirmed.includes(id));
  if (missing.length > 0) {
    const names = missing.map((id) => ceremony.participant(id).name).join(', ');
    throw new DeviceError({
      code: 'NOT_CONFIRMED',
      message: `${names} did not confirm: ${statement}`,
      changed: 'Nothing was changed.',
      next: 'Find out what is wrong, and ask again; or go on under an exception where the plan allows it.',
      uncertain: false,
    });
  }
  await ceremony.append({
    type: 'step.confirmed',
    step,
    by: [...by],
    body: { attempt: ceremony.record.step(step).attempts, statement },
  });
}
