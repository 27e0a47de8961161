/** A person is at the secret window: who, what for, and what everybody else does. */
import type { ReactNode } from 'react';
import { ActionButton } from '../../components/action-button';
import { act } from '../../store';
import { SECRET_ACT } from './run-words';
import { Notices, StepInstructions } from './step-words';
import { TaskFrame } from './task-frame';
import { namesOf, type TaskProps } from './task-of';

/** Panel of the task `person`. */
export function PersonTask({ run, task }: TaskProps<'person'>): ReactNode {
  const [name = task.who] = namesOf(run, [task.who]);
  const played = run.people.some((person) => person.id === task.who && person.played);
  return (
    <TaskFrame
      heading={played ? `The rehearsal plays ${name}` : `${name} comes to the secret window`}
      tone={played ? 'machine' : 'person'}
      actions={
        played ? undefined : (
          <ActionButton weight="primary" onAct={() => act('run.show-secret-window', {})}>
            Show the secret window
          </ActionButton>
        )
      }
    >
      <dl className="run-facts">
        <div>
          <dt>Who</dt>
          <dd className="run-facts__large">
            <bdi>{name}</bdi>
          </dd>
        </div>
        <div>
          <dt>What for</dt>
          <dd>{`${SECRET_ACT[task.what]}: ${task.doing}`}</dd>
        </div>
        <div>
          <dt>Everybody else</dt>
          <dd>
            {played
              ? 'Nobody has to come or to look away'
              : 'Looks away from screen and keyboard until the secret window has closed'}
          </dd>
        </div>
      </dl>
      <Notices run={run} />
      <StepInstructions run={run} open={false} />
    </TaskFrame>
  );
}
