/**
 * What a step that is over leaves for people to compare, to list or to write down, from its lines in the record. Window
 * and terminal show the same. Rules for the words: names are the plan's; whatever a token says of itself is cut and made
 * plain by whoever shows it.
 */
import * as v from 'valibot';
import { spkiSha256 } from '../ceremony/command/dsse';
import type { Plan, Step } from '../ceremony/plan/schema';
import type { Line } from '../ceremony/transcript/line';
import { Sha256Hex } from '../ceremony/text-forms';

/** One thing to compare or to write down. */
export interface ResultValue {
  /** What it belongs to, such as the name of a unit. */
  readonly about: string;
  /** What it is, such as `Identity`. */
  readonly name: string;
  /** `spoken`: 64 hex digits that are read aloud; `hex`: hex digits; `text`: anything else, maybe a token's own words. */
  readonly kind: 'text' | 'hex' | 'spoken';
  readonly value: string;
}

/** An object of an inventory, in words. */
interface ResultObject {
  readonly label: string;
  /** Such as `private key, ec`. */
  readonly what: string;
  /** The attributes that matter, such as `private, sensitive, not extractable; may sign`. */
  readonly attributes: string;
  readonly checkValue: { readonly algorithm: string; readonly value: string } | null;
}

/** Objects of one unit. */
interface ResultInventory {
  /** Name of the unit. */
  readonly unit: string;
  readonly objects: readonly ResultObject[];
}

/** What a step leaves. */
export interface StepResult {
  readonly values: readonly ResultValue[];
  readonly inventories: readonly ResultInventory[];
}

const Token = v.object({ token: v.object({ serial: v.string(), label: v.string() }) });
const Initialised = v.object({ unit: v.string(), identity: v.object({ id: Sha256Hex }), ...Token.entries });
const MadeSet = v.object({ shareSet: v.object({ set: v.string(), pattern: Sha256Hex }) });
const Verified = v.object({ pattern: Sha256Hex, register: v.string(), units: v.array(v.string()) });
const Inside = v.object({ pattern: Sha256Hex, units: v.array(v.string()) });
const CheckValue = v.object({ algorithm: v.string(), value: v.string() });
const Packaged = v.object({
  package: v.object({ name: v.string(), sha256: Sha256Hex }),
  checkValue: CheckValue,
  wrappedIn: v.string(),
});
const Compared = v.object({
  same: v.object({
    mode: v.string(),
    administrators: v.array(v.object({ id: v.string() })),
    signatureThreshold: v.number(),
    revocationThreshold: v.number(),
    new: v.object({ status: v.string() }),
    current: v.object({ status: v.string() }),
  }),
});
const Attribute = v.nullable(v.union([v.boolean(), v.number(), v.string()]));
const Inventory = v.object({
  unit: v.string(),
  objects: v.array(
    v.object({
      class: v.string(),
      keyType: v.nullable(v.string()),
      label: v.string(),
      attributes: v.record(v.string(), Attribute),
      checkValue: v.nullable(CheckValue),
    }),
  ),
});
const AdoptedKeys = v.object({
  keys: v.array(
    v.object({ name: v.string(), object: v.object({ label: v.string(), checkValue: v.nullable(CheckValue) }) }),
  ),
});
type InventoryObject = v.InferOutput<typeof Inventory>['objects'][number];

/**
 * What a step leaves by the record so far. Both lists are empty where nobody has to look at anything.
 *
 * @param lines all lines of the record
 */
export function stepResult(plan: Plan, step: Step, lines: readonly Line[]): StepResult {
  const own = lines.filter((line) => line.step === step.id);
  const nameOf = (unit: string): string => plan.units.find(({ id }) => id === unit)?.name ?? unit;
  switch (step.action) {
    case 'unit.initialise':
      return values(step.units.flatMap((unit) => initialised(own, 'unit.initialised', unit, nameOf(unit))));
    case 'unit.adopt':
      return {
        values: step.units.flatMap((unit) => initialised(own, 'unit.adopted', unit, nameOf(unit))),
        inventories: inventories(own, 'unit.adopted', nameOf),
      };
    case 'vendor.procedure':
      return { values: [], inventories: inventories(own, 'procedure.after', nameOf) };
    case 'master-key.adopt':
      return values(verified(own, [], nameOf));
    case 'key.adopt':
      return values(own.flatMap(adoptedKeys));
    case 'enrol':
      return values(own.flatMap(enrolledKey));
    case 'unit.compare':
      return values(compared(own, step.units.map(nameOf), namesIn(lines)));
    case 'unit.inventory':
      return { values: [], inventories: inventories(own, 'inventory', nameOf) };
    case 'master-key.generate':
      return values([...madeSets(own).slice(-1).flatMap(setValues), ...madeInside(own, nameOf)]);
    case 'shares.distribute':
    case 'shares.reshare':
      return values(madeSets(own).slice(-1).flatMap(setValues));
    case 'master-key.verify':
      return values(verified(own, madeSets(lines), nameOf));
    case 'key.package':
      return values(packaged(own, step.key.name));
    case 'checkpoint':
    case 'pause':
      return values(own.flatMap(signedRoot));
    default:
      return values([]);
  }
}

