/** The last resort where a device does not answer: its process is named, confirmed and ended. */
import { useState, type ReactNode } from 'react';
import { ActionButton } from '../../components/action-button';
import type { StuckProcess } from '../../../ipc/view';
import { act, ask } from '../../store';
import { DialogBox } from './dialog-box';

/** Button and dialog. `doing`: what is waited for, in words without a full stop. */
export function EndWorker({ doing }: { readonly doing: string }): ReactNode {
  const [stuck, setStuck] = useState<readonly StuckProcess[] | null>(null);
  // They are named before anybody confirms, and only they are ended.
  const look = async () => setStuck((await ask('run.stuck', {})) ?? null);
  return (
    <>
      <ActionButton onAct={look}>End the process that works</ActionButton>
      <DialogBox
        open={stuck !== null}
        danger
        heading="End the process that works"
        yes="End the process"
        no="Wait longer"
        onNo={() => setStuck(null)}
        onYes={async () => {
          const processes = (stuck ?? []).map(({ id }) => id);
          if (processes.length === 0 || (await act('run.end-worker', { processes }))) setStuck(null);
        }}
      >
        <p>{`Keyrite waits for this: ${doing}.`}</p>
        {stuck?.length === 0 ? <p>No process works any more: there is nothing to end.</p> : null}
        {stuck?.map(({ id, name, voidsSet }) => (
          <p key={id}>
            {`What ends is ${name}.`}
            {voidsSet ? ' It holds the shares: with it the set of shares is void, and a new one must be made.' : null}
          </p>
        ))}
        <p>
          This is the last resort. The device may finish what it was told, or not. Keyrite reads it again afterwards,
          writes down what was and was not done, and asks how to go on.
        </p>
      </DialogBox>
    </>
  );
}
