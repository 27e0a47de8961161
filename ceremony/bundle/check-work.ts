/** What the record of a completed step holds by its action: acts that were done, readings that were taken, and what they show. */
import * as v from 'valibot';
import { canonicalBytes, canonicalJson, type Json } from '../canonical-json';
import { samePattern } from '../check-value';
import { keyPackageFileName, readKeyPackage, wrappedKeyIn, type KeyPackage } from '../keypackage/key-package';
import { waysOf } from '../plan/authentication';
import { sharedKeyOf, insideOneUnit } from '../plan/master-key-scheme';
import type { Step, StepOf } from '../plan/schema';
import type { RosterSoFar } from '../transcript/roster-so-far';
import { sha256Hex } from '../transcript/sha256';
import { AnyObject } from './any-object';
import { BoundedMap } from './bounded-map';
import type { Documents } from './check-opening';
import { Reading } from './check-readings';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { HandedOut, handedOutFaults } from './handed-out';

/** An act as its intent announced it, as far as it counts for what comes after. */
export interface Intent {
  readonly seq: number;
  /** The plan's name of the unit. */
  readonly unit: string | null;
  /** Whether a signed command authorises it. */
  readonly signed: boolean;
  /** The wrapping key that it names, hex SHA-256 of the SPKI; null where it names none. */
  readonly wrappingKey: string | null;
  /** The cloud service that it names, and the ways in which the wrapping key was authenticated; null for none. */
  readonly target: string | null;
  readonly authenticated: readonly string[] | null;
}

/** A set of shares as the act that made it leaves it on record. */
export const ShareSet = v.object({
  set: v.string(),
  scheme: v.string(),
  threshold: v.number(),
  /** Length of the key in bytes; not there where it is 32. */
  bytes: v.exactOptional(v.number()),
  pattern: v.string(),
  shares: v.array(v.object({ index: v.number(), commitment: v.string() })),
});
/** See the schema of the same name. */
export type ShareSet = v.InferOutput<typeof ShareSet>;

/** Whatever else it holds: what looks like an identity made is held to the rules of one. */
export const MadeIdentity = v.object({ id: v.string(), spki: v.string(), state: AnyObject });

/** What of a set the plan fixes. */
type SetShape = Pick<ShareSet, 'scheme' | 'threshold'> & { readonly shares: number; readonly bytes: number };

const MadeSet = v.object({ shareSet: ShareSet });

const MadeInside = v.object({ madeInside: v.object({ key: v.string(), pattern: v.string() }) });

/**
 * The set of shares in the result of an act; null when there is none. A master key that a unit made inside itself counts
 * as a set without shares, by the id of the key.
 */
export function shareSetIn(result: Json): ShareSet | null {
  if (typeof result !== 'object' || result === null) return null;
  if ('madeInside' in result) {
    const inside = v.safeParse(MadeInside, result);
    if (!inside.success) return null;
    const { key, pattern } = inside.output.madeInside;
    return { set: key, scheme: 'in-unit', threshold: 0, pattern, shares: [] };
  }
  if (!('shareSet' in result)) return null;
  const made = v.safeParse(MadeSet, result);
  return made.success ? made.output.shareSet : null;
}

const DIFFERENT = 'the units do not show the same';

/** Digits of a verification pattern; something longer is none, and is kept as none that compares. */
const MAX_PATTERN = 64;
const NO_PATTERN = 'none';

/** An inventory with nothing in it. */
const Emptied = v.object({ objects: v.pipe(v.array(v.unknown()), v.length(0)) });

/** What tells that a PIN was changed, and proven. */
const changed = <P extends string>(pin: P) => v.object({ pin: v.literal(pin), proven: v.literal(true) });
const ChangedPin = { user: changed('user'), 'security-officer': changed('security-officer') };

const Answer = v.object({ asked: v.string() });

/** Ids of sets and people; something longer is none. */
const ShortText = v.pipe(v.string(), v.maxLength(64));

/** What the act `make` tells of its key package. */
const Told = v.object({
  wrapped: v.string(),
  checkValue: v.strictObject({ algorithm: v.string(), value: v.string() }),
});

/** What an act on a key that stays in a unit tells of it. */
const KeyTold = v.object({
  key: ShortText,
  keyAlgorithm: v.optional(ShortText),
  use: v.optional(ShortText),
  checkValue: v.optional(v.object({ algorithm: ShortText, value: ShortText })),
  destroyed: v.optional(v.boolean()),
});
type KeyTold = v.InferOutput<typeof KeyTold>;

