/** Something is asked, and what people say is written down as they say it. */
import { useId, useState, type ReactNode } from 'react';
import { TextArea, TextInput } from '../../components/carbon';
import { ActionButton } from '../../components/action-button';
import { act, keepAnswer, useAnswerDraft } from '../../store';
import { listed } from './run-words';
import { SpokenText } from './spoken-text';
import { Notices, StepInstructions } from './step-words';
import { TaskFrame } from './task-frame';
import { namesOf, type TaskProps } from './task-of';

/** Longest text of the contract, in UTF-16 code units. */
const LONGEST = 4000;
const LONGEST_NAME = 200;

/** Panel of the task `ask`. */
export function AskTask({ run, task }: TaskProps<'ask'>): ReactNode {
  const id = useId();
  const draft = useAnswerDraft(task.question);
  const { text } = draft;
  const [empty, setEmpty] = useState(false);
  const who = listed(namesOf(run, task.by));
  const change = (value: string): void => {
    keepAnswer(task.question, { ...draft, text: value });
    setEmpty(false);
  };
  const record = async (): Promise<void> => {
    setEmpty(text.trim() === '');
    if (text.trim() === '') document.getElementById(`${id}-text`)?.focus();
    else if (await act('run.answer', { question: task.question, text })) keepAnswer(task.question, null);
  };
  return (
    <TaskFrame
      heading={`${who} ${task.by.length === 1 ? 'says' : 'say'} it, and it is written down`}
      tone="person"
      entry={
        task.expects === 'name' ? (
          <TextInput
            id={`${id}-text`}
            labelText={`What ${who} ${task.by.length === 1 ? 'says' : 'say'}`}
            helperText="The name alone, as it stands in the identification"
            maxLength={LONGEST_NAME}
            autoComplete="off"
            spellCheck={false}
            value={text}
            invalid={empty}
            invalidText="Write down the name first"
            onChange={(event) => change(event.target.value)}
          />
        ) : (
          <TextArea
            id={`${id}-text`}
            labelText={`What ${who} ${task.by.length === 1 ? 'says' : 'say'}`}
            helperText="Goes on record as it stands here, and is never changed. Nothing secret belongs here"
            rows={4}
            maxLength={LONGEST}
            value={text}
            invalid={empty}
            invalidText="Write down what was said first"
            onChange={(event) => change(event.target.value)}
          />
        )
      }
      actions={
        <ActionButton weight="primary" onAct={record}>
          Put it on record
        </ActionButton>
      }
    >
      <blockquote className="run-statement">
        <SpokenText text={task.text} />
      </blockquote>
      <Notices run={run} />
      <StepInstructions run={run} open={false} />
    </TaskFrame>
  );
}
