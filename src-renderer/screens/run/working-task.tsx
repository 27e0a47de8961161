/** The machine works: what it does, for how long already, and the last resort when nothing answers. */
import type { ReactNode } from 'react';
import { durationWords, useNow } from './duration';
import { EndWorker } from './end-worker';
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
