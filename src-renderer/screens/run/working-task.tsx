/** The machine works: what it does, for how long already, and the last resort when nothing answers. */
import { useState, type ReactNode } from 'react';
import { ActionButton } from '../../components/action-button';
import type { StuckProcess } from '../../../ipc/view';
import { act, ask } from '../../store';
import { DialogBox } from './dialog-box';
import { durationWords, useNow } from './duration';
import { StepExhibit } from './step-exhibit';
import { Notices, StepInstructions } from './step-words';
import { TaskFrame } from './task-frame';
import type { TaskProps } from './task-of';

/** After this long without an answer (milliseconds) the last resort is offered. */
const LONG = 30_000;

/** Panel of the task `working`. */
export function WorkingTask({ run, task }: TaskProps<'working'>): ReactNode {
  const waited = useNow(1000) - Date.parse(task.since);
  const long = waited >= LONG;
  return (
    <TaskFrame
      heading="Keyrite works, nobody has to do anything"
      tone="machine"
      actions={long ? <EndWorker doing={task.doing} /> : undefined}
    >
      <div className="run-working">
        <span className="run-working__bar" aria-hidden="true" />
        <p className="run-working__doing">{task.doing}</p>
        <p className="run-working__time">{`for ${durationWords(waited)}`}</p>
      </div>
      {long ? (
        <p className="run-working__long">
          {`Nothing has answered for ${durationWords(waited)}. Some devices take minutes to make or erase a key. Look at the device: it may wait for a card or for its own PIN pad.`}
        </p>
      ) : null}
      <StepExhibit run={run} />
      <Notices run={run} />
      <StepInstructions run={run} open={false} />
    </TaskFrame>
  );
}

function EndWorker({ doing }: { readonly doing: string }): ReactNode {
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
