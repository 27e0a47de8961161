/** The middle of the run screen: which step it is, and its task. */
import './task.scss';
import { useId, useLayoutEffect, useState, type ReactNode } from 'react';
import type { RunView } from '../../../ipc/view';
import { AskTask } from './ask-task';
import { AttachTask } from './attach-task';
import { BeginTask } from './begin-task';
import { ClockTask } from './clock-task';
import { ConfirmTask } from './confirm-task';
import { DecideTask } from './decide-task';
import { EndedTask } from './ended-task';
import { ENDED } from './run-words';
import { PadTask } from './pad-task';
import { PersonTask } from './person-task';
import { ResultTask } from './result-task';
import { asksForALook } from './step-result';
import { TASK_HEADING } from './task-frame';
import { taskKey } from './use-task-focus';
import { WorkingTask } from './working-task';

/**
 * The present step with its number and title, and the one task that is to be done now. What the step before leaves is
 * looked at first: beginning the next one is offered when somebody has said so.
 */
export function PresentStep({ run }: { readonly run: RunView }): ReactNode {
  const title = useId();
  const { task, result } = run;
  /** Question before which the result was looked at. */
  const [seen, setSeen] = useState<string | null>(null);
  useLayoutEffect(() => {
    if (seen !== null) document.getElementById(TASK_HEADING)?.focus({ preventScroll: true });
  }, [seen]);
  if (task.kind === 'begin' && result !== null && asksForALook(result) && seen !== task.question) {
    const over = run.steps[result.index];
    return (
      <section className="run-region run-present" aria-labelledby={title}>
        <Head id={title} place={placeOf(run, result.index)} title={over?.title ?? result.step} />
        <ResultTask
          key={`result ${task.question}`}
          run={run}
          result={result}
          onSeen={() => {
            setSeen(task.question);
          }}
        />
      </section>
    );
  }
  const step = run.present === null ? undefined : run.steps[run.present];
  return (
    <section className="run-region run-present" aria-labelledby={title}>
      <Head id={title} place={placeOf(run, run.present)} title={step?.title ?? endedTitle(run)} />
      <Task key={taskKey(run)} run={run} />
    </section>
  );
}

function Head({
  id,
  place,
  title,
}: {
  readonly id: string;
  readonly place: string;
  readonly title: string;
}): ReactNode {
  return (
    <header className="run-present__head">
      <p className="run-present__place">{place}</p>
      <h1 id={id} tabIndex={-1}>
        {title}
      </h1>
    </header>
  );
}

function placeOf({ steps, task }: RunView, index: number | null): string {
  const step = index === null ? undefined : steps[index];
  if (step === undefined || index === null) return task.kind === 'ended' ? 'The ceremony' : 'Between the steps';
  const phase = step.phase === null ? '' : ` · ${step.phase}`;
  return `Step ${index + 1} of ${steps.length}${phase}${step.status === 'done' ? ' · done' : ''}`;
}

function endedTitle({ task, stage }: RunView): string {
  if (task.kind !== 'ended') return stage;
  return ENDED[task.outcome];
}

function Task({ run }: { readonly run: RunView }): ReactNode {
  const { task } = run;
  switch (task.kind) {
    case 'begin':
      return <BeginTask run={run} task={task} />;
    case 'working':
      return <WorkingTask run={run} task={task} />;
    case 'person':
      return <PersonTask run={run} task={task} />;
    case 'pad':
      return <PadTask run={run} task={task} />;
    case 'confirm':
      return <ConfirmTask run={run} task={task} />;
    case 'ask':
      return <AskTask run={run} task={task} />;
    case 'clock':
      return <ClockTask run={run} task={task} />;
    case 'attach':
      return <AttachTask run={run} task={task} />;
    case 'decide':
      return <DecideTask run={run} task={task} />;
    case 'ended':
      return <EndedTask run={run} task={task} />;
  }
}
