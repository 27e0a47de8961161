/** Tells people who do not see the screen what is to be done now: once for each task, and nothing else. */
import type { ReactNode } from 'react';
import type { RunView } from '../../../ipc/view';
import { ENDED, listed } from './run-words';
import { asksForALook } from './step-result';
import { namesOf } from './task-of';

/** The screen's one polite live region. */
export function TaskAnnouncement({ run }: { readonly run: RunView }): ReactNode {
  return (
    <p className="visually-hidden" role="status">
      {announced(run)}
    </p>
  );
}

function announced(run: RunView): string {
  const { task } = run;
  const step = run.present === null ? run.stage : `Step ${run.present + 1} of ${run.steps.length}`;
  switch (task.kind) {
    case 'begin':
      return run.result !== null && asksForALook(run.result)
        ? `Step ${run.result.index + 1} is done, and what it leaves is to be looked at`
        : `${step} can begin`;
    case 'working':
      return `${step}: Keyrite works`;
    case 'person':
      return `${step}: ${listed(namesOf(run, [task.who]))} is asked for at the secret window`;
    case 'pad':
      return `${step}: ${task.doing}`;
    case 'confirm':
      return `${step}: to be confirmed by ${listed(namesOf(run, task.by))}`;
    case 'ask':
      return `${step}: ${listed(namesOf(run, task.by))}, something is to be put on record`;
    case 'clock':
      return `${step}: ${listed(namesOf(run, [task.who]))} reads a clock of their own`;
    case 'attach':
      return `${step}: ${listed(namesOf(run, task.by))}, files are to be brought`;
    case 'decide':
      return `${step}: something did not work`;
    case 'ended':
      if (task.notCopied.length > 0) {
        return `The ceremony is closed; its bundle is not on ${listed(task.notCopied.map(({ id }) => id))}`;
      }
      return ENDED[task.outcome];
  }
}
