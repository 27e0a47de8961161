/**
 * What stands in a body beyond its members: values of facts, and what acts say of themselves. Whoever writes a line and
 * whoever reads one asks here.
 */
import * as v from 'valibot';
import { ACT_MEMBERS } from './act-schemas';
import { FACT_VALUES } from './fact-schemas';
import type { Line } from './line';
import { guardOf, type Guard } from './schema-guard';

const FACTS: ReadonlyMap<string, v.GenericSchema> = new Map<string, v.GenericSchema>(Object.entries(FACT_VALUES));
const guards = new Map<v.GenericSchema, Guard>();

/** What is wrong with the content of a line whose body has its members, as `member: what`; null when nothing is. */
export function contentFault(line: Line): string | null {
  switch (line.type) {
    case 'fact.recorded': {
      const schema = FACTS.get(line.body.fact);
      // SECURITY(K-182): a name that no rule knows could tell a reader anything.
      if (schema === undefined) return `fact: there is none called ${line.body.fact}`;
      return fault(schema, line.body.value, `value of ${line.body.fact}`);
    }
    case 'step.intent':
      return (
        fault(ACT_MEMBERS.parameters, line.body.parameters, 'parameters') ??
        fault(ACT_MEMBERS.expected, line.body.expected, 'expected')
      );
    case 'step.outcome':
      return fault(ACT_MEMBERS.result, line.body.result, 'result');
    case 'step.reconciled':
      return fault(ACT_MEMBERS.observed, line.body.observed, 'observed');
    default:
      return null;
  }
}

function fault(schema: v.GenericSchema, value: unknown, what: string): string | null {
  if (guardFor(schema)(value)) return null;
  const [issue] = v.safeParse(schema, value).issues ?? [];
  if (issue === undefined) return `${what}: not as the schema says`;
  const path = v.getDotPath(issue);
  return path === null ? `${what}: ${issue.message}` : `${what}: ${path}: ${issue.message}`;
}

function guardFor(schema: v.GenericSchema): Guard {
  let guard = guards.get(schema);
  if (guard === undefined) {
    guard = guardOf(schema);
    guards.set(schema, guard);
  }
  return guard;
}
