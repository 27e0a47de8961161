/** Something is read aloud, and each person who is asked confirms it or does not. */
import { useId, useState, type ReactNode } from 'react';
import { Checkbox } from '../../components/carbon';
import { ActionButton } from '../../components/action-button';
import { act, keepAnswer, useAnswerDraft } from '../../store';
import { DialogBox } from './dialog-box';
import { listed } from './run-words';
import { SpokenText } from './spoken-text';
import { StepExhibit } from './step-exhibit';
import { Notices, StepInstructions } from './step-words';
import { TaskFrame } from './task-frame';
import { namesOf, type TaskProps } from './task-of';

/** Panel of the task `confirm`. */
export function ConfirmTask({ run, task }: TaskProps<'confirm'>): ReactNode {
  const id = useId();
  const draft = useAnswerDraft(task.question);
  const { ticked } = draft;
  const [refusing, setRefusing] = useState(false);
  const already = (who: string): boolean => run.people.some((person) => person.id === who && person.confirmed);
  const by = task.by.filter((who) => ticked.includes(who) || already(who));
  const missing = task.by.filter((who) => !by.includes(who));
  const record = async (): Promise<boolean> => {
    const done = await act('run.confirm', { question: task.question, by });
    if (done) keepAnswer(task.question, null);
    return done;
  };
  const set = (who: string, checked: boolean): void => {
    const others = ticked.filter((one) => one !== who);
    keepAnswer(task.question, { ...draft, ticked: checked ? [...others, who] : others });
  };
  return (
    <TaskFrame
      heading="Read aloud, and confirm"
      tone="person"
      entry={
        <fieldset className="run-confirm">
          <legend>{`Tick each person who has said aloud that it is so: ${by.length} of ${task.by.length}`}</legend>
          {task.by.map((who) => (
            <Checkbox
              key={who}
              id={`${id}-${who}`}
              labelText={
                <>
                  <bdi>{namesOf(run, [who])}</bdi> confirms
                </>
              }
              checked={by.includes(who)}
              readOnly={already(who)}
              onChange={(_event, { checked }) => set(who, checked)}
            />
          ))}
        </fieldset>
      }
      actions={
        <>
          <ActionButton
            weight="primary"
            unavailable={missing.length === 0 ? null : 'Not everybody is ticked'}
            onAct={record}
          >
            Record the confirmations
          </ActionButton>
          <ActionButton onAct={() => setRefusing(true)}>Somebody does not confirm</ActionButton>
          <DialogBox
            open={refusing}
            heading="Somebody does not confirm"
            yes={missing.length === 0 ? 'Record the confirmations' : 'Put it on record'}
            no="Back"
            onNo={() => setRefusing(false)}
            onYes={async () => {
              if (await record()) setRefusing(false);
            }}
          >
            {missing.length === 0 ? (
              <p>Everybody is ticked. Go back and untick whoever does not confirm.</p>
            ) : (
              <>
                <p>{`Not ticked: ${listed(namesOf(run, missing))}.`}</p>
                <p>
                  {`It goes on record that ${missing.length === 1 ? 'this person does' : 'these people do'} not confirm, and the step does not go on. Then everybody decides whether to read it again or to stop.`}
                </p>
              </>
            )}
          </DialogBox>
        </>
      }
    >
      <blockquote className="run-statement">
        <SpokenText text={task.statement} />
      </blockquote>
      <StepExhibit run={run} />
      <Notices run={run} />
      <StepInstructions run={run} open={false} />
    </TaskFrame>
  );
}
