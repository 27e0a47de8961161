/** Steps in which people say something: facts and statements. */
import { confirm } from '../confirm';
import type { StepHandler } from './handler';

/** Asks for something to be recorded, such as a room's seal number. */
export const recordAnswer: StepHandler<'fact'> = async (ceremony, step) => {
  const by = step.by.flatMap((position) => ceremony.peopleOf(position));
  const answer = await ceremony.ports.people.ask({ step: step.id, text: step.ask, by });
  await ceremony.append({
    type: 'fact.recorded',
    step: step.id,
    by,
    body: { fact: 'answer', value: { asked: step.ask, answer } },
  });
  return { result: { answered: true } };
};

/** Reads a statement aloud; everybody named confirms it. */
export const statement: StepHandler<'statement'> = async (ceremony, step) => {
  const by = step.by.flatMap((position) => ceremony.peopleOf(position));
  await confirm(ceremony, step.id, step.text.trim(), by);
  return { result: { confirmedBy: by } };
};
