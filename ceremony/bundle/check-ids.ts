/** Ids of plan and binding: each stands once in its list, or nobody could say which entry of two a rule means. */
import type { Binding } from '../plan/binding-schema';
import type { Plan } from '../plan/schema';
import type { Findings } from './findings';

/** Checks every list of things with an `id` in a plan or binding, such as positions, units, people and media. */
export function checkIds(name: string, document: Plan | Binding, findings: Findings): void {
  for (const [member, list] of Object.entries(document) as readonly (readonly [string, unknown])[]) {
    if (!Array.isArray(list)) continue;
    const ids = list.flatMap(idOf);
    // SECURITY(K-196): a position of two roles would make of one person what each rule wants to see.
    if (new Set(ids).size < ids.length) findings.add(name, null, `an id stands twice in ${member}`);
  }
}

function idOf(one: unknown): string[] {
  const id: unknown = typeof one === 'object' && one !== null && 'id' in one ? one.id : null;
  return typeof id === 'string' ? [id] : [];
}