/** The last set of master-key shares on record, by its id (32 hex digits) and pattern; null before there is one. */
export function lastSet(lines: readonly Line[]): { readonly set: string; readonly pattern: string } | null {
  return madeSets(lines).at(-1) ?? null;
}

function values(found: readonly ResultValue[]): StepResult {
  return { values: found, inventories: [] };
}

function initialised(lines: readonly Line[], fact: string, unit: string, about: string): ResultValue[] {
  const found = factsOf(lines, fact, Initialised).findLast((one) => one.unit === unit);
  if (found === undefined) return [];
  return [
    { about, name: 'Serial', kind: 'text', value: found.token.serial },
    { about, name: 'Label', kind: 'text', value: found.token.label },
    { about, name: 'Identity', kind: 'hex', value: found.identity.id },
  ];
}

function enrolledKey(line: Line): ResultValue[] {
  if (line.type !== 'participant.enrolled') return [];
  const { name, key } = line.body.participant;
  return [{ about: name, name: 'SHA-256 of the key', kind: 'spoken', value: spkiSha256(key.spki) }];
}

function namesIn(lines: readonly Line[]): ReadonlyMap<string, string> {
  const [opened] = lines;
  const roster = opened?.type === 'ceremony.opened' ? opened.body.roster : [];
  const enrolled = lines.flatMap((line) => (line.type === 'participant.enrolled' ? [line.body.participant] : []));
  return new Map([...roster, ...enrolled].map(({ id, name }) => [id, name]));
}

function compared(
  lines: readonly Line[],
  units: readonly string[],
  people: ReadonlyMap<string, string>,
): ResultValue[] {
  const found = outcomeOf(lines, Compared)?.same;
  if (found === undefined) return [];
  const about = `The same in ${units.join(' and ')}`;
  const text = (name: string, value: string): ResultValue => ({ about, name, kind: 'text', value });
  return [
    text('Mode', found.mode),
    text('Administrators', found.administrators.map(({ id }) => people.get(id) ?? id).join(', ') || 'none'),
    text(
      'Thresholds',
      `signature ${String(found.signatureThreshold)}, revocation ${String(found.revocationThreshold)}`,
    ),
    text('Registers', `NEW ${found.new.status}, CURRENT ${found.current.status}`),
  ];
}

interface MadeSet {
  readonly set: string;
  readonly pattern: string;
}

function madeSets(lines: readonly Line[]): MadeSet[] {
  return lines.flatMap((line) => {
    if (line.type !== 'step.outcome') return [];
    const parsed = v.safeParse(MadeSet, line.body.result);
    return parsed.success ? [parsed.output.shareSet] : [];
  });
}

function setValues({ set, pattern }: MadeSet): ResultValue[] {
  return [
    { about: 'The set of shares', name: 'Set id', kind: 'hex', value: set },
    { about: 'The set of shares', name: 'Verification pattern', kind: 'spoken', value: pattern },
  ];
}

/** The pattern of a master key that a unit made inside itself. */
function madeInside(lines: readonly Line[], nameOf: (unit: string) => string): ResultValue[] {
  const found = outcomeOf(lines, Inside);
  if (found === null) return [];
  const about = `The master key made inside ${found.units.map(nameOf).join(' and ')}`;
  return [{ about, name: 'Verification pattern', kind: 'spoken', value: found.pattern }];
}

function verified(lines: readonly Line[], sets: readonly MadeSet[], nameOf: (unit: string) => string): ResultValue[] {
  const found = outcomeOf(lines, Verified);
  if (found === null) return [];
  const { pattern, register, units } = found;
  const ofSet = sets.filter((one) => one.pattern === pattern).map(({ set }) => ` and of set ${set}`);
  const about = `The ${register.toUpperCase()} registers of ${units.map(nameOf).join(' and ')}${ofSet.at(-1) ?? ''}`;
  return [{ about, name: 'Verification pattern', kind: 'spoken', value: pattern }];
}

