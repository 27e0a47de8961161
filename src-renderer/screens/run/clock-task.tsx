/** Somebody reads a clock of their own, by UTC; the moment that they say is now is when the workstation's is read. */
import { useId, useState, type ReactNode } from 'react';
import { ActionButton } from '../../components/action-button';
import { TextInput } from '../../components/carbon';
import { act, keepAnswer, useAnswerDraft } from '../../store';
import { instantOf } from './clock-words';
import { DialogBox } from './dialog-box';
import { Notices, StepInstructions } from './step-words';
import { TaskFrame } from './task-frame';
import { namesOf, type TaskProps } from './task-of';

const FIELDS = [
  { name: 'source', label: 'Which clock', hint: 'wrist watch', missing: 'Say which clock it is', longest: 200 },
  { name: 'date', label: 'Date, by UTC', hint: '2026-11-23', missing: 'As 2026-11-23', longest: 10 },
  { name: 'time', label: 'Time, by UTC', hint: '10:15:00', missing: 'As 10:15:00, with seconds', longest: 8 },
] as const;

/** Panel of the task `clock`. */
export function ClockTask({ run, task }: TaskProps<'clock'>): ReactNode {
  const id = useId();
  const draft = useAnswerDraft(task.question);
  const [tried, setTried] = useState(false);
  const [without, setWithout] = useState(false);
  const [name = task.who] = namesOf(run, [task.who]);
  const value = (field: string): string => draft.fields[field] ?? '';
  const source = value('source').trim();
  const at = instantOf(value('date'), value('time'));
  const isWrong = { source: source === '', date: instantOf(value('date'), '00:00:00') === null, time: at === null };
  const record = async (): Promise<void> => {
    const wrong = FIELDS.find((field) => isWrong[field.name]);
    setTried(wrong !== undefined);
    if (wrong !== undefined || at === null) {
      document.getElementById(`${id}-${wrong?.name ?? 'time'}`)?.focus();
      return;
    }
    const reading = { source, at };
    if (await act('run.read-clock', { question: task.question, reading })) keepAnswer(task.question, null);
  };
  return (
    <TaskFrame
      heading={`${name} reads a clock of their own`}
      tone="person"
      entry={
        <form
          className="run-clock"
          aria-label={`Reading of ${name}`}
          onSubmit={(event) => event.preventDefault()}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void record();
          }}
        >
          {FIELDS.map(({ name: field, label, hint, missing, longest }) => (
            <TextInput
              key={field}
              id={`${id}-${field}`}
              labelText={label}
              placeholder={hint}
              maxLength={longest}
              autoComplete="off"
              spellCheck={false}
              value={value(field)}
              invalid={tried && isWrong[field]}
              invalidText={missing}
              onChange={(event) => {
                keepAnswer(task.question, { ...draft, fields: { ...draft.fields, [field]: event.target.value } });
              }}
            />
          ))}
        </form>
      }
      actions={
        <>
          <ActionButton weight="primary" label="Taken now: the clock shows this time" onAct={record}>
            Taken now
          </ActionButton>
          <ActionButton onAct={() => setWithout(true)}>No clock to read</ActionButton>
          <DialogBox
            open={without}
            heading={`${name} has no clock to read`}
            yes="Put it on record"
            no="Back"
            onNo={() => setWithout(false)}
            onYes={async () => {
              if (await act('run.read-clock', { question: task.question, reading: null })) setWithout(false);
            }}
          >
            <p>
              The step does not go on without this reading. Then everybody decides whether the clocks are read again.
            </p>
            <p>Somebody who is not here is first said to be away, under People.</p>
          </DialogBox>
        </>
      }
    >
      <p className="run-clock__place">{`Reading ${task.place} of ${task.count}`}</p>
      <ol className="run-instructions">
        <li>
          <bdi>{name}</bdi> looks at a clock that has nothing to do with this workstation, and has heard no other
          reading.
        </li>
        <li>Type which clock it is, and a date and time, by UTC, that it will show in a few seconds.</li>
        <li>Press Enter, or “Taken now”, at the moment it does. The workstation’s clock is read at that moment.</li>
      </ol>
      <Notices run={run} />
      <StepInstructions run={run} open={false} />
    </TaskFrame>
  );
}
