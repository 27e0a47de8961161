/** Pausing under seal: what is sealed, a signed checkpoint, and the end of this session. */
import { hexGroups, words } from '../words';
import type { StepOf } from '../plan/schema';
import { SEAL } from '../transcript/fact-names';
import { CeremonyPaused, type Ceremony } from './ceremony';
import { makeCheckpoint } from './checkpoint';
import type { StepHandler } from './steps/handler';

/** Records the number of each seal, and has the record so far signed. */
export const pauseStep: StepHandler<'pause'> = async (ceremony, step) => {
  const by = ceremony.presentOf(step.by);
  for (const material of step.seals) {
    if (ceremony.record.step(step.id).seals.has(material)) continue;
    const name = ceremony.plan.materials.find((one) => one.id === material)?.name ?? material;
    const text = `The number of the seal that was put on: ${name}`;
    const number = await ceremony.ports.people.ask({ step: step.id, text, by });
    await ceremony.append({
      type: 'fact.recorded',
      step: step.id,
      by,
      body: { fact: SEAL, value: { material, number } },
    });
  }
  await makeCheckpoint(ceremony, step.id, step.signers);
  return { result: { checkpoint: ceremony.record.checkpoints.length, sealed: step.seals } };
};

/**
 * Ends the session after a completed pause step, unless that was done and a later session is under way.
 *
 * @param number which pause of the plan it is, from 1
 * @throws CeremonyPaused when the ceremony is paused now
 */
export async function pauseHere(ceremony: Ceremony, step: StepOf<'pause'>, number: number): Promise<void> {
  if (ceremony.record.pauses.length >= number) return;
  const seals = [...ceremony.record.step(step.id).seals].map(([material, seal]) => ({ material, number: seal }));
  await ceremony.append({ type: 'ceremony.paused', step: null, by: [], body: { reason: step.reason.trim(), seals } });
  await ceremony.ports.devices.endPhase();
  await ceremony.ports.shares.end();
  throw new CeremonyPaused(message(ceremony, step), checkpointRoot(ceremony, step.id));
}

function checkpointRoot(ceremony: Ceremony, step: string): string {
  return ceremony.record.checkpoints.findLast((one) => one.step === step)?.root ?? ceremony.root;
}

function message(ceremony: Ceremony, step: StepOf<'pause'>): string {
  const root = checkpointRoot(ceremony, step.id);
  const seals = ceremony.record.pauses.at(-1)?.seals ?? [];
  return [
    `The ceremony is paused under seal, as the plan says in step “${step.title}”: ${step.reason.trim()}`,
    `Seals: ${seals.map(({ material, number }) => `${material} ${number}`).join(', ')}`,
    'Everybody writes down the root of the checkpoint that was signed:',
    hexGroups(root),
    words(Buffer.from(root, 'hex')),
    'To go on, write a binding for the next session: the same plan, ceremony and mode; for each unit, as its last known state, how this session left it. The approvers sign it.',
  ].join('\n');
}
