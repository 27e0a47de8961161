/** The operator begins the present step; what cannot be undone asks for a word that nobody types by mistake. */
import { useId, useState, type ReactNode } from 'react';
import { TextInput } from '../../components/carbon';
import { ActionButton } from '../../components/action-button';
import { Icon } from '../../components/icon';
import { act } from '../../store';
import type { RunView } from '../../../ipc/view';
import { StepExhibit } from './step-exhibit';
import { asksForALook, StepResult } from './step-result';
import { NoticeList, Notices, StepInstructions } from './step-words';
import { TaskFrame } from './task-frame';
import type { TaskProps } from './task-of';

const WORD = 'BEGIN';

/** Panel of the task `begin`. */
export function BeginTask({ run, task }: TaskProps<'begin'>): ReactNode {
  const form = useId();
  const [typed, setTyped] = useState('');
  const step = run.present === null ? undefined : run.steps[run.present];
  const irreversible = step?.irreversible ?? '';
  const ready = irreversible === '' || typed.trim().toUpperCase() === WORD;
  const begin = (): void => {
    if (ready) void act('run.begin-step', { question: task.question });
  };
  return (
    <TaskFrame
      heading="Ready to begin"
      tone="person"
      entry={
        irreversible === '' ? undefined : (
          <form
            className="run-begin"
            onSubmit={(event) => {
              event.preventDefault();
              begin();
            }}
          >
            <TextInput
              id={`${form}-word`}
              className="run-begin__word"
              labelText={`Type ${WORD}: this cannot be undone`}
              value={typed}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setTyped(event.target.value)}
            />
          </form>
        )
      }
      actions={
        <ActionButton weight="primary" unavailable={ready ? null : `Type ${WORD} first`} onAct={begin}>
          {`Begin: ${step?.title ?? run.stage}`}
        </ActionButton>
      }
    >
      {irreversible === '' ? null : (
        <div className="run-callout" data-tone="warning">
          <Icon name="warning" />
          <p>
            <strong>Cannot be undone</strong> {irreversible}
          </p>
        </div>
      )}
      <Notices run={run} />
      <StepInstructions run={run} open />
      <StepExhibit run={run} />
      <LastResult run={run} />
    </TaskFrame>
  );
}

/** What the step before leaves: looked at already, it is folded away; what was said only is not. */
function LastResult({ run: { result } }: { readonly run: RunView }): ReactNode {
  if (result === null) return null;
  const place = `step ${result.index + 1}`;
  if (!asksForALook(result)) return <NoticeList title={`Said in ${place}`} notices={result.notices} />;
  return (
    <details className="run-folded">
      <summary>{`What ${place} left`}</summary>
      <StepResult result={result} />
    </details>
  );
}