const Register = v.object({ status: v.string(), pattern: v.nullable(v.string()) });

/** A reading of a unit as a fact holds it, as far as units are compared. */
const ShownReading = v.object({
  ...Reading.entries,
  registers: v.object({ new: Register, current: Register }),
  state: v.nullable(
    v.object({
      mode: v.string(),
      administrators: v.array(v.object({ id: v.string(), algorithm: v.string(), spki: v.string() })),
      signatureThreshold: v.number(),
      revocationThreshold: v.number(),
    }),
  ),
});

/** What the work of all steps is held against. */
export interface WorkContext {
  readonly documents: Documents;
  /** Ceremony id. */
  readonly ceremony: string;
  readonly contents: Contents;
  readonly roster: RosterSoFar;
  readonly findings: Findings;
}

/** What a reading shows, as far as units are compared: hashes of registers and state (null: the token keeps none). */
interface Shown {
  readonly pattern: string | null;
  readonly registers: string;
  readonly state: string | null;
}

/** What the acts of a step tell of its key package. */
interface PackageTold {
  readonly made: { readonly seq: number; readonly told: v.InferOutput<typeof Told> | null } | null;
  /** Whether the file is what was written. */
  readonly written: boolean;
}

/** Most acts that hand out shares in one step. */
const MOST_HANDED = 1_000;

/** The work of one step as it goes on. Of each act and fact only what the rule of the step's action needs is kept. */
export class StepWork {
  private readonly step: Step;
  private readonly context: WorkContext;
  /** Acts that were done, of those that the step needs. */
  private readonly acts = new Map<string, Intent>();
  private readonly needed: ReadonlySet<string>;
  /** The set that was made; null for none. */
  private made: SetShape | null = null;
  private readonly handed: BoundedMap<HandedOut>;
  private packaged: PackageTold = { made: null, written: false };
  /** The last readings of units in facts of the last attempt. */
  private readonly readings = new Map<string, Shown>();
  private answered = false;
  /** Units whose zeroising left an empty inventory. */
  private readonly emptied = new Set<string>();
  /** What acts on keys that stay in a unit tell of them. */
  private readonly keys = new Map<string, KeyTold>();

  constructor(step: Step, context: WorkContext) {
    this.step = step;
    this.context = context;
    this.needed = new Set(neededActs(step, context));
    this.handed = new BoundedMap('shares handed out', context.findings, MOST_HANDED);
  }

  /** A new attempt begins: facts of the one before count no more. */
  begin(): void {
    this.readings.clear();
    this.answered = false;
  }

  /** An act is announced again: what it did before counts no more. */
  forget(act: string): void {
    this.acts.delete(act);
    this.handed.delete(act);
    this.emptied.delete(unitOf(act));
    this.keys.delete(act);
    if (act === 'set') this.made = null;
    if (act === 'make') this.packaged = { ...this.packaged, made: null };
    if (act === 'write') this.packaged = { ...this.packaged, written: false };
  }

  /** An outcome, or a reconciliation as `applied`, answers an act on line `seq`. */
  done(act: string, seq: number, intent: Intent, result: Json): void {
    if (this.needed.has(act)) this.acts.set(act, intent);
    switch (this.step.action) {
      case 'master-key.generate':
        if (act === 'set') this.made = shapeOf(shareSetIn(result));
        // Without its pattern nothing that is verified afterwards could be held against it.
        if (act.endsWith('/generate') && !v.is(MadeInside, result)) this.acts.delete(act);
        break;
      case 'shares.distribute':
        this.hand(act, seq, result);
        break;
      case 'unit.initialise':
        // An identity that is none in the record would leave the unit without one there.
        if (act.endsWith('/identity') && !v.is(MadeIdentity, result)) this.acts.delete(act);
        break;
      case 'unit.zeroise':
        if (this.needed.has(act) && v.is(Emptied, result)) this.emptied.add(unitOf(act));
        break;
      case 'unit.pin.change':
      case 'unit.pin.unlock':
        // SECURITY(K-240): a token's word that it changed a PIN is none; the login with the new one is.
        if (!v.is(ChangedPin[this.step.action === 'unit.pin.unlock' ? 'user' : this.step.for], result))
          this.acts.delete(act);
        break;
      case 'key.generate':
      case 'key.wrap':
      case 'key.unwrap':
      case 'key.destroy': {
        const told = v.safeParse(KeyTold, result);
        if (this.needed.has(act) && told.success) this.keys.set(act, told.output);
        break;
      }
      case 'key.package':
        if (act === 'make') this.packaged = { ...this.packaged, made: { seq, told: toldIn(result) } };
        if (act === 'write') this.packaged = { ...this.packaged, written: this.isWritten(this.step, result) };
        break;
      default:
        break;
    }
  }

