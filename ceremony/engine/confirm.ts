/** Reading something out and recording who confirmed it. */
import { CeremonyStopped, type Ceremony } from './ceremony';

/**
 * Asks each of `by` to confirm a statement; on record already, it is not asked again.
 *
 * @throws CeremonyStopped when one of them does not
 */
export async function confirm(ceremony: Ceremony, step: string, statement: string, by: readonly string[]): Promise<void> {
  const before = ceremony.record.step(step).confirmed;
  if (before.some((one) => one.statement === statement && by.every((id) => one.by.includes(id)))) return;
  const confirmed = await ceremony.ports.people.confirm({ step, statement, by });
  const missing = by.filter((id) => !confirmed.includes(id));
  if (missing.length > 0) {
    throw new CeremonyStopped(`${missing.join(', ')} did not confirm in step ${step}: ${statement}`);
  }
  await ceremony.append({
    type: 'step.confirmed',
    step,
    by: [...by],
    body: { attempt: ceremony.record.step(step).attempts, statement },
  });
}
