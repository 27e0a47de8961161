/**
 * The shapes of everything in a bundle that is JSON, as `verify.sh` holds them: made from the schemas in the code, in few
 * words that a jq function can follow. `docs/schemas/` says the same at greater length.
 *
 * A shape is `true` (any JSON), the name of another shape, or an object with one of: `object` (shape by member; `optional`
 * names those that may be left out, `more` allows others), `map` (an object with any members), `list` (shape of each item,
 * `least`, `most`), `text` (a pattern; `least`, `most` in UTF-16 code units, `form`), `whole` (least and most), `one` (the
 * values there are), `either` (shapes).
 */
import type * as v from 'valibot';
import { AddendumFact, AddendumOpened } from '../../ceremony/bundle/addendum-line';
import { CosignaturePayload } from '../../ceremony/bundle/cosignature';
import { MadeSet } from '../../ceremony/custody/share-book';
import { Command } from '../../ceremony/command/unit-state';
import { KeyPackage } from '../../ceremony/keypackage/key-package';
import { Receipt } from '../../ceremony/keypackage/receipt';
import { UtcTime } from '../../ceremony/keypackage/utc-time';
import { Binding } from '../../ceremony/plan/binding-schema';
import { Plan } from '../../ceremony/plan/schema';
import { Base64, Instant } from '../../ceremony/text-forms';
import { ACT_MEMBERS } from '../../ceremony/transcript/act-schemas';
import { CustodyPayload } from '../../ceremony/transcript/custody-fact';
import { SharePayload } from '../../ceremony/transcript/share-fact';
import { FACT_VALUES } from '../../ceremony/transcript/fact-schemas';
import {
  ApprovalPayload,
  EnrolmentPayload,
  ExceptionPayload,
  JsonValue,
  LINE_TYPES,
  LineFrame,
  PresencePayload,
  bodySchema,
} from '../../ceremony/transcript/line';

type Shape = true | string | { readonly [keyword: string]: unknown };

/** Every schema that a verifier holds a part of a bundle against, by the name it has in `verify.sh`. */
export const SCHEMAS: Readonly<Record<string, v.GenericSchema>> = {
  line: LineFrame,
  ...Object.fromEntries(LINE_TYPES.map((type) => [`body ${type}`, bodySchema(type)])),
  ...Object.fromEntries(Object.entries(FACT_VALUES).map(([name, schema]) => [`fact ${name}`, schema])),
  ...Object.fromEntries(Object.entries(ACT_MEMBERS).map(([member, schema]) => [`act ${member}`, schema])),
  'payload approval': ApprovalPayload,
  'payload presence': PresencePayload,
  'payload enrolment': EnrolmentPayload,
  'payload custody': CustodyPayload,
  'payload share': SharePayload,
  'share set': MadeSet,
  'payload exception': ExceptionPayload,
  'payload command': Command,
  'payload cosignature': CosignaturePayload,
  plan: Plan,
  binding: Binding,
  package: KeyPackage,
  receipt: Receipt,
  'addendum opened': AddendumOpened,
  'addendum fact': AddendumFact,
};

/** Shortest shape, in characters, that gets a name of its own where it stands twice. */
const WORTH_A_NAME = 40;

/** The shapes as one JSON object, one shape a line, without an LF at the end. */
export function shapesText(): string {
  const whole = Object.entries(SCHEMAS).map(([name, schema]) => [name, shapeOf(schema as unknown as Part)] as const);
  const names = namesOf(whole.map(([, shape]) => shape));
  const shared = [...names].map(([text, name]) => [name, inner(JSON.parse(text) as Shape, names)] as const);
  const all = [...shared, ...whole.map(([name, shape]) => [name, inner(shape, names)] as const)];
  const text = `{\n${all.map(([name, shape]) => `${JSON.stringify(name)}: ${JSON.stringify(shape)}`).join(',\n')}\n}`;
  if (text.includes("'")) throw new Error('the shapes would end the text in which verify.sh holds them');
  return text;
}

