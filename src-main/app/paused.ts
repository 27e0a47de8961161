/** How a run ends that the plan pauses under seal: well, and with something to write down. */
import type { Ceremony } from '../../ceremony/engine/ceremony';
import { words } from '../../ceremony/words';
import type { TaskView } from '../../ipc/view';

/** @param root of the checkpoint that was signed before the pause, lower-case hex */
export function pausedTask({ record, plan, binding }: Ceremony, root: string): Extract<TaskView, { kind: 'ended' }> {
  const pause = record.pauses.at(-1);
  return {
    kind: 'ended',
    outcome: 'paused',
    happened: `Paused under seal, as the plan says. ${pause?.reason ?? ''}`.trim(),
    next: binding.room === undefined ? WITH_A_FILE : IN_THE_ROOM,
    verdict: null,
    media: [],
    notCopied: [],
    notRecorded: [],
    notSaid: [],
    paused: {
      session: record.session + 1,
      seals: (pause?.seals ?? []).map(({ material, number }) => ({
        name: plan.materials.find(({ id }) => id === material)?.name ?? material,
        number,
      })),
      root,
      rootWords: words(Buffer.from(root, 'hex')),
    },
  };
}

const APPROVED = 'The approvers sign it; then come pre-flight and roll call anew.';
const WITH_A_FILE = `Write a binding for the next session: the same plan, ceremony and mode, and for each unit, as its last known state, how this session left it. Choose the ceremony on the home screen, and open the binding there. ${APPROVED}`;
const IN_THE_ROOM = `Choose the ceremony on the home screen. The next session needs a binding of its own, which Keyrite makes from the rehearsal’s room, or reads from a file. ${APPROVED}`;
