/** A step is over and leaves something to look at: it stands alone until somebody says that it was looked at. */
import type { ReactNode } from 'react';
import type { ResultView, RunView } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { StepResult } from './step-result';
import { TaskFrame } from './task-frame';

/** Panel before the task `begin`. `onSeen`: everybody has compared and written down what they are to. */
export function ResultTask({
  run,
  result,
  onSeen,
}: {
  readonly run: RunView;
  readonly result: ResultView;
  readonly onSeen: () => void;
}): ReactNode {
  const next = run.present === null ? null : run.present + 1;
  return (
    <TaskFrame
      heading={`Step ${result.index + 1} is done: ${result.inventories.length > 0 ? 'look at every object' : 'compare, and write down'}`}
      tone="person"
      actions={
        <ActionButton weight="primary" onAct={onSeen}>
          {next === null ? 'Go on' : `Go on to step ${next}`}
        </ActionButton>
      }
    >
      <StepResult result={result} />
    </TaskFrame>
  );
}
