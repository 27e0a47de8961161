/** Types of the tasks, by kind. */
import type { RunView, TaskView } from '../../../ipc/view';

/** A task of one kind. */
export type TaskOf<K extends TaskView['kind']> = Extract<TaskView, { kind: K }>;

/** What the panel of a task is given. */
export interface TaskProps<K extends TaskView['kind']> {
  readonly run: RunView;
  readonly task: TaskOf<K>;
}

/** Names of people by their ids; an id that nobody has stands for itself. */
export function namesOf(run: RunView, ids: readonly string[]): readonly string[] {
  return ids.map((id) => run.people.find((person) => person.id === id)?.name ?? id);
}
