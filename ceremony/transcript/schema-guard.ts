/**
 * Quick yes or no by the schemas of lines, for values that were read from canonical JSON. The schemas themselves make a
 * copy and a list of issues for each value, which is too slow for a million lines: they are asked for words only when the
 * answer is no. Both say the same of every such value (test/transcript/schema-guard.test.ts).
 */
import * as v from 'valibot';
import { Instant } from '../text-forms';
import { isInstant } from './instant';
import { JsonValue } from './line';

/** Whether a value that canonical JSON can hold fits a schema. */
export type Guard = (value: unknown) => boolean;

/** A schema or an action on the way to its words, as valibot keeps them. */
interface Part {
  readonly kind: string;
  readonly type: string;
  readonly pipe?: readonly Part[];
  readonly entries?: Readonly<Record<string, Part>>;
  readonly wrapped?: Part;
  readonly item?: Part;
  readonly key?: Part;
  readonly value?: Part;
  readonly literal?: unknown;
  readonly options?: readonly unknown[];
  readonly requirement?: unknown;
}

/** Makes the guard of a schema. What has no quick way is left to the schema itself. */
export function guardOf(schema: v.GenericSchema): Guard {
  return compile(schema) ?? ((value) => v.is(schema, value));
}

function compile(part: Part): Guard | null {
  // A member that is not there is undefined.
  if (is(part, JsonValue)) return (value) => value !== undefined;
  if (is(part, Instant)) return (value) => typeof value === 'string' && isInstant(value);
  if (part.pipe !== undefined) return compilePipe(part.pipe);
  switch (part.type) {
    case 'string':
      return (value) => typeof value === 'string';
    case 'number':
      return (value) => typeof value === 'number';
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'literal':
      return (value) => value === part.literal;
    case 'picklist':
      return (value) => part.options?.includes(value) ?? false;
    case 'nullable':
      return or((value) => value === null, part.wrapped);
    case 'optional':
      return or((value) => value === undefined, part.wrapped);
    case 'array':
      return compileList(part.item);
    case 'strict_object':
      return compileObject(part.entries ?? {}, false);
    case 'loose_object':
      return compileObject(part.entries ?? {}, true);
    case 'record':
      // Any object: canonical JSON has no other keys and values than text and JSON.
      return part.key?.type === 'string' && part.key.pipe === undefined && is(part.value, JsonValue) ? isObject : null;
    default:
      return null;
  }
}

function compilePipe(pipe: readonly Part[]): Guard | null {
  const [first, ...actions] = pipe;
  const guards = [first === undefined ? null : compile(first), ...actions.map(compileAction)];
  if (guards.some((guard) => guard === null)) return null;
  const all = guards as readonly Guard[];
  return (value) => all.every((guard) => guard(value));
}

function compileAction({ kind, type, requirement }: Part): Guard | null {
  if (kind !== 'validation') return null;
  switch (type) {
    case 'regex': {
      const pattern = requirement as RegExp;
      return pattern.global || pattern.sticky ? null : (value) => pattern.test(value as string);
    }
    case 'check':
      return requirement as Guard;
    case 'integer':
      return Number.isInteger;
    case 'safe_integer':
      return Number.isSafeInteger;
    case 'min_value':
      return (value) => (value as number) >= (requirement as number);
    case 'max_value':
      return (value) => (value as number) <= (requirement as number);
    case 'length':
      return (value) => (value as string).length === requirement;
    case 'min_length':
      return (value) => (value as string).length >= (requirement as number);
    case 'max_length':
      return (value) => (value as string).length <= (requirement as number);
    default:
      return null;
  }
}

function compileList(item: Part | undefined): Guard | null {
  const guard = item === undefined ? null : compile(item);
  return guard === null ? null : (value) => Array.isArray(value) && value.every((one) => guard(one));
}

/**
 * Goes through the members that a value has, which are fewer than those that its schema knows.
 *
 * @param loose other members than those of the schema may be there
 */
function compileObject(entries: Readonly<Record<string, Part>>, loose: boolean): Guard | null {
  const guards = new Map<string, Guard>();
  const required = new Set<string>();
  for (const [key, part] of Object.entries(entries)) {
    const guard = compile(part);
    if (guard === null) return null;
    guards.set(key, guard);
    // What is not there is undefined, which none but an optional member may be.
    if (!guard(undefined)) required.add(key);
  }
  return (value) => {
    if (!isObject(value)) return false;
    let found = 0;
    for (const key of Object.keys(value)) {
      const guard = guards.get(key);
      if (guard === undefined) {
        if (!loose) return false;
      } else if (guard(value[key])) {
        if (required.has(key)) found += 1;
      } else return false;
    }
    return found === required.size;
  };
}

/** How many members an object has. */
export function countMembers(value: object): number {
  return Object.keys(value).length;
}

function or(guard: Guard, wrapped: Part | undefined): Guard | null {
  const other = wrapped === undefined ? null : compile(wrapped);
  return other === null ? null : (value) => guard(value) || other(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function is(part: Part | undefined, schema: v.GenericSchema): boolean {
  return part === (schema as unknown as Part);
}