/** Names of the shapes that stand more than once, by their text, in the order in which they first stand. */
function namesOf(shapes: readonly Shape[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  const count = (shape: unknown): void => {
    for (const part of partsOf(shape)) {
      const text = JSON.stringify(part);
      if (text.length >= WORTH_A_NAME) counts.set(text, (counts.get(text) ?? 0) + 1);
      // What stands in a shape that has a name already is written there once.
      if ((counts.get(text) ?? 0) <= 1) count(part);
    }
  };
  for (const shape of shapes) count(shape);
  const twice = [...counts].filter(([, times]) => times > 1).map(([text]) => text);
  return new Map(twice.map((text, place) => [text, `#${String(place + 1)}`]));
}

/** The shapes right within a shape. */
function partsOf(shape: unknown): readonly Shape[] {
  const { object, list, either } = shape as { object?: Record<string, Shape>; list?: Shape; either?: Shape[] };
  const all = [...Object.values(object ?? {}), ...(list === undefined ? [] : [list]), ...(either ?? [])];
  return all.filter((one) => typeof one === 'object');
}

/** A shape with the names of those within it that have one. */
function inner(shape: Shape, names: ReadonlyMap<string, string>): Shape {
  if (typeof shape !== 'object') return shape;
  const named = (one: Shape): Shape => names.get(JSON.stringify(one)) ?? inner(one, names);
  const { object, list, either } = shape as { object?: Record<string, Shape>; list?: Shape; either?: Shape[] };
  return {
    ...shape,
    ...(object === undefined
      ? {}
      : { object: Object.fromEntries(Object.entries(object).map(([key, one]) => [key, named(one)])) }),
    ...(list === undefined ? {} : { list: named(list) }),
    ...(either === undefined ? {} : { either: either.map(named) }),
  };
}

/** A schema or an action, as valibot keeps them. */
interface Part {
  readonly kind: string;
  readonly type: string;
  readonly pipe?: readonly Part[];
  readonly entries?: Readonly<Record<string, Part>>;
  readonly wrapped?: Part;
  readonly default?: unknown;
  readonly item?: Part;
  readonly literal?: unknown;
  readonly options?: readonly unknown[];
  readonly requirement?: unknown;
}

function shapeOf(part: Part): Shape {
  const is = (schema: v.GenericSchema): boolean => part === (schema as unknown as Part);
  if (is(JsonValue)) return true;
  if (is(Base64)) return { text: '', form: 'base64' };
  if (is(Instant)) return { text: '', form: 'instant' };
  if (is(UtcTime)) return { text: patternOf(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/), form: 'time' };
  if (part.pipe !== undefined) return part.pipe.reduce<Shape>((shape, one) => withAction(shape, one), true);
  switch (part.type) {
    case 'string':
      return { text: '' };
    case 'number':
      return { whole: [null, null] };
    case 'boolean':
      return { one: [true, false] };
    case 'literal':
      return { one: [part.literal] };
    case 'picklist':
      return { one: part.options };
    case 'null':
      return { one: [null] };
    case 'nullable':
      return { either: [{ one: [null] }, shapeOf(required(part.wrapped))] };
    case 'optional':
    case 'exact_optional':
      return shapeOf(required(part.wrapped));
    case 'array':
      return { list: shapeOf(required(part.item)) };
    case 'strict_object':
    case 'loose_object':
      return objectShape(part);
    case 'record':
      return { map: true };
    case 'variant':
    case 'union':
      return { either: (part.options as readonly Part[]).map(shapeOf) };
    default:
      throw new Error(`no shape for a schema of the type ${part.type}`);
  }
}

/** A member with a default is there: plan and binding stand in the bundle with their defaults filled in. */
function objectShape({ type, entries = {} }: Part): Shape {
  const optional = Object.entries(entries).flatMap(([key, one]) =>
    (one.type === 'optional' || one.type === 'exact_optional') && one.default === undefined ? [key] : [],
  );
  return {
    object: Object.fromEntries(Object.entries(entries).map(([key, one]) => [key, shapeOf(one)])),
    ...(optional.length === 0 ? {} : { optional }),
    ...(type === 'loose_object' ? { more: true } : {}),
  };
}

function withAction(shape: Shape, part: Part): Shape {
  if (part.kind === 'schema') return shapeOf(part);
  const before = shape as { readonly whole?: readonly unknown[] };
  const { requirement } = part;
  const add = (more: object): Shape => ({ ...(shape as object), ...more });
  switch (part.type) {
    case 'regex':
      return add({ text: patternOf(requirement as RegExp) });
    case 'integer':
    case 'safe_integer':
      return shape;
    case 'min_value':
      return add({ whole: [requirement, before.whole?.[1] ?? null] });
    case 'max_value':
      return add({ whole: [before.whole?.[0] ?? null, requirement] });
    case 'length':
      return add({ least: requirement, most: requirement });
    case 'min_length':
      return add({ least: requirement });
    case 'max_length':
      return add({ most: requirement });
    default:
      throw new Error(`no shape for ${part.type}`);
  }
}

/** A pattern as jq's Oniguruma reads it. */
function patternOf({ source, flags }: RegExp): string {
  if (flags !== '' && flags !== 'u') throw new Error(`no shape for a pattern with the flags ${flags}`);
  if (flags === '' && source.includes('[^') && source.includes('{')) throw new Error(`${source} counts code units`);
  const ascii = source.replaceAll('\\d', '[0-9]').replaceAll('\\/', '/');
  if (/\\[swb]/iu.test(ascii) || !ascii.startsWith('^') || !ascii.endsWith('$'))
    throw new Error(`no shape for ${source}`);
  return `\\A${ascii.slice(1, -1)}\\z`;
}

function required(part: Part | undefined): Part {
  if (part === undefined) throw new Error('a schema without what it wraps');
  return part;
}
