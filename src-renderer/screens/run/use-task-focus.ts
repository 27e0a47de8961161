/** Focus follows the task: to its heading when it is new, and never away from what somebody is filling in elsewhere. */
import { useLayoutEffect, useRef } from 'react';
import type { RunView } from '../../../ipc/view';
import { TASK_HEADING } from './task-frame';

/** What makes a task another one; a machine that says more of what it does has the same task still. */
export function taskKey({ task, present, stage }: RunView): string {
  const place = `${present ?? stage}`;
  switch (task.kind) {
    case 'working':
      return `working ${place}`;
    case 'person':
      return `person ${place} ${task.who} ${task.doing}`;
    case 'pad':
      return `pad ${place} ${task.doing} ${task.since}`;
    case 'ended':
      return `ended ${task.outcome}`;
    default:
      return task.question;
  }
}

/**
 * Puts the focus on the heading of a new task. Left alone: whoever is in a dialog, or types in a field. While the
 * machine works nobody is asked for anything, so the focus moves only when what had it is gone.
 */
export function useTaskFocus(run: RunView): void {
  const key = taskKey(run);
  const works = run.task.kind === 'working';
  const before = useRef('');
  useLayoutEffect(() => {
    if (before.current === key) return;
    before.current = key;
    const focused = document.activeElement;
    if (focused !== null && focused.closest('dialog, input, textarea, select') !== null) {
      return;
    }
    if (works && focused !== null && focused !== document.body) return;
    document.getElementById(TASK_HEADING)?.focus({ preventScroll: true });
  }, [key, works]);
}
