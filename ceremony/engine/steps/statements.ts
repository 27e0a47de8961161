/** Steps in which people say something: facts and statements. */
import { DeviceError } from '../../command/device-error';
import type { FileRef } from '../../transcript/line';
import { decideAfter, stopStep } from '../act';
import { attachFile } from '../attachments';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import { canSignExceptions, recordRaised } from '../exception';
import { requireAttendance } from '../people-changes';
import type { StepOf } from '../../plan/schema';
import type { StepHandler } from './handler';

/** Asks for something to be recorded, such as a room's seal number, and for files that go with it where the plan says so. */
export const recordAnswer: StepHandler<'fact'> = async (ceremony, step) => {
  const by = ceremony.presentOf(step.by);
  const answer = await ceremony.ports.people.ask({ step: step.id, text: step.ask, by });
  const files = step.attach === true ? await attachments(ceremony, step, by) : [];
  await ceremony.append({
    type: 'fact.recorded',
    step: step.id,
    by,
    body: { fact: 'answer', value: { asked: step.ask, answer }, ...(files.length > 0 ? { files } : {}) },
  });
  return { result: { answered: true, attached: files.length } };
};

/** The files that people bring. None takes an exception of the kind `step-deviated`, raised before or now. */
async function attachments(ceremony: Ceremony, step: StepOf<'fact'>, by: readonly string[]): Promise<FileRef[]> {
  const text = `Files that go with: ${step.ask.trim()}`;
  const room = ceremony.binding.room ?? null;
  for (;;) {
    const paths = (await ceremony.ports.people.attach?.({ step: step.id, text, by, room })) ?? [];
    if (
      paths.length === 0 &&
      !ceremony.record.isDeviated(step.id) &&
      (await exceptNoFile(ceremony, step, by)) === 'again'
    )
      continue;
    const files: FileRef[] = [];
    for (const path of paths) files.push(await attachFile(ceremony, step.id, path));
    return files;
  }
}

/** @throws CeremonyStopped when the people decide to stop */
async function exceptNoFile(
  ceremony: Ceremony,
  step: StepOf<'fact'>,
  by: readonly string[],
): Promise<'again' | 'excepted'> {
  const { people } = ceremony.ports;
  const error = new DeviceError({
    code: 'NO_FILE',
    message: 'No file was brought, and the plan asks for one.',
    changed: 'Nothing was changed.',
    next: 'Bring the file and try again; or go on without it under an exception.',
    uncertain: false,
  });
  const canSign = canSignExceptions(ceremony.record.roster);
  const decision = await decideAfter(
    ceremony,
    step.id,
    error,
    canSign ? ['again', 'exception', 'stop'] : ['again', 'stop'],
  );
  if (decision === 'again') return 'again';
  if (decision === 'stop') return stopStep(ceremony, step.id, error);
  const decided = await people.ask({
    step: step.id,
    text: 'What was decided, and why is it safe to go on without a file?',
    by,
  });
  await recordRaised(ceremony, {
    step: step.id,
    kind: 'step-deviated',
    expected: 'At least one file, as the plan says.',
    happened: 'No file was attached.',
    decided,
  });
  return 'excepted';
}

/** Reads a statement aloud; everybody named, and present, confirms it. */
export const statement: StepHandler<'statement'> = async (ceremony, step) => {
  const by = ceremony.presentOf(step.by);
  await confirm(ceremony, step.id, step.text.trim(), by);
  await requireAttendance(ceremony, step.id, step.by, (id) => by.includes(id));
  return { result: { confirmedBy: by } };
};
