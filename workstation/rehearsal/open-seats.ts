/** Tokens for people whom a rehearsed plan enrols on the day: made beforehand, bound as open seats, their keys to nobody. */
import type { OpenSeat } from '../../ceremony/plan/binding-schema';
import type { Plan } from '../../ceremony/plan/schema';
import type { Processes } from '../processes';
import type { Room } from './room';

/** One open seat for each step of the plan that enrols; empty when none does. Ends the worker it starts. */
export async function prepareOpenSeats(processes: Processes, room: Room, plan: Plan): Promise<OpenSeat[]> {
  const positions = plan.steps.flatMap((step) => (step.action === 'enrol' ? [step.position] : []));
  if (positions.length === 0) return [];
  const worker = processes.startModuleWorker(room.cards);
  try {
    const { id: module, path, sha256, files } = room.cards;
    await worker.call('module.load', { module, path, sha256, libraryParameters: null, files });
    const seats: OpenSeat[] = [];
    for (const [index, position] of positions.entries()) {
      const id = `guest-${String(index + 1)}`;
      const [label, keyLabel] = [`card-${id}`, `signing key of ${id}`];
      const algorithm = 'ecdsa-p256-sha256';
      const { serial } = await worker.call('card.prepare', { participant: id, label, keyLabel, algorithm });
      seats.push({ id, position, token: { module, address: { blank: false, label, serial }, keyLabel } });
    }
    return seats;
  } finally {
    await worker.stop();
  }
}