  /** A fact was recorded within the step. */
  fact(fact: string, value: Json, by: readonly string[]): void {
    const { step } = this;
    switch (step.action) {
      case 'master-key.verify':
        if (fact === 'register' && isAbout(value, step.register)) this.read(step.units, value, step.register);
        break;
      case 'unit.compare':
        if (fact === 'unit.compared') this.read(step.units, value, 'new');
        break;
      case 'unit.inventory':
        if (fact === 'inventory') this.read(step.units, value, 'new');
        break;
      case 'fact':
        if (fact === 'answer' && v.is(Answer, value) && value.asked === step.ask && this.isOneOf(by, step.by)) {
          this.answered = true;
        }
        break;
      default:
        break;
    }
  }

  /**
   * What is missing or wrong in the record of the completed step, in words; empty when nothing is.
   *
   * @param set the set that counted when the step was complete
   */
  faults(set: ShareSet | null): readonly string[] {
    const { step } = this;
    switch (step.action) {
      case 'unit.initialise':
        return each(step.units, (unit) =>
          each(['token', 'user-pin', 'identity'], (act) => this.undone(unit, act, false)),
        );
      case 'unit.imprint':
        return each(step.units, (unit) => this.undone(unit, 'thresholds', true));
      case 'unit.thresholds':
        return each(step.units, (unit) => this.undone(unit, 'thresholds', true));
      case 'master-key.clear':
        return each(step.units, (unit) => this.undone(unit, 'clear', true));
      case 'unit.pin.change':
      case 'unit.pin.unlock':
        return each(step.units, (unit) => this.undone(unit, 'pin', false));
      case 'unit.zeroise':
        return each(step.units, (unit) =>
          this.emptied.has(unit)
            ? this.undone(unit, 'zeroise', true)
            : [`no empty inventory of ${unit} shows that it was zeroised`],
        );
      case 'master-key.load':
        return each(step.units, (unit) => this.loaded(unit));
      case 'master-key.commit':
        return each(step.units, (unit) => this.undone(unit, 'commit', true));
      case 'master-key.activate':
        return each(step.units, (unit) => this.undone(unit, 'activate', true));
      case 'master-key.generate': {
        const inside = insideOneUnit(this.context.documents.plan);
        if (inside !== null) return this.undone(inside.unit, 'generate', true);
        return this.isAsPlanned() ? [] : ['no set of shares was made as the plan asks for'];
      }
      case 'shares.distribute':
        return this.distributed(set);
      case 'master-key.verify':
        return this.verified(step.units, set);
      case 'unit.compare':
        return [
          ...this.compared(step.units, ({ registers }) => registers),
          ...this.compared(step.units, ({ state }) => state),
        ];
      case 'unit.inventory':
        return each(step.units, (unit) => (this.readings.has(unit) ? [] : [`no inventory of ${unit}`]));
      case 'master-key.rotate':
        return this.undone(step.unit, 'rotate', false);
      case 'key.generate':
        return this.keyFaults(step.unit, [step.key.name], (told) => {
          const { algorithm, use } = step.key;
          return told.keyAlgorithm === algorithm && told.use === use && told.checkValue !== undefined;
        });
      case 'key.wrap':
      case 'key.unwrap':
        return this.keyFaults(step.unit, step.keys, (told) => told.checkValue !== undefined);
      case 'key.destroy':
        return this.keyFaults(step.unit, step.keys, ({ destroyed }) => destroyed === true);
      case 'key.package':
        return this.packageFaults(step);
      case 'fact':
        return this.answered ? [] : ['no answer of those whom the plan asks is on record'];
      default:
        return [];
    }
  }

  /** As many loads as the set needs; of components each. */
  private loaded(unit: string): readonly string[] {
    const shared = sharedKeyOf(this.context.documents.plan);
    const undone = each(upTo(shareCount(this.context)), (index) => this.undone(unit, `load-${index}`, true));
    const spare = shared === null ? 0 : shared.shares - shared.needed;
    return undone.length <= spare ? [] : undone;
  }

