/** Keys that stay in units, their copies in key stores, rotations, and master keys that were retired. */
import * as v from 'valibot';
import { cell, exact, heading, paragraph, table, type Block, type Cell } from '../../print/document';
import { hexCell } from './exact-cells';
import { resultsOf } from './keys-made';
import type { Recorded } from './recorded';

const CheckValue = v.object({ algorithm: v.string(), value: v.string() });
const Kept = v.object({
  key: v.string(),
  keyAlgorithm: v.string(),
  use: v.string(),
  checkValue: CheckValue,
  store: v.optional(v.string()),
  masterKey: v.optional(v.string()),
  sha256: v.optional(v.string()),
  attributes: v.optional(v.record(v.string(), v.unknown()), {}),
});
const Gone = v.object({ key: v.string(), destroyed: v.literal(true) });
const Rotation = v.object({
  store: v.string(),
  from: v.string(),
  to: v.string(),
  keys: v.number(),
  name: v.string(),
});
const Retired = v.object({ command: v.literal('master-key.replace'), retires: v.string() });

interface Event {
  readonly line: number;
  readonly what: 'made' | 'wrapped' | 'brought back' | 'destroyed';
  readonly store: string | null;
  readonly extractable: boolean | null;
}

/** A key on a unit, and what was done to it there. */
interface KeptStory {
  readonly unit: string;
  readonly key: string;
  readonly algorithm: string;
  readonly use: string;
  readonly checkValue: { readonly algorithm: string; readonly value: string } | null;
  readonly events: readonly Event[];
}

const WHAT: Readonly<Record<string, Event['what']>> = {
  'key.generate': 'made',
  'key.wrap': 'wrapped',
  'key.unwrap': 'brought back',
  'key.destroy': 'destroyed',
};

function keptKeysOf(recorded: Recorded): readonly KeptStory[] {
  const actions = new Map((recorded.plan?.steps ?? []).map(({ id, action }) => [id, action]));
  const stories = new Map<string, KeptStory>();
  for (const { line, step, unit, result } of resultsOf(recorded)) {
    const what = WHAT[actions.get(step) ?? ''];
    const kept = v.safeParse(Kept, result);
    const gone = v.safeParse(Gone, result);
    if (what === undefined || (!kept.success && !gone.success)) continue;
    const key = kept.success ? kept.output.key : gone.success ? gone.output.key : '';
    const known = stories.get(`${unit} ${key}`) ?? NOTHING;
    const told = kept.success ? kept.output : null;
    const extractable = told?.attributes['CKA_EXTRACTABLE'];
    stories.set(`${unit} ${key}`, {
      unit,
      key,
      algorithm: told?.keyAlgorithm ?? known.algorithm,
      use: told?.use ?? known.use,
      checkValue: told?.checkValue ?? known.checkValue,
      events: [
        ...known.events,
        { line, what, store: told?.store ?? null, extractable: typeof extractable === 'boolean' ? extractable : null },
      ],
    });
  }
  return [...stories.values()];
}

const NOTHING = { algorithm: '', use: '', checkValue: null, events: [] } as const;

/** Check values of keys that stay in units. */
export function keptCheckValues(recorded: Recorded, methodOf: (algorithm: string) => string): Cell[][] {
  return keptKeysOf(recorded).flatMap(({ key, unit, checkValue, events }) =>
    checkValue === null
      ? []
      : [
          [
            cell(`Key ${key} in ${unit}`),
            cell(methodOf(checkValue.algorithm)),
            hexCell(checkValue.value),
            cell(`line ${String(events[0]?.line ?? '')}`),
          ],
        ],
  );
}

/** Where each of these keys was made, and whether it was ever outside. */
export function keptKeyRows(recorded: Recorded): Cell[][] {
  return keptKeysOf(recorded).map(({ key, unit, algorithm, use, events }) => {
    const kind = algorithm === '' ? '' : `, ${algorithm}, to ${use}`;
    return [
      cell(`Key ${key} in ${unit}${kind}`),
      cell(...events.map(({ what, line }) => `${what}, line ${String(line)}`)),
      cell(outside(events)),
    ];
  });
}

function outside(events: readonly Event[]): string {
  const wrapped = events.findLast(({ what }) => what === 'wrapped');
  const back = events.findLast(({ what }) => what === 'brought back');
  const last = events.findLast(({ extractable }) => extractable !== null);
  const leaves =
    last?.extractable === false
      ? 'Read back, it never leaves this unit again.'
      : 'Read back, it may still leave this unit, wrapped.';
  if (events.at(-1)?.what === 'destroyed') return 'NO longer in this unit: it was destroyed there and looked for.';
  if (wrapped !== undefined)
    return `NO, but wrapped: its copy in the store ${wrapped.store ?? ''} opens under the master key alone. ${leaves}`;
  if (back !== undefined) return `NO, but wrapped: it came from the store ${back.store ?? ''}. ${leaves}`;
  return `NO. ${leaves}`;
}

/** Rotations, and the master keys that they retired; nothing where there was none. */
export function rotationBlocks(recorded: Recorded): Block[] {
  const rotations = resultsOf(recorded).flatMap(({ line, unit, result }) => {
    const told = v.safeParse(Rotation, result);
    return told.success ? [{ line, unit, ...told.output }] : [];
  });
  const retired = resultsOf(recorded).flatMap(({ line, unit, parameters }) => {
    const told = v.safeParse(Retired, parameters);
    return told.success ? [{ line, unit, pattern: told.output.retires }] : [];
  });
  if (rotations.length + retired.length === 0) return [];
  return [
    heading(3, 'Rotation'),
    paragraph(
      'Every key of a store was unwrapped under the one master key, wrapped under the other, unwrapped again and compared, in the unit. The manifest lists each, by the hashes of both files.',
    ),
    table(
      'Key stores that were rotated',
      [
        ['Store', 22],
        ['From the pattern', 24],
        ['To the pattern', 24],
        ['Keys, manifest', 30],
      ],
      rotations.map(({ store, from, to, keys, name, unit, line }) => [
        cell(store, `on ${unit}, line ${String(line)}`),
        hexCell(from),
        hexCell(to),
        cell(`${String(keys)} keys`, exact(name)),
      ]),
      { rowHeads: true, none: 'No key store was rotated.' },
    ),
    table(
      'Master keys that were destroyed when another took their place',
      [
        ['Unit', 22],
        ['Pattern', 64],
        ['Where', 14],
      ],
      retired.map(({ unit, pattern, line }) => [cell(unit), hexCell(pattern), cell(`line ${String(line)}`)]),
      { rowHeads: true, none: 'No master key was destroyed.' },
    ),
  ];
}
