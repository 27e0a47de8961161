/** The run is over: sealed, with its verdict and where it is; or stopped, and how to go on. */
import type { ReactNode } from 'react';
import { ActionButton } from '../../components/action-button';
import { ReadAloud } from '../../components/hash';
import { counted } from '../../components/words';
import { act } from '../../store';
import { listed, VERDICT } from './run-words';
import { NotRecorded, UnrecordedException } from './unrecorded-exception';
import { SpokenText } from './spoken-text';
import { TaskFrame } from './task-frame';
import type { TaskProps } from './task-of';

/** Panel of the task `ended`. */
export function EndedTask({ run, task }: TaskProps<'ended'>): ReactNode {
  if (task.outcome === 'closed') return <Closed run={run} task={task} />;
  return task.paused === undefined ? (
    <Stopped run={run} task={task} />
  ) : (
    <Paused run={run} task={task} paused={task.paused} />
  );
}

/** Ended as the plan says: seals and root are written down, and the next session is told of. */
function Paused({
  run,
  task,
  paused,
}: TaskProps<'ended'> & { readonly paused: NonNullable<TaskProps<'ended'>['task']['paused']> }): ReactNode {
  return (
    <TaskFrame
      heading="Paused under seal"
      tone="good"
      actions={
        <ActionButton weight="primary" onAct={() => act('home.show', {})}>
          Back to home
        </ActionButton>
      }
    >
      <UnrecordedException
        run={run}
        next="Raise it again in the next session. These words stay in the dialog while Keyrite is open and no other ceremony is run; copy them onto paper before it is closed"
      />
      <Missed
        run={run}
        task={task}
        next="Raise it again in the next session; or write it on an exception sheet of the printed script, signed by an administrator and the witness or auditor"
      />
      <p>
        <SpokenText text={task.happened} />
      </p>
      <dl className="run-facts">
        {paused.seals.map(({ name, number }) => (
          <div key={name}>
            <dt>{`Seal ${number}`}</dt>
            <dd className="run-facts__strong">{name}</dd>
          </div>
        ))}
      </dl>
      <div className="run-root">
        <h3>Root of the signed checkpoint: everybody writes it down</h3>
        <ReadAloud label="Root" hex={paused.root} words={paused.rootWords} />
      </div>
      <dl className="run-facts">
        <div>
          <dt>{`Session ${paused.session}`}</dt>
          <dd>{task.next}</dd>
        </div>
        <div>
          <dt>Kept in</dt>
          <dd className="run-path">{run.folder}</dd>
        </div>
      </dl>
    </TaskFrame>
  );
}

function Closed({ run, task }: TaskProps<'ended'>): ReactNode {
  const { root, rootWords, size } = run.transcript;
  const verdict = task.verdict === null ? null : VERDICT[task.verdict];
  const lacksCopy = task.notCopied.length > 0;
  const copy = (
    <ActionButton weight={lacksCopy ? 'primary' : 'secondary'} onAct={() => act('run.copy-bundle', {})}>
      Copy the bundle to…
    </ActionButton>
  );
  return (
    <TaskFrame
      heading={headingOf(task)}
      tone={toneOf(task)}
      actions={
        <>
          {lacksCopy ? copy : null}
          <ActionButton
            weight={lacksCopy ? 'secondary' : 'primary'}
            onAct={() => act('verify.ceremony', { ceremony: run.ceremony, planHash: run.planSha256 })}
          >
            Verify it now
          </ActionButton>
          {lacksCopy ? null : copy}
          <ActionButton weight="quiet" onAct={() => act('home.show', {})}>
            Back to home
          </ActionButton>
        </>
      }
    >
      <UnrecordedException
        run={run}
        next="The ceremony is closed, and nothing can be added to it. Copy these words onto paper, and give them to the auditor"
      />
      <Missed
        run={run}
        task={task}
        next="Nothing can be added to the record. Write it on an exception sheet of the printed script, signed by an administrator and the witness or auditor"
      />
      {root === null ? null : (
        <div className="run-root">
          <h3>{`Root to write down, over ${counted(size, 'line')}`}</h3>
          <ReadAloud label="Root" hex={root} words={rootWords} />
        </div>
      )}
      <dl className="run-facts">
        {task.notCopied.map(({ id, reason }) => (
          <div key={id}>
            <dt>{`Not on ${id}`}</dt>
            <dd className="run-facts__strong">
              <SpokenText text={reason} />
            </dd>
          </div>
        ))}
        {task.media.map((medium) => (
          <div key={medium.id}>
            <dt>{medium.id.startsWith('copy-') ? 'Copied to, and read back' : `Copy on ${medium.id}`}</dt>
            <dd className="run-path">{medium.path}</dd>
          </div>
        ))}
        <div>
          <dt>Bundle</dt>
          <dd className="run-path">{run.folder}</dd>
        </div>
        <div>
          <dt>What to do</dt>
          <dd>
            <SpokenText text={task.next} />
          </dd>
        </div>
        {verdict === null ? null : (
          <div>
            <dt>What it means</dt>
            <dd>{verdict.meaning}</dd>
          </div>
        )}
      </dl>
    </TaskFrame>
  );
}

function headingOf({ verdict, notCopied }: TaskProps<'ended'>['task']): string {
  if (notCopied.length > 0) return `Sealed, but not on ${listed(notCopied.map(({ id }) => id))}`;
  return verdict === null ? 'The evidence bundle is sealed' : `The evidence bundle is sealed: ${VERDICT[verdict].word}`;
}

function toneOf({ verdict, notCopied }: TaskProps<'ended'>['task']): 'failure' | 'caution' | 'good' {
  if (verdict === 'refused' || verdict === 'incomplete') return 'failure';
  return notCopied.length > 0 ? 'caution' : 'good';
}

function Stopped({ run, task }: TaskProps<'ended'>): ReactNode {
  return (
    <TaskFrame
      heading={task.outcome === 'stopped' ? 'Stopped, and nothing is lost' : 'Broken off, and the record is kept'}
      tone={task.outcome === 'stopped' ? 'person' : 'failure'}
      actions={
        <ActionButton weight="primary" onAct={() => act('home.show', {})}>
          Back to home
        </ActionButton>
      }
    >
      <UnrecordedException
        run={run}
        next="Raise it again when the ceremony is gone on with. These words stay in the dialog while Keyrite is open and no other ceremony is run; copy them onto paper before it is closed"
      />
      <Missed
        run={run}
        task={task}
        next="Raise it again when the ceremony is gone on with; or write it on an exception sheet of the printed script, signed by an administrator and the witness or auditor"
      />
      <dl className="run-facts">
        <div>
          <dt>What happened</dt>
          <dd className="run-facts__strong">
            <SpokenText text={task.happened} />
          </dd>
        </div>
        <div>
          <dt>How to go on</dt>
          <dd>
            <SpokenText text={task.next} />
          </dd>
        </div>
        <div>
          <dt>Kept in</dt>
          <dd className="run-path">{run.folder}</dd>
        </div>
      </dl>
    </TaskFrame>
  );
}

/** What was said and did not get onto the record; nothing when all did. */
function Missed({ run, task, next }: TaskProps<'ended'> & { readonly next: string }): ReactNode {
  return (
    <>
      <NotRecorded run={run} raised={task.notRecorded} next={next} />
      {task.notSaid.length === 0 ? null : (
        <div role="alert">
          <h3>Not on record, because the run ended first</h3>
          <ul className="run-missed">
            {task.notSaid.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