  private isAsPlanned(): boolean {
    const shared = sharedKeyOf(this.context.documents.plan);
    return (
      shared !== null &&
      this.made?.shares === shared.shares &&
      this.made.scheme === shared.scheme &&
      this.made.bytes === shared.bytes &&
      this.made.threshold === shared.needed
    );
  }

  /** An act on a unit: `<unit>/<name>`, done, to that unit, and under a signed command where it takes one. */
  private undone(unit: string, name: string, signed: boolean): readonly string[] {
    const intent = this.acts.get(`${unit}/${name}`);
    const done = intent?.unit === unit && (intent.signed || !signed);
    return done ? [] : [`${unit}/${name} was not done`];
  }

  /** Each key's act is done, on that unit, and tells what became of that key. */
  private keyFaults(unit: string, keys: readonly string[], holds: (told: KeyTold) => boolean): readonly string[] {
    return each(keys, (key) => {
      const told = this.keys.get(`${unit}/${key}`);
      if (told?.key !== key || !holds(told)) return [`the act ${unit}/${key} does not tell what became of the key`];
      return this.undone(unit, key, false);
    });
  }

  private hand(act: string, seq: number, result: Json): void {
    const handed = v.safeParse(HandedOut, result);
    if (handed.success) this.handed.set(act, handed.output, seq);
  }

  /** Every share of the set that counts, and every copy that the plan asks for, was read back, each by somebody else. */
  private distributed(set: ShareSet | null): readonly string[] {
    if (set === null) return ['no set of shares is on record'];
    const { roster, documents } = this.context;
    return handedOutFaults(set, this.handed.values(), documents.plan, roster);
  }

  /** Whether somebody of the people has one of the positions. */
  private isOneOf(people: readonly string[], positions: readonly string[]): boolean {
    return people.some((id) => positions.includes(this.context.roster.positionOf(id) ?? ''));
  }

  /** The last reading of each unit of the step is kept. */
  private read(units: readonly string[], value: Json, register: 'new' | 'current'): void {
    const read = v.safeParse(ShownReading, value);
    if (!read.success || !units.includes(read.output.unit)) return;
    const { unit, registers, state } = read.output;
    const { pattern } = registers[register];
    this.readings.set(unit, {
      pattern: pattern === null || pattern.length <= MAX_PATTERN ? pattern : NO_PATTERN,
      registers: sha256Hex(canonicalBytes(registers)),
      state: state === null ? null : sha256Hex(canonicalBytes(state)),
    });
  }

  /** Every unit was read, and all that show something show the same. */
  private compared(units: readonly string[], show: (reading: Shown) => string | null): readonly string[] {
    const unread = units.filter((unit) => !this.readings.has(unit));
    if (unread.length > 0) return unread.map((unit) => `no reading of ${unit}`);
    // A token that keeps no state shows none.
    const shown = this.shownBy(units, show).filter((one) => one !== null);
    return new Set(shown).size > 1 ? [DIFFERENT] : [];
  }

  /** Every unit was read, and all show one verification pattern: that of the set, where there is one. */
  private verified(units: readonly string[], set: ShareSet | null): readonly string[] {
    const unread = units.filter((unit) => !this.readings.has(unit));
    if (unread.length > 0) return unread.map((unit) => `no reading of ${unit}`);
    const shown = this.shownBy(units, ({ pattern }) => pattern);
    const expected = set?.pattern ?? shown.find((one) => one !== null) ?? null;
    const same = shown.every((one) => one !== null && expected !== null && samePattern(one, expected));
    return same ? [] : [DIFFERENT];
  }

  private shownBy(units: readonly string[], show: (reading: Shown) => string | null): readonly (string | null)[] {
    return units.map((unit) => {
      const reading = this.readings.get(unit);
      return reading === undefined ? null : show(reading);
    });
  }

  private isWritten(step: StepOf<'key.package'>, result: Json): boolean {
    const name = packageName(step);
    const file = this.context.contents.get(name);
    return v.is(v.object({ name: v.literal(name), sha256: v.literal(file?.sha256 ?? '') }), result);
  }

