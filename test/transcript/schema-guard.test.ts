/** The quick checks of frames, times and bodies say what the schemas say. */
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { canonicalBytes, type Json } from '../../ceremony/canonical-json';
import { Instant } from '../../ceremony/text-forms';
import { ACT_MEMBERS } from '../../ceremony/transcript/act-schemas';
import { FACT_VALUES } from '../../ceremony/transcript/fact-schemas';
import { isInstant } from '../../ceremony/transcript/instant';
import { LINE_TYPES, LineFrame, bodySchema } from '../../ceremony/transcript/line';
import { withFrame } from '../../ceremony/transcript/line-frame';
import { guardOf } from '../../ceremony/transcript/schema-guard';
import { valuesOf } from './schema-values';

const RUNS = process.env['KEYRITE_DEEP'] === '1' ? 20_000 : 1_500;

/** Values that a member can be changed into. */
const values = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    0,
    -1,
    1,
    10_000,
    '',
    'a',
    'ada',
    'A',
    'x'.repeat(64),
    '0'.repeat(64),
    [],
    {},
    'AAAA',
    'AAA',
  ),
  fc.constantFrom<Json>(
    [''],
    ['ada'],
    [{}],
    { a: 1 },
    [null],
    'x'.repeat(4001),
    '2026-11-23T10:15:00.000Z',
    '2026-02-30T10:15:00.000Z',
  ),
  fc.string(),
  fc.maxSafeInteger(),
);

type Change = readonly [path: readonly number[], value: Json, how: number];
const changes: fc.Arbitrary<Change> = fc.tuple(fc.array(fc.nat(7), { minLength: 1, maxLength: 4 }), values, fc.nat(3));

/** The value with one member changed, dropped or added, somewhere below. */
function changed(value: Json, [path, put, how]: Change): Json {
  const [first = 0, ...rest] = path;
  if (typeof value !== 'object' || value === null) return put;
  const keys = Object.keys(value);
  if (how === 1)
    return Array.isArray(value)
      ? [...(value as readonly Json[]), put]
      : { ...(value as Record<string, Json>), other: put };
  const key = keys[first % Math.max(keys.length, 1)];
  if (key === undefined) return put;
  if (Array.isArray(value)) {
    const list = [...(value as readonly Json[])];
    if (how === 2) list.splice(Number(key), 1);
    else list[Number(key)] = rest.length === 0 ? put : changed(list[Number(key)] ?? null, [rest, put, how]);
    return list;
  }
  const members = value as Readonly<Record<string, Json>>;
  if (rest.length > 0) return { ...members, [key]: changed(members[key] ?? null, [rest, put, how]) };
  return how === 2
    ? Object.fromEntries(Object.entries(members).filter(([name]) => name !== key))
    : { ...members, [key]: put };
}

/** As a reader gets it: what canonical JSON leaves. */
const read = (value: Json): unknown => JSON.parse(Buffer.from(canonicalBytes(value)).toString());

describe('guardOf', () => {
  it.each(LINE_TYPES)('says of every body of %s what its schema says', (type) => {
    const guard = guardOf(bodySchema(type));
    let accepted = 0;
    fc.assert(
      fc.property(valuesOf(bodySchema(type)), fc.array(changes, { maxLength: 2 }), (example, list) => {
        let value = example;
        for (const change of list) value = changed(value, change);
        const expected = v.is(bodySchema(type), read(value));
        if (expected) accepted += 1;
        expect(guard(read(value))).toBe(expected);
      }),
      { numRuns: RUNS },
    );
    expect(accepted).toBeGreaterThan(RUNS / 20);
    expect(accepted).toBeLessThan(RUNS);
  });
});

describe('guardOf, of what stands in a body', () => {
  const schemas = Object.entries<v.GenericSchema>({ ...FACT_VALUES, ...ACT_MEMBERS });
  it.each(schemas)('says of every %s what its schema says', (_, schema) => {
    const guard = guardOf(schema);
    fc.assert(
      fc.property(valuesOf(schema), fc.array(changes, { maxLength: 2 }), (example, list) => {
        let value = example;
        for (const change of list) value = changed(value, change);
        expect(guard(read(value))).toBe(v.is(schema, read(value)));
      }),
      { numRuns: RUNS / 5 },
    );
  });
});

describe('withFrame', () => {
  const frame = {
    at: '2026-11-23T10:15:00.000Z',
    body: { a: 1 },
    by: ['ada', 'bela'],
    prev: '0'.repeat(64),
    salt: '0'.repeat(32),
    seq: 7,
    step: 'load',
    type: 'fact.recorded',
  };

  it('says of every frame what its schema says', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 2 }), fc.constantFrom(null, '0'.repeat(64)), (list, prev) => {
        let value: Json = frame;
        for (const change of list) value = changed(value, change);
        const expected = v.is(LineFrame, read(value));
        if (expected) accepted += 1;
        expect(withFrame(read(value), prev) !== null).toBe(expected);
      }),
      { numRuns: RUNS * 4 },
    );
    expect(accepted).toBeGreaterThan(RUNS / 4);
  });

  it('is none for anything that is no object', () => {
    for (const value of [null, 1, 'x', true, []]) expect(withFrame(value, null)).toBeNull();
  });
});

describe('isInstant', () => {
  it('says of every text what its schema says', () => {
    const near = fc.tuple(
      fc.date({ min: new Date(0), max: new Date(253402300799999), noInvalidDate: true }),
      fc.nat(23),
      fc.string({
        unit: fc.constantFrom('0', '1', '5', '9', '-', ':', '.', 'T', 'Z', ' '),
        minLength: 1,
        maxLength: 1,
      }),
    );
    fc.assert(
      fc.property(near, ([date, at, letter]) => {
        const text = date.toISOString();
        for (const one of [text, text.slice(0, at) + letter + text.slice(at + 1), text.slice(0, at)]) {
          expect(isInstant(one)).toBe(v.is(Instant, one));
        }
      }),
      { numRuns: RUNS * 2 },
    );
    for (const year of ['0000', '1900', '2000', '2024', '2026', '9999']) {
      for (const day of ['02-28', '02-29', '02-30', '04-30', '04-31', '12-31', '12-32', '00-10', '13-01', '01-00']) {
        for (const time of ['00:00:00', '23:59:59', '24:00:00', '23:60:00', '23:59:60']) {
          const text = `${year}-${day}T${time}.000Z`;
          expect(isInstant(text), text).toBe(v.is(Instant, text));
        }
      }
    }
  });
});
