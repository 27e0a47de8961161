/** Files are brought that go on record: chosen in the system's dialog, listed with their hashes, and then attached. */
import { useState, type ReactNode } from 'react';
import { ActionButton } from '../../components/action-button';
import { Hash } from '../../components/hash';
import { counted } from '../../components/words';
import { act } from '../../store';
import { bytesWords } from '../audit/numbers';
import { DialogBox } from './dialog-box';
import { listed } from './run-words';
import { SpokenText } from './spoken-text';
import { Notices, StepInstructions } from './step-words';
import { TaskFrame } from './task-frame';
import { namesOf, type TaskProps } from './task-of';

/** Panel of the task `attach`. */
export function AttachTask({ run, task }: TaskProps<'attach'>): ReactNode {
  const { question, files } = task;
  const [without, setWithout] = useState(false);
  const some = files.length > 0;
  const choose = (
    <ActionButton weight={some ? 'secondary' : 'primary'} onAct={() => act('run.choose-file', { question })}>
      {some ? 'Choose another file…' : 'Choose a file…'}
    </ActionButton>
  );
  return (
    <TaskFrame
      heading={`${listed(namesOf(run, task.by))} ${task.by.length === 1 ? 'brings' : 'bring'} the files`}
      tone="person"
      actions={
        <>
          {some ? (
            <ActionButton weight="primary" onAct={() => act('run.attach', { question, none: false })}>
              {`Attach ${counted(files.length, 'file')}`}
            </ActionButton>
          ) : null}
          {choose}
          {some ? null : <ActionButton onAct={() => setWithout(true)}>No file</ActionButton>}
          <DialogBox
            open={without}
            heading="There is no file"
            yes="No file is attached"
            no="Back"
            onNo={() => setWithout(false)}
            onYes={async () => {
              if (await act('run.attach', { question, none: true })) setWithout(false);
            }}
          >
            <p>
              The plan asks for a file. Going on without one is an exception, which an administrator and the witness or
              auditor sign: what was decided, and why, is asked next.
            </p>
          </DialogBox>
        </>
      }
    >
      <blockquote className="run-statement">
        <SpokenText text={task.text} />
      </blockquote>
      {some ? <Files task={task} /> : <p className="run-files__none">No file is chosen yet.</p>}
      <Notices run={run} />
      <StepInstructions run={run} open={false} />
    </TaskFrame>
  );
}

function Files({ task: { question, files } }: Pick<TaskProps<'attach'>, 'task'>): ReactNode {
  return (
    <div className="run-files">
      <h3>These files go on record by their hashes</h3>
      <ul>
        {files.map(({ name, path, size, sha256 }, place) => (
          <li key={path}>
            <p className="run-files__name">
              <strong>
                <bdi>{name}</bdi>
              </strong>{' '}
              <span>{bytesWords(size)}</span>
            </p>
            <p className="run-files__path mono">{path}</p>
            <p>
              SHA-256 <Hash hex={sha256} />
            </p>
            <ActionButton
              small
              weight="quiet"
              label={`Take off the list: ${name}`}
              onAct={() => act('run.drop-file', { question, place, sha256 })}
            >
              Take off the list
            </ActionButton>
          </li>
        ))}
      </ul>
    </div>
  );
}
