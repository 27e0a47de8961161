/** What every task has: a heading that takes the focus when the task is new, what there is to know, and what to do. */
import type { ReactNode } from 'react';

/** Id of the heading of the present task; `use-task-focus.ts` puts the focus there. */
export const TASK_HEADING = 'run-task-heading';

/** What a task's panel is made of. */
export interface TaskFrameProps {
  /** Who must do what, or what goes on. */
  readonly heading: string;
  /** `person`: somebody must act; `machine`: nobody; `failure`: something went wrong; `caution`: done but for something; `good`: it is done. */
  readonly tone: 'person' | 'machine' | 'failure' | 'caution' | 'good';
  /** What there is to read; scrolls when it is long. */
  readonly children?: ReactNode;
  /** What is filled in before the action, always in sight. */
  readonly entry?: ReactNode;
  /** Buttons, the primary one first. */
  readonly actions?: ReactNode;
}

/** The present task in the middle of the run screen: what scrolls above, what is done below and always in sight. */
export function TaskFrame({ heading, tone, children, entry, actions }: TaskFrameProps): ReactNode {
  return (
    <div className="run-task" data-tone={tone}>
      <div className="run-task__read run-scroll" role="group" aria-labelledby={TASK_HEADING} tabIndex={0}>
        <h2 id={TASK_HEADING} className="run-task__heading" tabIndex={-1}>
          {heading}
        </h2>
        {children}
      </div>
      {entry === undefined && actions === undefined ? null : (
        <div className="run-task__do" data-entry={entry !== undefined}>
          {entry}
          {actions === undefined || actions === null ? null : <div className="run-task__actions">{actions}</div>}
        </div>
      )}
    </div>
  );
}
