/**
 * A share is passed on to a successor without anything being combined: who has it enters it, the successor is shown it and
 * reads it back. Both know it from then on, until a new set takes its place.
 */
import { heldShares, type HeldShare, type KeptSet } from '../../custody/share-sets';
import { DeviceError } from '../../command/device-error';
import type { StepOf } from '../../plan/schema';
import { act } from '../act';
import type { Ceremony } from '../ceremony';
import { takeTurn } from '../custodian-turn';
import type { StepHandler } from './handler';
import { isTold, keptSet, openable, shareName, tellOfShare, toldIn } from './kept-shares';

type Step = StepOf<'shares.transfer'>;

/** Has everybody of the one position pass their share on to somebody of the other. */
export const transferShares: StepHandler<'shares.transfer'> = async (ceremony, step) => {
  const [holders, successors] = [ceremony.boundTo(step.from), ceremony.boundTo(step.to)];
  for (const [place, holder] of holders.entries()) {
    const set = keptSet(ceremony, step.set);
    const held = heldShares(set).find((one) => one.holder.id === holder);
    const to = successors[place];
    if (held === undefined || to === undefined) throw notHeld(ceremony, set, holder);
    if (!isTold(ceremony, step.id, set, held.share.index, holder)) await passOn(ceremony, step, set, held, to);
  }
  const set = keptSet(ceremony, step.set);
  return { result: { set: set.set, shares: toldIn(ceremony, step.id).length } };
};

async function passOn(
  ceremony: Ceremony,
  step: Step,
  set: KeptSet,
  { share, holder }: HeldShare,
  to: string,
): Promise<void> {
  const { shares, people } = ceremony.ports;
  requireNoOther(ceremony, set, share.index, to);
  const successor = ceremony.participant(to).name;
  const about = { set: set.set, index: share.index, custodian: to, holder: holder.id };
  await takeTurn(ceremony, step.id, holder.id);
  await act(ceremony, {
    step: step.id,
    key: `share-${String(share.index)}/${holder.id}`,
    operation: 'transfer share',
    unit: null,
    parameters: about,
    expected: { readBack: true },
    by: [holder.id, to].sort(),
    perform: async () => {
      people.tell({ kind: 'progress', text: `${holder.name} passes ${shareName(set, share)} on to ${successor}` });
      try {
        await shares.end();
        await shares.reopen(openable(set));
        await shares.takeOver(share.index, holder.id);
        // SECURITY(K-309): the screen is blank, and the share shows only to who proves to be the successor.
        await takeTurn(ceremony, step.id, to);
        await shares.passOn(share.index, to);
      } finally {
        await shares.end();
      }
      return { result: { ...about, readBack: true } };
    },
    observe: () =>
      Promise.resolve({
        verdict: 'not-applied',
        observed: { note: `not read back; ${successor} may have seen it, and it is passed on again` },
      }),
  });
  await tellOfShare(ceremony, step, set, share, { act: 'transferred', holder: holder.id, to, why: null });
  people.tell({ kind: 'result', text: `${holder.name} and ${successor} both have ${shareName(set, share)} now` });
}

/** Nobody holds two different shares of a set. */
function requireNoOther(ceremony: Ceremony, set: KeptSet, index: number, to: string): void {
  const other = heldShares(set).find(({ share, holder }) => holder.id === to && share.index !== index);
  if (other === undefined) return;
  throw new DeviceError({
    code: 'SHARE_SECOND',
    message: `${ceremony.participant(to).name} has ${shareName(set, other.share)} and may not have share ${String(index)} too`,
    changed: 'Nothing was changed: nobody was shown a share.',
    next: 'Bind another successor.',
    uncertain: false,
  });
}

function notHeld(ceremony: Ceremony, set: KeptSet, holder: string): DeviceError {
  return new DeviceError({
    code: 'SHARE_UNKNOWN',
    message: `${ceremony.participant(holder).name} has no share of set ${set.set.slice(0, 8)} by the record, or nobody is bound to get it`,
    changed: 'Nothing was changed: nobody was shown a share.',
    next: 'Bind who has the share; keyrite inspect BUNDLE tells who does.',
    uncertain: false,
  });
}
