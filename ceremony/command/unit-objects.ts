/**
 * The objects that belong on a unit by its state, and what an inventory shows otherwise: what is missing, there twice, not
 * as it was made, or nobody's. Pure, for the engine that tells people and for whoever reads a record later.
 */
import { onOneLine } from '../on-one-line';
import type { UnitState } from './unit-state';

/** Labels of our objects (docs/architecture.md). The register a master key is in is its label. */
export const LABEL = {
  identity: 'keyrite:identity',
  state: 'keyrite:state',
  uncommitted: 'keyrite:mk:uncommitted',
  committed: 'keyrite:mk:committed',
  current: 'keyrite:mk:current',
  /** The current key while a rotation puts another in its place: it is there for as long as one command takes. */
  retiring: 'keyrite:mk:retiring',
} as const;

/** An object as an inventory shows it. */
export interface ObjectSeen {
  readonly class: string;
  readonly label: string;
  /** CKA_ID in hex; empty for data. */
  readonly id: string;
  /** Null where the token does not tell. */
  readonly attributes: Readonly<Record<string, boolean | number | string | null>>;
}

/** An object that is known to be there beside ours, by class and label. */
export interface KnownObject {
  readonly class: string;
  readonly label: string;
}

/** One way in which an inventory is not what the state of the unit, and the plan, say. */
export interface ObjectDifference {
  readonly what: 'missing' | 'duplicate' | 'otherwise' | 'unexpected';
  readonly class: string;
  readonly label: string;
  /** What is so, in words. */
  readonly found: string;
}

interface Expected extends KnownObject {
  /** Attributes that it was made with; what matters of them. */
  readonly asked: Readonly<Record<string, boolean>>;
}

const KEPT = { CKA_SENSITIVE: true, CKA_EXTRACTABLE: false };
const IDENTITY: readonly Expected[] = [
  {
    class: 'private-key',
    label: LABEL.identity,
    asked: { ...KEPT, CKA_SIGN: true, CKA_DECRYPT: false, CKA_UNWRAP: false, CKA_DERIVE: false },
  },
  { class: 'public-key', label: LABEL.identity, asked: { CKA_VERIFY: true, CKA_WRAP: false } },
];
const MASTER_KEY = { ...KEPT, CKA_WRAP: true, CKA_UNWRAP: true, CKA_SIGN: true, CKA_DECRYPT: false, CKA_DERIVE: false };

/**
 * How an inventory differs from what belongs on the unit; empty where it does not.
 *
 * @param keepsState whether the token keeps data objects
 * @param also objects of others that are known to be there
 */
export function objectDifferences(
  objects: readonly ObjectSeen[],
  state: UnitState,
  keepsState: boolean,
  also: readonly KnownObject[] = [],
): readonly ObjectDifference[] {
  const expected = expectedOn(state, keepsState);
  const known = [...expected, ...also];
  return [
    ...known.flatMap((one) => missing(one, objects)),
    ...expected.flatMap((one) => notAsAsked(one, objects)),
    ...objects.flatMap((one) => (known.some((other) => isSame(one, other)) ? [] : [unexpected(one)])),
  ];
}

function expectedOn({ mode, registers }: UnitState, keepsState: boolean): readonly Expected[] {
  if (mode === 'zeroised') return [];
  const masterKey = (label: string): Expected => ({ class: 'secret-key', label, asked: MASTER_KEY });
  return [
    ...IDENTITY,
    ...(keepsState ? [{ class: 'data', label: LABEL.state, asked: {} }] : []),
    ...(registers.new === 'full-uncommitted' ? [masterKey(LABEL.uncommitted)] : []),
    ...(registers.new === 'full-committed' ? [masterKey(LABEL.committed)] : []),
    ...(registers.current === 'valid' ? [masterKey(LABEL.current)] : []),
  ];
}

function missing(one: KnownObject, objects: readonly ObjectSeen[]): ObjectDifference[] {
  const count = objects.filter((other) => isSame(one, other)).length;
  if (count === 1) return [];
  const { class: kind, label } = one;
  return count === 0
    ? [{ what: 'missing', class: kind, label, found: `there is no ${inWords(one)}` }]
    : [{ what: 'duplicate', class: kind, label, found: `there are ${String(count)} of ${inWords(one)}` }];
}

function notAsAsked({ class: kind, label, asked }: Expected, objects: readonly ObjectSeen[]): ObjectDifference[] {
  return objects
    .filter((one) => isSame(one, { class: kind, label }))
    .flatMap((one) => {
      const wrong = Object.entries(asked).filter(([name, value]) => (one.attributes[name] ?? null) !== value);
      if (wrong.length === 0) return [];
      const told = wrong.map(([name]) => `${name} ${String(one.attributes[name] ?? 'not told')}`).join(', ');
      return [{ what: 'otherwise', class: kind, label, found: `${inWords(one)} has ${told}` } as const];
    });
}

function unexpected(one: ObjectSeen): ObjectDifference {
  const id = one.id === '' ? '' : `, id ${one.id}`;
  const { class: kind, label } = one;
  return { what: 'unexpected', class: kind, label, found: `nobody expects the ${inWords(one)}${id}` };
}

function isSame(one: KnownObject, other: KnownObject): boolean {
  return one.class === other.class && one.label === other.label;
}

function inWords({ class: kind, label }: KnownObject): string {
  return `${kind.replaceAll('-', ' ')} “${onOneLine(label)}”`;
}