function packaged(lines: readonly Line[], key: string): ResultValue[] {
  const found = outcomeOf(lines, Packaged);
  if (found === null) return [];
  const about = `Root key ${key}`;
  const { name, sha256 } = found.package;
  return [
    { about, name: 'Check value', kind: 'hex', value: found.checkValue.value },
    { about, name: 'Made with', kind: 'text', value: found.checkValue.algorithm },
    { about, name: 'Wrapped in', kind: 'text', value: found.wrappedIn === 'token' ? 'the token' : 'the share process' },
    { about, name: 'Key package', kind: 'text', value: name },
    { about, name: 'SHA-256 of the package', kind: 'hex', value: sha256 },
  ];
}

function adoptedKeys(line: Line): ResultValue[] {
  const [found] = factsOf([line], 'keys.adopted', AdoptedKeys);
  return (found?.keys ?? []).map(({ name, object }) => ({
    about: `Key ${name}, “${object.label}” on the token`,
    name: 'Check value',
    kind: object.checkValue === null ? 'text' : 'hex',
    value: object.checkValue?.value ?? 'not told by the token',
  }));
}

function signedRoot(line: Line): ResultValue[] {
  if (line.type !== 'checkpoint.made') return [];
  const { number, size, root } = line.body;
  const about = `Checkpoint ${String(number)}`;
  return [
    { about, name: 'Lines', kind: 'text', value: String(size) },
    { about, name: 'Root that was signed', kind: 'spoken', value: root },
  ];
}

function inventories(lines: readonly Line[], fact: string, nameOf: (unit: string) => string): ResultInventory[] {
  const found = new Map(factsOf(lines, fact, Inventory).map((one) => [one.unit, one]));
  return [...found.values()].map(({ unit, objects }) => ({ unit: nameOf(unit), objects: objects.map(inWords) }));
}

function inWords({ label, class: kind, keyType, attributes, checkValue }: InventoryObject): ResultObject {
  const what = keyType === null ? kind.replaceAll('-', ' ') : `${kind.replaceAll('-', ' ')}, ${keyType}`;
  return { label, what, attributes: attributeWords(attributes), checkValue };
}

/** What can become of an object, in words: first where it is and whether it can be read, then what it may do. */
const STANDING: readonly (readonly [string, string, string])[] = [
  ['CKA_TOKEN', '', 'gone with the session'],
  ['CKA_PRIVATE', 'private', 'public'],
  ['CKA_SENSITIVE', 'sensitive', 'not sensitive'],
  ['CKA_EXTRACTABLE', 'extractable', 'not extractable'],
  ['CKA_LOCAL', 'made here', 'brought in'],
  ['CKA_TRUSTED', 'trusted', ''],
  ['CKA_WRAP_WITH_TRUSTED', 'wrapped by trusted keys only', ''],
];
const USES = ['ENCRYPT', 'DECRYPT', 'SIGN', 'VERIFY', 'WRAP', 'UNWRAP', 'DERIVE'] as const;

function attributeWords(attributes: InventoryObject['attributes']): string {
  const standing = STANDING.flatMap(([name, yes, no]) => {
    const found = attributes[name];
    // A module that does not tell may hide just what matters.
    if (found === null) return yes === '' ? [] : [`whether ${yes} is not told`];
    return found === true ? [yes] : found === false ? [no] : [];
  }).filter((word) => word !== '');
  const uses = USES.filter((use) => attributes[`CKA_${use}`] === true).map((use) => use.toLowerCase());
  return [standing.join(', '), uses.length === 0 ? '' : `may ${uses.join(', ')}`]
    .filter((part) => part !== '')
    .join('; ');
}

function factsOf<T extends v.GenericSchema>(lines: readonly Line[], fact: string, schema: T): v.InferOutput<T>[] {
  return lines.flatMap((line) => {
    if (line.type !== 'fact.recorded' || line.body.fact !== fact) return [];
    const parsed = v.safeParse(schema, line.body.value);
    return parsed.success ? [parsed.output] : [];
  });
}

/** Result of the whole step, where it is complete. */
function outcomeOf<T extends v.GenericSchema>(lines: readonly Line[], schema: T): v.InferOutput<T> | null {
  const outcome = lines.findLast((line) => line.type === 'step.outcome' && line.body.act === null);
  if (outcome?.type !== 'step.outcome') return null;
  const parsed = v.safeParse(schema, outcome.body.result);
  return parsed.success ? parsed.output : null;
}