  /** The key package is the one that the act `make` tells of. */
  private packageFaults(step: StepOf<'key.package'>): readonly string[] {
    const { made, written } = this.packaged;
    if (this.acts.get('make')?.unit !== step.unit || !this.acts.has('write')) {
      return ['no key package was made and written'];
    }
    const name = packageName(step);
    if (!written) return [`${name} is not what was written`];
    let found: KeyPackage;
    try {
      found = readKeyPackage(this.context.contents.get(name)?.content ?? new Uint8Array());
    } catch (error) {
      return [`${name}: ${error instanceof Error ? error.message : 'unreadable'}`];
    }
    // SECURITY(K-251): the plan says which checks there must have been before the key was wrapped.
    if (step.target !== undefined && !this.isAuthenticated(step)) {
      return ['the record does not tell that the wrapping key was authenticated as the plan asks for'];
    }
    const holds =
      made?.told?.wrapped === wrappedKeyIn(found) &&
      found.target === (step.target ?? 'ibm-key-protect') &&
      found.purpose.do === step.purpose &&
      made.told.checkValue.algorithm === found.checkValue.algorithm &&
      made.told.checkValue.value === found.checkValue.value &&
      found.ceremony === this.context.ceremony &&
      found.line === made.seq &&
      found.publicKeySha256 === this.acts.get('make')?.wrappingKey;
    return holds ? [] : [`${name} is of another ceremony, line or key than the record tells`];
  }

  private isAuthenticated(step: StepOf<'key.package'>): boolean {
    const made = this.acts.get('make');
    const ways = waysOf(step.authenticate).map(({ by }) => by);
    return made?.target === step.target && canonicalJson(made?.authenticated ?? null) === canonicalJson(ways);
  }
}

function shapeOf(set: ShareSet | null): SetShape | null {
  if (set === null) return null;
  const { scheme, threshold, shares, bytes = 32 } = set;
  return { scheme, threshold, shares: shares.length, bytes };
}

/** The plan's name of the unit that an act is about. */
function unitOf(act: string): string {
  return act.split('/')[0] ?? '';
}

function isAbout(value: Json, register: string): boolean {
  return typeof value === 'object' && value !== null && (value as { register?: Json }).register === register;
}

function toldIn(result: Json): v.InferOutput<typeof Told> | null {
  const told = v.safeParse(Told, result);
  return told.success ? told.output : null;
}

function packageName(step: StepOf<'key.package'>): string {
  return `packages/${keyPackageFileName(step.key.name)}`;
}

/** Keys of the acts that a step needs done. */
function neededActs(step: Step, context: WorkContext): readonly string[] {
  const inside = insideOneUnit(context.documents.plan);
  const onUnits = (units: readonly string[], names: readonly string[]): readonly string[] =>
    each(units, (unit) => names.map((name) => `${unit}/${name}`));
  switch (step.action) {
    case 'unit.initialise':
      return onUnits(step.units, ['token', 'user-pin', 'identity']);
    case 'unit.imprint':
    case 'unit.thresholds':
      return onUnits(step.units, ['thresholds']);
    case 'master-key.clear':
      return onUnits(step.units, ['clear']);
    case 'master-key.generate':
      return inside === null ? [] : onUnits([inside.unit], ['generate']);
    case 'unit.zeroise':
      return onUnits(step.units, ['zeroise']);
    case 'unit.pin.change':
    case 'unit.pin.unlock':
      return onUnits(step.units, ['pin']);
    case 'master-key.load':
      return onUnits(
        step.units,
        upTo(shareCount(context)).map((index) => `load-${index}`),
      );
    case 'master-key.commit':
      return onUnits(step.units, ['commit']);
    case 'master-key.activate':
      return onUnits(step.units, ['activate']);
    case 'master-key.rotate':
      return onUnits([step.unit], ['rotate']);
    case 'key.generate':
      return onUnits([step.unit], [step.key.name]);
    case 'key.wrap':
    case 'key.unwrap':
    case 'key.destroy':
      return onUnits([step.unit], step.keys);
    case 'key.package':
      return ['make', 'write'];
    default:
      return [];
  }
}

function shareCount({ documents }: WorkContext): number {
  return sharedKeyOf(documents.plan)?.shares ?? 0;
}

function each<T>(items: readonly T[], faults: (item: T) => readonly string[]): readonly string[] {
  return items.flatMap(faults);
}

function upTo(count: number): readonly string[] {
  return Array.from({ length: count }, (_, place) => String(place + 1));
}
