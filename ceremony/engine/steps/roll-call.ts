/** Roll call: each participant proves presence by a signature with the key on their own token. */
import { provePresence, requireAttendance } from '../people-changes';
import type { StepHandler } from './handler';

/**
 * One fresh proof in this step for everybody bound to the positions, alternates included, but those who were said not to
 * have come. Where a position has fewer than the plan asks for, an exception of the kind `people` is raised.
 */
export const rollCall: StepHandler<'roll-call'> = async (ceremony, step) => {
  const isHere = (id: string): boolean => ceremony.record.step(step.id).present.has(id);
  const ids = step.positions.flatMap((position) => ceremony.boundTo(position));
  for (const id of ids) {
    if (!isHere(id) && !ceremony.record.hasLeft(id)) await provePresence(ceremony, step.id, id);
  }
  await requireAttendance(ceremony, step.id, step.positions, isHere);
  return { result: { present: ids.filter(isHere) } };
};
