/**
 * A drill: everybody who has a share of a kept set enters it, one after the other, and it is compared with the commitment of
 * years ago. Nothing is combined, no unit is needed, and each has a share process alone. A share that is wrong or not there
 * is told of as that, and the next custodian comes.
 */
import { DeviceError } from '../../command/device-error';
import { heldShares, type HeldShare, type KeptSet } from '../../custody/share-sets';
import type { StepOf } from '../../plan/schema';
import { keptFormOf } from '../../plan/share-forms';
import { shareIn } from '../../transcript/share-fact';
import { decideAfter, recordFailure } from '../act';
import { CeremonyStopped, type Ceremony } from '../ceremony';
import { takeBackAs } from '../custody-forms';
import { takeTurn } from '../custodian-turn';
import type { StepHandler, StepResult } from './handler';
import { isTold, keptSet, openable, shareName, tellOfShare, toldIn, watcherOf } from './kept-shares';

type Step = StepOf<'shares.drill'>;

/** Has every share in anybody's hands proven, or told of as not proven. */
export const drillShares: StepHandler<'shares.drill'> = async (ceremony, step) => {
  const set = keptSet(ceremony, step.set);
  for (const held of heldShares(set)) {
    if (!isTold(ceremony, step.id, set, held.share.index, held.holder.id)) await drill(ceremony, step, set, held);
  }
  return summary(ceremony, step, set);
};

/** Until it is on record what came of it. */
async function drill(ceremony: Ceremony, step: Step, set: KeptSet, held: HeldShare): Promise<void> {
  const { share, holder } = held;
  const tell = (act: 'proven' | 'wrong' | 'missing', why: string | null): Promise<void> =>
    tellOfShare(ceremony, step, set, share, { act, holder: holder.id, to: null, why });
  const name = shareName(set, share);
  if (!ceremony.record.isPresent(holder.id)) {
    await tell('missing', 'not present');
    ceremony.ports.people.tell({ kind: 'warning', text: `${holder.name} is not present: ${name} is not proven` });
    return;
  }
  for (;;) {
    ceremony.stopIfAsked(`${name} of ${holder.name}`);
    const trouble = await proveAlone(ceremony, step, set, held);
    if (trouble === null) {
      await tell('proven', null);
      ceremony.ports.people.tell({ kind: 'result', text: `${holder.name} has proven ${name}` });
      return;
    }
    const act = VERDICTS[trouble.code];
    if (act === undefined) {
      const decision = await decideAfter(ceremony, step.id, trouble, ['again', 'stop']);
      if (decision !== 'again') {
        throw new CeremonyStopped(`stopped in step ${step.id}: ${trouble.message}\n${trouble.next}`);
      }
    } else if (await isSettled(ceremony, step, `${holder.name} has not proven ${name}. It goes on record so`)) {
      await tell(act, trouble.message);
      ceremony.ports.people.tell({ kind: 'warning', text: `${name} of ${holder.name} is not proven: ${act}` });
      return;
    }
  }
}

/** What is told of a share by how the entry ended; anything else says nothing of the share. */
const VERDICTS: Readonly<Partial<Record<string, 'wrong' | 'missing'>>> = {
  SHARE_WRONG: 'wrong',
  PERSON_REFUSED: 'missing',
  SHARE_NOT_ON_TOKEN: 'missing',
  SHARE_FILE_MISSING: 'missing',
};

/** One custodian, one share, one process. Resolves with what went wrong; null when the share is the right one. */
async function proveAlone(
  ceremony: Ceremony,
  step: Step,
  set: KeptSet,
  { share, holder }: HeldShare,
): Promise<DeviceError | null> {
  const { shares, people } = ceremony.ports;
  try {
    await takeTurn(ceremony, step.id, holder.id);
    people.tell({ kind: 'progress', text: `${holder.name} proves ${shareName(set, share)}` });
    // SECURITY(K-330): no process ever has two shares of the set.
    await shares.end();
    await shares.reopen(openable(set));
    const form = keptFormOf(ceremony.plan, step.set, share.index);
    // What is typed may be a share that somebody else has proven; a token or a file has just the one that is asked for.
    if (form.form === 'worksheet') await shares.prove(share.index, holder.id, seenBefore(ceremony, step, set));
    else await takeBackAs(ceremony, form, { set: set.set, index: share.index }, holder.id);
    return null;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    await recordFailure(ceremony, step.id, null, error);
    return error;
  } finally {
    await shares.end();
  }
}

/** Whether administrator and witness agree that nothing more is tried. */
async function isSettled(ceremony: Ceremony, step: Step, statement: string): Promise<boolean> {
  const by = [watcherOf(ceremony, step.by).id, ...ceremony.acting().slice(0, 1)];
  const confirmed = await ceremony.ports.people.confirm({ step: step.id, statement, by });
  return by.every((id) => confirmed.includes(id));
}

function seenBefore(
  ceremony: Ceremony,
  step: Step,
  { set }: KeptSet,
): readonly { readonly index: number; readonly by: string; readonly at: string }[] {
  return ceremony.record.lines.flatMap((line) => {
    const told = line.step === step.id ? shareIn(line) : null;
    if (told === null || told === 'malformed' || told.act !== 'proven' || told.set !== set) return [];
    return [{ index: told.index, by: ceremony.participant(told.holder).name, at: `${line.at.slice(11, 16)} UTC` }];
  });
}

function summary(ceremony: Ceremony, step: Step, set: KeptSet): StepResult {
  const good = new Set(toldIn(ceremony, step.id).flatMap(({ act, index }) => (act === 'proven' ? [index] : []))).size;
  const reached = good >= set.threshold;
  ceremony.ports.people.tell({
    kind: reached ? 'result' : 'warning',
    text: `${String(good)} of ${String(set.shares.length)} shares are good; ${String(set.threshold)} are needed${
      reached ? '' : ': the master key cannot be brought back with them'
    }`,
  });
  return { result: { set: set.set, good, shares: set.shares.length, threshold: set.threshold } };
}
