/**
 * Shares that nobody needs any more come back and are destroyed before everybody's eyes; who gives theirs back signs, and
 * one who watches. What does not come back is told of, and counted: enough of it still gives the master key.
 */
import { heldShares, outstanding, type HeldShare, type KeptSet } from '../../custody/share-sets';
import type { StepOf } from '../../plan/schema';
import type { Ceremony } from '../ceremony';
import type { StepHandler } from './handler';
import { isTold, keptSet, shareName, tellOfShare, watcherOf } from './kept-shares';

type Step = StepOf<'shares.destroy'>;

/** Has every share in anybody's hands destroyed, or told of as not given back. */
export const destroyShares: StepHandler<'shares.destroy'> = async (ceremony, step) => {
  for (;;) {
    const set = keptSet(ceremony, step.set);
    const next = heldShares(set).find(({ share, holder }) => !isTold(ceremony, step.id, set, share.index, holder.id));
    if (next === undefined) break;
    await destroy(ceremony, step, set, next);
  }
  const set = keptSet(ceremony, step.set);
  const unreturned = outstanding(set);
  const { threshold } = set;
  // SECURITY(K-334): who kept enough of the old shares has the master key as before.
  const rotate = unreturned >= threshold;
  ceremony.ports.people.tell({
    kind: rotate ? 'warning' : 'result',
    text: `${String(set.shares.length - unreturned)} of ${String(set.shares.length)} shares of set ${set.set.slice(0, 8)} are destroyed; ${String(threshold)} were needed${
      rotate ? `, and ${String(unreturned)} are still with people: they give the master key as before. Rotate it` : ''
    }`,
  });
  return { result: { set: set.set, shares: set.shares.length, unreturned, threshold, rotate } };
};

/** Until it is on record what became of one copy. */
async function destroy(ceremony: Ceremony, step: Step, set: KeptSet, { share, holder }: HeldShare): Promise<void> {
  const { people } = ceremony.ports;
  const name = shareName(set, share);
  const watcher = watcherOf(ceremony, step.by).id;
  const confirmed = async (statement: string, by: readonly string[]): Promise<boolean> => {
    const said = await people.confirm({ step: step.id, statement, by });
    return by.every((id) => said.includes(id));
  };
  const tell = (act: 'destroyed' | 'unreturned', why: string | null): Promise<void> =>
    tellOfShare(ceremony, step, set, share, { act, holder: holder.id, to: null, why });
  if (!ceremony.record.isPresent(holder.id)) {
    await tell('unreturned', 'not present');
    people.tell({ kind: 'warning', text: `${holder.name} is not present: ${name} is not given back` });
    return;
  }
  for (;;) {
    ceremony.stopIfAsked(`${name} of ${holder.name}`);
    const given = `${holder.name} gives back ${name}, with every copy of it. It was destroyed just now, before everybody’s eyes, so that nobody can read it any more`;
    if (await confirmed(given, [holder.id, watcher])) {
      await tell('destroyed', null);
      people.tell({ kind: 'result', text: `${name} of ${holder.name} is destroyed` });
      return;
    }
    const kept = `${holder.name} has not given back ${name}. It goes on record so, and counts as still in use`;
    if (await confirmed(kept, [watcher, ...ceremony.acting().slice(0, 1)])) {
      await tell('unreturned', 'not given back');
      people.tell({ kind: 'warning', text: `${name} of ${holder.name} is not given back` });
      return;
    }
  }
}
