/**
 * Adoptions on record: tokens, master keys and keys of others. What they were is told before anything is done, with the
 * origin that the plan declares; what was there stays; and what is made of them is what the plan says.
 */
import * as v from 'valibot';
import type { Json } from '../canonical-json';
import { isZero } from '../check-value';
import { openPayload } from '../command/dsse';
import { LABEL } from '../command/unit-objects';
import type { StepOf } from '../plan/schema';
import type { Line, LineWith } from '../transcript/line';
import { Reading } from './check-readings';
import { MadeIdentity } from './check-work';
import { OURS, ObjectsTold, objectsHash, type StepWatch } from './step-watch';

const Found = v.object({
  unit: v.string(),
  origin: v.string(),
  identity: v.null(),
  challenge: v.null(),
  state: v.null(),
  objects: ObjectsTold,
});
const Adopted = v.object({ ...Reading.entries, origin: v.string(), objects: ObjectsTold });
const IDENTITY_LABELS: readonly string[] = [LABEL.identity, LABEL.state];

interface Adoption {
  /** Hash of the objects that others left; null before they were told. */
  readonly found: string | null;
  readonly begun: boolean;
  readonly made: boolean;
  /** Whether they are there still, beside identity and state, in the last reading of this attempt. */
  readonly kept: boolean;
}

const NOTHING: Adoption = { found: null, begun: false, made: false, kept: false };

/** Watches one step `unit.adopt`. */
export class UnitAdoptionWatch implements StepWatch {
  private readonly step: StepOf<'unit.adopt'>;
  private readonly units = new Map<string, Adoption>();

  constructor(step: StepOf<'unit.adopt'>) {
    this.step = step;
  }

  begin(): void {
    for (const [unit, adoption] of this.units) this.units.set(unit, { ...adoption, kept: false });
  }

  take(line: Line): void {
    if (line.type === 'fact.recorded') this.fact(line);
    const unit = this.step.units.find((id) => 'act' in line.body && line.body.act === `${id}/identity`);
    if (unit === undefined) return;
    if (line.type === 'step.intent') this.change(unit, { begun: line.body.unit === unit, made: false });
    if (line.type === 'step.outcome') this.change(unit, { made: v.is(MadeIdentity, line.body.result) });
    if (line.type === 'step.reconciled' && line.body.verdict === 'applied')
      this.change(unit, { made: v.is(MadeIdentity, line.body.observed) });
  }

  faults(): readonly string[] {
    return this.step.units.flatMap((unit) => {
      const { found, begun, made, kept } = this.of(unit);
      if (found === null) return [`nothing tells what ${unit} was before it was adopted`];
      if (!begun || !made) return [`${unit}/identity was not done`];
      return kept
        ? []
        : [`nothing shows that what others left on ${unit} is there still, and nothing else but identity and state`];
    });
  }

  private fact({ body: { fact, value } }: LineWith<'fact.recorded'>): void {
    if (fact === 'unit.found') {
      const told = v.safeParse(Found, value);
      if (!told.success || told.output.origin !== this.step.origin.trim()) return;
      const { unit, objects } = told.output;
      const isTheirs = !objects.some(({ label }) => label.startsWith(OURS));
      if (isTheirs && !this.of(unit).begun) this.change(unit, { found: objectsHash(objects) });
    }
    if (fact === 'unit.adopted') {
      const told = v.safeParse(Adopted, value);
      if (!told.success) return;
      const { unit, origin, objects } = told.output;
      const rest = objects.filter(({ label }) => !IDENTITY_LABELS.includes(label));
      const kept = origin === this.step.origin.trim() && objectsHash(rest) === this.of(unit).found;
      this.change(unit, { kept: kept && this.of(unit).made });
    }
  }

  private of(unit: string): Adoption {
    return this.units.get(unit) ?? NOTHING;
  }

  private change(unit: string, change: Partial<Adoption>): void {
    if (this.step.units.includes(unit)) this.units.set(unit, { ...this.of(unit), ...change });
  }
}

const KeyFound = v.object({
  unit: v.string(),
  origin: v.string(),
  pattern: v.string(),
  object: v.looseObject({ class: v.literal('secret-key'), label: v.string(), id: v.string() }),
});
const Named = v.object({ payload: v.object({ pattern: v.string(), label: v.string(), id: v.nullable(v.string()) }) });
const Current = v.object({
  ...Reading.entries,
  register: v.literal('current'),
  registers: v.object({ current: v.object({ pattern: v.nullable(v.string()) }) }),
});

interface KeyAdoption {
  readonly found: { readonly pattern: string; readonly id: string } | null;
  readonly begun: boolean;
  readonly done: boolean;
  /** Whether the command names the key that was found. */
  readonly named: boolean;
  /** Pattern in the current register, in the last reading of this attempt. */
  readonly current: string | null;
}

