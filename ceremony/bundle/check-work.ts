/** What the record of a completed step holds by its action: acts that were done, readings that were taken, and what they show. */
import * as v from 'valibot';
import { canonicalJson, type Json } from '../canonical-json';
import { samePattern } from '../check-value';
import { keyPackageFileName, readKeyPackage, type KeyPackage } from '../keypackage/key-package';
import type { Step, StepOf } from '../plan/schema';
import type { LineWith } from '../transcript/line';
import type { Documents } from './check-opening';
import { Reading } from './check-readings';
import type { Contents } from './contents';

/** An act that an outcome, or a reconciliation as `applied`, answers. */
export interface DoneAct {
  readonly seq: number;
  readonly intent: LineWith<'step.intent'>;
  readonly result: Json;
}

/** A set of shares as the act that made it leaves it on record. */
export const ShareSet = v.object({
  set: v.string(),
  pattern: v.string(),
  shares: v.array(v.object({ index: v.number(), commitment: v.string() })),
});
/** See the schema of the same name. */
export type ShareSet = v.InferOutput<typeof ShareSet>;

/** A completed step, as far as it did something. */
export interface Work {
  readonly step: Step;
  readonly acts: ReadonlyMap<string, DoneAct>;
  /** Facts of the last attempt. */
  readonly facts: readonly { readonly fact: string; readonly value: Json }[];
  /** The set that counted when the step was complete. */
  readonly set: ShareSet | null;
}

/** What is missing or wrong in the record of a completed step, in words; empty when nothing is. */
export function workFaults(work: Work, documents: Documents, ceremony: string, contents: Contents): readonly string[] {
  const { step } = work;
  const shares = documents.plan.masterKey?.shares ?? 0;
  switch (step.action) {
    case 'unit.initialise':
      return each(step.units, (unit) =>
        each(['token', 'user-pin', 'identity'], (act) => undone(work, unit, act, false)),
      );
    case 'unit.imprint':
      return each(step.units, (unit) => undone(work, unit, 'thresholds', true));
    case 'master-key.load':
      return each(step.units, (unit) => each(upTo(shares), (index) => undone(work, unit, `load-${index}`, true)));
    case 'master-key.commit':
      return each(step.units, (unit) => undone(work, unit, 'commit', true));
    case 'master-key.activate':
      return each(step.units, (unit) => undone(work, unit, 'activate', true));
    case 'master-key.generate':
      return generated(work, shares);
    case 'shares.distribute':
      return distributed(work, documents);
    case 'master-key.verify':
      return compared(work, 'register', step.units, ({ registers }) => registers[step.register].pattern, work.set);
    case 'unit.compare':
      return [
        ...compared(work, 'unit.compared', step.units, ({ registers }) => canonicalJson(registers), null),
        ...compared(
          work,
          'unit.compared',
          step.units,
          ({ state }) => (state === null ? null : canonicalJson(state)),
          null,
        ),
      ];
    case 'unit.inventory':
      return each(step.units, (unit) =>
        readingOf(work, 'inventory', unit) === null ? [`no inventory of ${unit}`] : [],
      );
    case 'key.package':
      return packaged(work, step, ceremony, contents);
    case 'fact':
      return work.facts.some(
        ({ fact, value }) => fact === 'answer' && v.is(v.object({ asked: v.literal(step.ask) }), value),
      )
        ? []
        : ['no answer is on record'];
    default:
      return [];
  }
}

function each<T>(items: readonly T[], faults: (item: T) => readonly string[]): readonly string[] {
  return items.flatMap(faults);
}

function upTo(count: number): readonly string[] {
  return Array.from({ length: count }, (_, place) => String(place + 1));
}

/** An act on a unit: `<unit>/<name>`, done, to that unit, and under a signed command where it takes one. */
function undone({ acts }: Work, unit: string, name: string, signed: boolean): readonly string[] {
  const intent = acts.get(`${unit}/${name}`)?.intent.body;
  const done = intent?.unit === unit && (intent.command !== null || !signed);
  return done ? [] : [`${unit}/${name} was not done`];
}

