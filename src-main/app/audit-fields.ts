/** JSON as a list that people read: every member under its name, in its order; bounded, since anybody may have written it. */
import { Envelope } from '../../ceremony/command/dsse';
import * as v from 'valibot';
import type { FieldView } from '../../ipc/audit-view';
import { isRecord } from './audit-json';
import { cutTo } from './audit-text';
import { memberWords } from './audit-words';

/** Longest value of one field, in UTF-16 code units. */
const MAX_VALUE = 4_096;
/** Longest name of one. */
const MAX_NAME = 200;
/** Deepest that is taken apart: as deep as a line can be. */
const MAX_DEPTH = 32;

/** Fields, and whether there was more than is in them. */
export interface Fields {
  readonly fields: FieldView[];
  readonly cut: boolean;
}

/** What reading needs: names of people by their ids. */
export type PeopleNames = ReadonlyMap<string, string>;

/**
 * The members of a value.
 *
 * @param most most fields
 * @param leave members of the value itself that are shown elsewhere
 */
export function fieldsOf(value: unknown, names: PeopleNames, most: number, leave: readonly string[] = []): Fields {
  const fields: FieldView[] = [];
  let cut = false;
  const add = (field: FieldView): void => {
    if (fields.length < most) fields.push(field);
    else cut = true;
  };
  const walk = (name: string, inner: unknown, depth: number): void => {
    if (fields.length >= most) {
      cut = true;
      return;
    }
    const head = { name: cutTo(name, MAX_NAME), depth };
    if (v.is(Envelope, inner)) {
      add({ ...head, kind: 'text', value: 'Signed; opened below' });
    } else if (Array.isArray(inner) && inner.length > 0 && inner.every(isSimple)) {
      // A short list reads as one line.
      const words = inner.map((one) => simple(one, names).value).join(', ');
      if (words.length > MAX_VALUE) cut = true;
      add({ ...head, kind: 'text', value: cutTo(words, MAX_VALUE) });
    } else if ((Array.isArray(inner) || isRecord(inner)) && depth < MAX_DEPTH) {
      const entries = Array.isArray(inner)
        ? inner.map((one, place) => [String(place + 1), one] as const)
        : inReadingOrder(inner).map(([key, one]) => [memberWords(key), one] as const);
      if (entries.length === 0) add({ ...head, kind: 'nothing', value: 'None' });
      else {
        add({ ...head, kind: 'group', value: '' });
        for (const [key, one] of entries) walk(key, one, depth + 1);
      }
    } else {
      const shown = simple(inner, names);
      if (shown.value.length > MAX_VALUE) cut = true;
      add({ ...head, kind: shown.kind, value: cutTo(shown.value, MAX_VALUE) });
    }
  };
  if (isRecord(value)) {
    for (const [name, inner] of inReadingOrder(value)) if (!leave.includes(name)) walk(memberWords(name), inner, 0);
  } else walk('Value', value, 0);
  return { fields, cut };
}

/** Members that say what something is about, in the order in which people ask; and those that matter last. */
const FIRST = [
  'title',
  'fact',
  'participant',
  'name',
  'id',
  'action',
  'attempt',
  'act',
  'operation',
  'command',
  'unit',
];
const THEN = ['step', 'kind', 'expected', 'happened', 'decided', 'statement', 'answer', 'outcome', 'verdict', 'error'];
const LAST = ['nonce', 'salt', 'line0', 'head', 'format', 'ceremony', 'mode'];

/** Canonical JSON is sorted by the alphabet; people read in another order. */
function inReadingOrder(value: object): [string, unknown][] {
  const order = [...FIRST, ...THEN];
  const rank = (name: string): number => {
    if (order.includes(name)) return order.indexOf(name);
    return order.length + 1 + LAST.indexOf(name);
  };
  return Object.entries(value).sort(([one], [other]) => rank(one) - rank(other));
}

function isSimple(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function simple(value: unknown, names: PeopleNames): Pick<FieldView, 'kind' | 'value'> {
  if (value === null || value === undefined) return { kind: 'nothing', value: 'None' };
  if (typeof value === 'boolean') return { kind: 'text', value: value ? 'Yes' : 'No' };
  if (typeof value !== 'string') return { kind: 'text', value: JSON.stringify(value) };
  if (value === '') return { kind: 'nothing', value: 'Empty' };
  const name = names.get(value);
  if (name !== undefined) return { kind: 'text', value: `${name} (${value})` };
  if (/^[0-9a-f]{64}$/.test(value)) return { kind: 'hash', value };
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(value)) return { kind: 'time', value };
  if (/^(?:[0-9a-f]{10,}|[A-Za-z0-9+/]{40,}={0,2}|[a-z0-9]+(?:[-./][a-z0-9]+)+)$/.test(value)) {
    return { kind: 'code', value };
  }
  return { kind: 'text', value };
}