const NO_KEY: KeyAdoption = { found: null, begun: false, done: false, named: false, current: null };

/** Watches one step `master-key.adopt`. What the command may say, and who signs it, is for the commands' own rules. */
export class MasterKeyAdoptionWatch implements StepWatch {
  private readonly step: StepOf<'master-key.adopt'>;
  private readonly units = new Map<string, KeyAdoption>();

  constructor(step: StepOf<'master-key.adopt'>) {
    this.step = step;
  }

  begin(): void {
    for (const [unit, adoption] of this.units) this.units.set(unit, { ...adoption, current: null });
  }

  take(line: Line): void {
    if (line.type === 'fact.recorded') this.fact(line);
    const unit = this.step.units.find((id) => 'act' in line.body && line.body.act === `${id}/adopt`);
    if (unit === undefined) return;
    if (line.type === 'step.intent')
      this.change(unit, { begun: true, done: false, named: line.body.unit === unit && this.names(unit, line) });
    if (line.type === 'step.outcome' || (line.type === 'step.reconciled' && line.body.verdict === 'applied'))
      this.change(unit, { done: true });
  }

  faults(): readonly string[] {
    const patterns = new Set(this.step.units.map((unit) => this.of(unit).found?.pattern));
    const [pattern] = patterns;
    return [
      ...(patterns.size > 1 || pattern === undefined || isZero(pattern) ? ['the units do not show one pattern'] : []),
      ...this.step.units.flatMap((unit) => {
        const { found, done, named, current } = this.of(unit);
        if (found === null) return [`nothing tells what the key on ${unit} was before it was adopted`];
        if (!done || !named) return [`${unit}/adopt was not done to the key that was found`];
        return current === found.pattern ? [] : [`the current register of ${unit} does not show the key`];
      }),
    ];
  }

  private fact({ body: { fact, value } }: LineWith<'fact.recorded'>): void {
    if (fact === 'master-key.found') {
      const told = v.safeParse(KeyFound, value);
      if (!told.success || told.output.origin !== this.step.origin.trim()) return;
      const { unit, pattern, object } = told.output;
      const { label, id } = this.step.object;
      const isWanted = object.label === label && (id === undefined || object.id === id);
      if (isWanted && !this.of(unit).begun) this.change(unit, { found: { pattern, id: object.id } });
    }
    if (fact === 'register' && v.is(Current, value))
      this.change(value.unit, { current: value.registers.current.pattern });
  }

  private names(unit: string, { body }: LineWith<'step.intent'>): boolean {
    const { found } = this.of(unit);
    if (body.command === null || found === null) return false;
    const told = v.safeParse(Named, payloadOf(body.command));
    if (!told.success) return false;
    const { pattern, label, id } = told.output.payload;
    return pattern === found.pattern && label === this.step.object.label && id === found.id;
  }

  private of(unit: string): KeyAdoption {
    return this.units.get(unit) ?? NO_KEY;
  }

  private change(unit: string, change: Partial<KeyAdoption>): void {
    if (this.step.units.includes(unit)) this.units.set(unit, { ...this.of(unit), ...change });
  }
}

function payloadOf(command: Parameters<typeof openPayload>[0]): unknown {
  try {
    return openPayload(command);
  } catch {
    // Told by the rules of commands.
    return null;
  }
}

const Keys = v.object({
  ...Reading.entries,
  origin: v.string(),
  keys: v.array(
    v.object({
      name: v.string(),
      object: v.looseObject({ class: v.string(), label: v.string(), id: v.string() }),
    }),
  ),
});

/** Watches one step `key.adopt`. */
export class KeyAdoptionWatch implements StepWatch {
  private readonly step: StepOf<'key.adopt'>;
  private told = false;

  constructor(step: StepOf<'key.adopt'>) {
    this.step = step;
  }

  begin(): void {
    this.told = false;
  }

  take(line: Line): void {
    if (line.type === 'fact.recorded' && line.body.fact === 'keys.adopted') this.told = this.isWhole(line.body.value);
  }

  faults(): readonly string[] {
    return this.told ? [] : ['nothing tells what the keys are that were adopted, and where they come from by the plan'];
  }

  private isWhole(value: Json): boolean {
    const read = v.safeParse(Keys, value);
    if (!read.success || read.output.unit !== this.step.unit || read.output.origin !== this.step.origin.trim())
      return false;
    const { keys } = read.output;
    return (
      keys.length === this.step.objects.length &&
      this.step.objects.every(({ name, class: kind, label, id }, place) => {
        const key = keys[place];
        const object = key?.object;
        return (
          key?.name === name &&
          object?.class === kind &&
          object.label === label &&
          (id === undefined || object.id === id)
        );
      })
    );
  }
}