function generated({ acts }: Work, shares: number): readonly string[] {
  const made = v.safeParse(v.object({ shareSet: ShareSet }), acts.get('set')?.result);
  return made.success && made.output.shareSet.shares.length === shares ? [] : ['no set of shares was made'];
}

/** Every share of the set that counts was read back, each by another custodian. */
function distributed({ acts, set }: Work, { plan, binding }: Documents): readonly string[] {
  if (set === null) return ['no set of shares is on record'];
  const handed = v.object({
    set: v.literal(set.set),
    index: v.number(),
    custodian: v.string(),
    readBack: v.literal(true),
  });
  const custodians = binding.people
    .filter(({ position }) => position === plan.masterKey?.custodians)
    .map(({ id }) => id);
  const holders = new Map<number, string>();
  for (const { result } of acts.values()) {
    const read = v.safeParse(handed, result);
    if (read.success) holders.set(read.output.index, read.output.custodian);
  }
  const missing = set.shares.filter(({ index }) => !custodians.includes(holders.get(index) ?? ''));
  if (missing.length > 0) return missing.map(({ index }) => `share ${String(index)} was not read back by a custodian`);
  return new Set(holders.values()).size === holders.size ? [] : ['somebody read back two shares'];
}

const Register = v.object({ status: v.string(), pattern: v.nullable(v.string()) });

/** A reading of a unit as a fact holds it, as far as units are compared. */
const Shown = v.object({
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

/** The last reading of a unit in a fact of this kind; null when there is none. */
function readingOf({ facts, step }: Work, kind: string, unit: string): v.InferOutput<typeof Shown> | null {
  const schema =
    step.action === 'master-key.verify' ? v.object({ ...Shown.entries, register: v.literal(step.register) }) : Shown;
  for (const { fact, value } of facts.toReversed()) {
    if (fact !== kind) continue;
    const read = v.safeParse(schema, value);
    if (read.success && read.output.unit === unit) return read.output;
  }
  return null;
}

/** Every unit was read, and all show the same; a verification pattern is that of the set, where there is one. */
function compared(
  work: Work,
  kind: string,
  units: readonly string[],
  show: (reading: v.InferOutput<typeof Shown>) => string | null,
  set: ShareSet | null,
): readonly string[] {
  const readings = units.map((unit) => readingOf(work, kind, unit));
  const unread = units.filter((_, place) => readings[place] === null);
  if (unread.length > 0) return unread.map((unit) => `no reading of ${unit}`);
  const shown = readings.map((one) => (one === null ? null : show(one)));
  const isPattern = work.step.action === 'master-key.verify';
  // A token that keeps no state shows none.
  const expected = set?.pattern ?? shown.find((one) => one !== null) ?? null;
  const differs = shown.some((one) =>
    isPattern ? one === null || expected === null || !samePattern(one, expected) : one !== null && one !== expected,
  );
  return differs ? ['the units do not show the same'] : [];
}

/** The key package is the one that the act `make` tells of. */
function packaged(work: Work, step: StepOf<'key.package'>, ceremony: string, contents: Contents): readonly string[] {
  const [made, written] = [work.acts.get('make'), work.acts.get('write')];
  if (made?.intent.body.unit !== step.unit || written === undefined) return ['no key package was made and written'];
  const name = `packages/${keyPackageFileName(step.key.name)}`;
  const file = contents.get(name);
  if (!v.is(v.object({ name: v.literal(name), sha256: v.literal(file?.sha256 ?? '') }), written.result)) {
    return [`${name} is not what was written`];
  }
  let found: KeyPackage;
  try {
    found = readKeyPackage(file?.content ?? new Uint8Array());
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : 'unreadable'}`];
  }
  const told = v.safeParse(
    v.object({
      wrapped: v.literal(found.fields.payload),
      checkValue: v.strictObject({
        algorithm: v.literal(found.checkValue.algorithm),
        value: v.literal(found.checkValue.value),
      }),
    }),
    made.result,
  );
  const holds = told.success && found.ceremony === ceremony && found.line === made.seq;
  return holds ? [] : [`${name} is of another ceremony, line or key than the record tells`];
}
