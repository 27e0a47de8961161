/** Something went wrong: what happened, what was changed, what to do, and the safe ways on. */
import type { ReactNode } from 'react';
import { ActionButton } from '../../components/action-button';
import { act } from '../../store';
import { SpokenText } from './spoken-text';
import { StepExhibit } from './step-exhibit';
import { StepInstructions } from './step-words';
import { TaskFrame } from './task-frame';
import type { TaskProps } from './task-of';

const WAYS = {
  again: { label: 'Try again', means: 'What was done already is not done again' },
  exception: {
    label: 'Go on all the same',
    means: 'Under an exception that an administrator and the witness or auditor sign',
  },
  stop: { label: 'Stop here', means: 'Nothing is lost; the ceremony can be gone on with later' },
} as const;
const ORDER = ['again', 'exception', 'stop'] as const;

/** Panel of the task `decide`. */
export function DecideTask({ run, task }: TaskProps<'decide'>): ReactNode {
  const offered = ORDER.filter((one) => task.options.includes(one));
  return (
    <TaskFrame
      heading="Something did not work, and you decide how to go on"
      tone="failure"
      actions={
        <ul className="run-ways">
          {offered.map((way, place) => (
            <li key={way}>
              <ActionButton
                weight={place === 0 ? 'primary' : 'secondary'}
                label={`${WAYS[way].label}. ${WAYS[way].means}`}
                onAct={() => act('run.decide', { question: task.question, decision: way })}
              >
                {WAYS[way].label}
              </ActionButton>
              <span aria-hidden="true">{WAYS[way].means}</span>
            </li>
          ))}
        </ul>
      }
    >
      <div role="alert">
        <dl className="run-facts">
          <div>
            <dt>What happened</dt>
            <dd className="run-facts__strong">
              <SpokenText text={task.happened} />
            </dd>
          </div>
          <div>
            <dt>What was changed</dt>
            <dd>
              <SpokenText text={task.changed} />
            </dd>
          </div>
          <div>
            <dt>What to do</dt>
            <dd>
              <SpokenText text={task.next} />
            </dd>
          </div>
        </dl>
      </div>
      <StepExhibit run={run} />
      <StepInstructions run={run} open={false} />
    </TaskFrame>
  );
}
