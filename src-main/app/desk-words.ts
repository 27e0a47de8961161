/** What secret windows show besides their question. */
import type { Plan } from '../../ceremony/plan/schema';
import type { RuntimeView } from '../../ipc/view';
import type { DeskWords } from './app-parts';

/** Names by ids, as a secret window needs them. */
export interface NamedPeople {
  readonly people: readonly { readonly id: string; readonly name: string }[];
  readonly mode: 'rehearsal' | 'production';
}

/** Words for a secret window. `step`: such as `Step 3 of 22: Roll call`, or empty; `doing`: what goes on now. */
export function deskWords(
  plan: Plan,
  { people, mode }: NamedPeople,
  runtime: RuntimeView,
  step: string,
  doing: string,
): DeskWords {
  return {
    names: namesOf(people),
    units: namesOf(plan.units),
    title: plan.title,
    step,
    doing,
    mode,
    endOfLifeRuntime: runtime.standing === 'development',
  };
}

/** Names by their ids. */
export function namesOf(list: readonly { readonly id: string; readonly name: string }[]): Record<string, string> {
  return Object.fromEntries(list.map(({ id, name }) => [id, name]));
}
