/** Values that fit a schema, found from the schema itself: leaves are picked from a pool by asking it. */
import fc from 'fast-check';
import * as v from 'valibot';
import type { Json } from '../../ceremony/canonical-json';
import { JsonValue } from '../../ceremony/transcript/line';

interface Part {
  readonly type: string;
  readonly pipe?: readonly unknown[];
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly wrapped: v.GenericSchema;
  readonly item: v.GenericSchema;
  readonly literal?: Json;
  readonly options?: readonly (Json | v.GenericSchema)[];
}

/** What leaves of lines look like. */
const POOL: readonly Json[] = [
  null, true, false, 0, 1, 2, 7, 9999, 'ada', 'unit-a/token', 'Ada Müller', 'x'.repeat(32), '0'.repeat(32), '0'.repeat(64),
  'ab'.repeat(32), 'AAAA', '', '2026-11-23T10:15:00.000Z', 'application/vnd.keyrite.command', 'keys/ada.pem', 'plan.yaml',
  `age1${'q'.repeat(58)}`,
]; // prettier-ignore

const anyJson: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom(...POOL),
  fc.array(fc.constantFrom(...POOL), { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('a', 'b', 'shareSet'), fc.constantFrom(...POOL), { maxKeys: 2 }) as fc.Arbitrary<Json>,
);

/** Values that `schema` accepts. Throws RangeError when the pool has none for a leaf. */
export function valuesOf(schema: v.GenericSchema): fc.Arbitrary<Json> {
  const part = schema as unknown as Part;
  if (schema === (JsonValue as v.GenericSchema)) return anyJson;
  if (part.type === 'array') {
    const items = fc.array(valuesOf(part.item), { maxLength: 3 });
    return part.pipe === undefined ? items : items.filter((list) => v.is(schema, list));
  }
  if (part.pipe !== undefined) return leavesOf(schema);
  switch (part.type) {
    case 'strict_object':
    case 'loose_object':
      return objectsOf(part.entries ?? {});
    case 'record':
      return fc.dictionary(fc.constantFrom('a', 'b', 'shareSet'), anyJson, { maxKeys: 2 });
    case 'nullable':
      return fc.oneof(fc.constant(null), valuesOf(part.wrapped));
    case 'literal':
      return fc.constant(part.literal ?? null);
    case 'picklist':
      return fc.constantFrom(...((part.options ?? []) as readonly Json[]));
    case 'union':
    case 'variant':
      return fc.oneof(...((part.options ?? []) as readonly v.GenericSchema[]).map(valuesOf));
    default:
      return leavesOf(schema);
  }
}

function leavesOf(schema: v.GenericSchema): fc.Arbitrary<Json> {
  const fitting = POOL.filter((value) => v.is(schema, value));
  if (fitting.length === 0) throw new RangeError(`nothing in the pool fits ${schema.type}`);
  return fc.constantFrom(...fitting);
}

function objectsOf(entries: Readonly<Record<string, v.GenericSchema>>): fc.Arbitrary<Json> {
  const isOptional = (schema: v.GenericSchema): boolean => schema.type === 'optional';
  const all = Object.entries(entries);
  const members = all.map(([key, schema]) => {
    const inner = isOptional(schema) ? (schema as unknown as Part).wrapped : schema;
    return [key, valuesOf(inner)] as const;
  });
  const requiredKeys = all.filter(([, schema]) => !isOptional(schema)).map(([key]) => key);
  return fc.record(Object.fromEntries(members), { requiredKeys });
}
