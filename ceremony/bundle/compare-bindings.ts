/**
 * In what two ceremonies were bound otherwise, over all their sessions: people and keys by position, modules, units,
 * parameters and media.
 */
import { spkiSha256 } from '../command/dsse';
import type { Binding } from '../plan/binding-schema';
import type { CeremonyStory } from './ceremony-story';

/** Something that is not the same in both. */
export interface BindingDifference {
  readonly what: 'person' | 'key' | 'module' | 'unit' | 'wrapping-parameters' | 'medium' | 'key-store' | 'program';
  /** The plan's or binding's name: of the position for people, of the person for keys. */
  readonly name: string;
  /** What stands for it, in words; null where it has none. */
  readonly a: string | null;
  readonly b: string | null;
}

const ORDER: readonly BindingDifference['what'][] = [
  'person',
  'key',
  'module',
  'unit',
  'wrapping-parameters',
  'medium',
  'key-store',
  'program',
];

type Row = readonly [BindingDifference['what'], string, string];

/** What bindings are compared by. */
export type Bound = Pick<CeremonyStory, 'bindings' | 'parameters' | 'units' | 'app'>;

/** Every difference, in the order of {@link BindingDifference.what}. */
export function bindingDifferences(a: Bound, b: Bound): readonly BindingDifference[] {
  const [left, right] = [tableOf(a), tableOf(b)];
  const differences = [...new Set([...left.keys(), ...right.keys()])].flatMap((key) => {
    const [rowA, rowB] = [left.get(key), right.get(key)];
    const row = rowA ?? rowB;
    if (row === undefined || rowA?.[2] === rowB?.[2]) return [];
    return [{ what: row[0], name: row[1], a: rowA?.[2] ?? null, b: rowB?.[2] ?? null }];
  });
  return differences.sort((one, other) => ORDER.indexOf(one.what) - ORDER.indexOf(other.what));
}

/** Rows of all sessions; where a later one says something else, its words stand behind those of the first. */
function tableOf(story: Bound): ReadonlyMap<string, Row> {
  const table = new Map<string, Row>();
  for (const [place, binding] of story.bindings.entries()) {
    for (const row of rowsOf(story, binding)) {
      const key = `${row[0]} ${row[1]}`;
      const before = table.get(key);
      const later = place === 0 ? row[2] : `from session ${String(place + 1)}: ${row[2]}`;
      if (before === undefined) table.set(key, [row[0], row[1], later]);
      else if (!endsWith(before[2], row[2])) table.set(key, [row[0], row[1], `${before[2]}; ${later}`]);
    }
  }
  return table;
}

/** Whether what was said last is the same. */
function endsWith(before: string, words: string): boolean {
  return before === words || before.endsWith(`: ${words}`);
}

function rowsOf(story: Bound, binding: Binding): readonly Row[] {
  const { units, app, parameters } = story;
  const positions = [...new Set(binding.people.map(({ position }) => position))];
  return [
    ...positions.map((position): Row => ['person', position, peopleIn(binding, position)]),
    ...binding.people.map(({ id, key }): Row => [
      'key',
      id,
      `${key.algorithm} ${spkiSha256(key.spki)}, held in a ${key.holder}`,
    ]),
    ...binding.modules.map(({ id, path, sha256 }): Row => ['module', id, `${path}, SHA-256 ${sha256}`]),
    ...binding.units.map(({ id, module, address, lastKnown }): Row => {
      const { serial: seenSerial = null, identity: seenIdentity = null, firmware = null } = units.get(id) ?? {};
      const serial = seenSerial ?? address.serial;
      const identity = seenIdentity ?? lastKnown?.identity;
      const words = [
        `module ${module}`,
        ...(serial === undefined ? [] : [`serial ${serial}`]),
        ...(identity === undefined ? [] : [`identity ${identity}`]),
        ...(firmware === null ? [] : [`firmware ${firmware}`]),
      ];
      return ['unit', id, words.join(', ')];
    }),
    // The file is what counts, wherever it lay; the record has its hash once it was taken.
    ...binding.wrappingParameters.map(({ id, file }): Row => {
      const taken = parameters.get(id);
      return ['wrapping-parameters', id, taken === undefined ? file : `SHA-256 ${taken.join(', then ')}`];
    }),
    ...binding.media.map(({ id, path }): Row => ['medium', id, path]),
    ...(binding.keyStores ?? []).map(({ id, path }): Row => ['key-store', id, path]),
    ['program', app.name, `${app.version}, SHA-256 ${app.sha256}, ${app.runtime}`],
  ];
}

function peopleIn(binding: Binding, position: string): string {
  return binding.people
    .filter((one) => one.position === position)
    .map(({ id, name }) => `${name} (${id})`)
    .join(', ');
}
