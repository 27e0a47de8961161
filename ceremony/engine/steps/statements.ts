/** Steps in which people say something: facts and statements. */
import { bringFiles } from '../bring-files';
import { confirm } from '../confirm';
import { requireAttendance } from '../people-changes';
import type { StepHandler } from './handler';

/** Asks for something to be recorded, such as a room's seal number, and for files that go with it where the plan says so. */
export const recordAnswer: StepHandler<'fact'> = async (ceremony, step) => {
  const by = ceremony.presentOf(step.by);
  const answer = await ceremony.ports.people.ask({ step: step.id, text: step.ask, by });
  const text = `Files that go with: ${step.ask.trim()}`;
  const files = step.attach === true ? await bringFiles(ceremony, { step: step.id, text, by, demanded: true }) : [];
  await ceremony.append({
    type: 'fact.recorded',
    step: step.id,
    by,
    body: { fact: 'answer', value: { asked: step.ask, answer }, ...(files.length > 0 ? { files } : {}) },
  });
  return { result: { answered: true, attached: files.length } };
};

/** Reads a statement aloud; everybody named, and present, confirms it. */
export const statement: StepHandler<'statement'> = async (ceremony, step) => {
  const by = ceremony.presentOf(step.by);
  await confirm(ceremony, step.id, step.text.trim(), by);
  await requireAttendance(ceremony, step.id, step.by, (id) => by.includes(id));
  return { result: { confirmedBy: by } };
};
