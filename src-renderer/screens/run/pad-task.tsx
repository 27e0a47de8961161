/** A token waits for a PIN on its own pad: who must act there, since when, and the last resort where nobody can. */
import type { ReactNode } from 'react';
import { durationWords, useNow } from './duration';
import { EndWorker } from './end-worker';
import { Notices, StepInstructions } from './step-words';
import { TaskFrame } from './task-frame';
import type { TaskProps } from './task-of';

/** Panel of the task `pad`. */
export function PadTask({ run, task }: TaskProps<'pad'>): ReactNode {
  const waited = useNow(1000) - Date.parse(task.since);
  return (
    <TaskFrame heading={task.doing} tone="person" actions={<EndWorker doing={task.doing} />}>
      <dl className="run-facts">
        <div>
          <dt>What for</dt>
          <dd>{task.pin}</dd>
        </div>
        <div>
          <dt>Where</dt>
          <dd>On the device itself. Nothing is typed on this workstation, and no window opens</dd>
        </div>
        {task.warning === null ? null : (
          <div>
            <dt>Careful</dt>
            <dd>
              <strong>{task.warning}</strong>
            </dd>
          </div>
        )}
        <div>
          <dt>Everybody else</dt>
          <dd>Looks away from the pad. Nobody is hurried: Keyrite waits, {durationWords(waited)} so far</dd>
        </div>
      </dl>
      <Notices run={run} />
      <StepInstructions run={run} open={false} />
    </TaskFrame>
  );
}
