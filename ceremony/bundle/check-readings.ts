/**
 * Readings of units on record: each proves the unit's identity by a signature over a nonce that was never used before,
 * and shows the identity and the state that the commands on record lead to. Modules on record are those of the binding.
 */
import * as v from 'valibot';
import { canonicalBytes, canonicalJson, type Json } from '../canonical-json';
import { SIGNATURE_ALGORITHMS, isValidSignature, spkiSha256 } from '../command/dsse';
import { identityChallenge } from '../command/statements';
import { stateSha256 } from '../command/unit-state';
import { Base64, Sha256Hex } from '../text-forms';
import type { Binding } from '../plan/binding-schema';
import type { Plan } from '../plan/schema';
import type { Line, LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import { sha256Hex } from '../transcript/sha256';
import { AnyObject } from './any-object';
import { BoundedMap } from './bounded-map';
import type { UnitOnRecord } from './check-commands';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';

/** A register as a reading shows it. */
const Register = v.object({ status: v.string(), pattern: v.nullable(v.string()) });

/** A reading of a unit, in a fact or in what was observed of an act, as far as it is held against the record. */
export const Reading = v.object({
  unit: v.string(),
  identity: v.object({ id: Sha256Hex, spki: Base64, algorithm: v.picklist(SIGNATURE_ALGORITHMS) }),
  challenge: v.object({ nonce: Sha256Hex, signature: Base64 }),
  /** Null where the token keeps none. */
  state: v.nullable(AnyObject),
  /** Null where they could not be read. */
  registers: v.nullable(v.object({ new: Register, current: Register })),
});
type Reading = v.InferOutput<typeof Reading>;

/** What a reading belongs to: a fact, or the verdict of a reconciliation. */
type Occasion = 'fact' | LineWith<'step.reconciled'>['body']['verdict'];

/** Checks every reading on record against what the record tells of the unit: another identity or state is a finding. */
export class ReadingCheck implements LineCheck {
  private readonly unit: (name: string) => UnitOnRecord | null;
  private readonly findings: Findings;
  private readonly nonces: BoundedMap<true>;
  /** Units by step and act, of acts without an answer. */
  private readonly acts: BoundedMap<string>;
  /** Whether a unit showed a state in its readings. */
  private readonly keeps = new Map<string, boolean>();

  /** @param unit what the record tells of a unit at the line that was taken last; null when the plan has none of that name */
  constructor(unit: (name: string) => UnitOnRecord | null, findings: Findings) {
    this.unit = unit;
    this.findings = findings;
    this.nonces = new BoundedMap('nonces of readings', findings);
    this.acts = new BoundedMap('acts on units', findings);
  }

  take({ line }: GoodLine): void {
    if (line.type === 'fact.recorded') this.read(line, line.body.value, 'fact');
    if (line.type === 'step.intent') this.announce(line);
    if (line.type === 'step.outcome' && line.body.act !== null) this.acts.delete(keyOf(line, line.body.act));
    if (line.type === 'step.reconciled') {
      const key = keyOf(line, line.body.act);
      const unit = this.acts.get(key) ?? '';
      this.acts.delete(key);
      this.read(line, { ...line.body.observed, unit }, line.body.verdict);
    }
  }

  end(): void {
    // Said line by line.
  }

  private announce(line: LineWith<'step.intent'>): void {
    const key = keyOf(line, line.body.act);
    if (line.body.unit === null) this.acts.delete(key);
    else this.acts.set(key, line.body.unit, line.seq);
  }

  private read(line: Line, value: Json, occasion: Occasion): void {
    if (!isMeantAsReading(value)) return;
    const parsed = v.safeParse(Reading, value);
    if (!parsed.success) {
      this.findings.add(TRANSCRIPT, line.seq, 'holds a reading of a unit that cannot be read');
      return;
    }
    const reading = parsed.output;
    const wrong = (reason: string): void => {
      this.findings.add(TRANSCRIPT, line.seq, `${reading.unit} ${reason}`);
    };
    const { identity, challenge } = reading;
    const proven =
      spkiSha256(identity.spki) === identity.id &&
      isValidSignature(identity, identityChallenge(challenge.nonce), Buffer.from(challenge.signature, 'base64'));
    if (!proven) wrong('did not prove its identity');
    if (this.nonces.has(challenge.nonce)) wrong('proved its identity with a used nonce');
    this.nonces.set(challenge.nonce, true, line.seq);
    const onRecord = this.unit(reading.unit);
    if (onRecord === null) wrong('is no unit of the plan');
    else this.compare(reading, onRecord, occasion, wrong);
  }

  // SECURITY(K-160): what was read is the device that was commanded, in the state that its commands led to.
  private compare(
    { unit, identity, state, registers }: Reading,
    onRecord: UnitOnRecord,
    occasion: Occasion,
    wrong: (reason: string) => void,
  ): void {
    if (onRecord.identity !== identity.id) wrong('was read with another identity than the record tells');
    if ((this.keeps.get(unit) ?? state !== null) !== (state !== null)) wrong('keeps a state in some readings only');
    this.keeps.set(unit, state !== null);
    // What an act left undetermined shows neither the state before it nor the one after it.
    if (occasion === 'undetermined') return;
    const hashes = new Set(onRecord.states.map(stateSha256));
    if (state !== null && !hashes.has(sha256Hex(canonicalBytes(state)))) {
      wrong('was read in another state than its commands lead to');
    }
    const [only] = onRecord.states;
    if (registers === null || only === undefined || hashes.size > 1 || !onRecord.settled || occasion !== 'fact') return;
    const same = registers.new.status === only.registers.new && registers.current.status === only.registers.current;
    if (!same) wrong('was read with other registers than its state has');
  }
}

function keyOf({ step }: Line, act: string): string {
  return `${step ?? ''} ${act}`;
}

/** Whether a value holds what only a reading does. Where there is no identity yet, both are null. */
function isMeantAsReading(value: Json): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { challenge, identity } = value as { readonly challenge?: Json; readonly identity?: Json };
  return challenge !== undefined && identity !== undefined && (challenge !== null || identity !== null);
}

const FoundModule = v.object({
  module: v.string(),
  sha256: v.string(),
  environment: v.optional(v.array(AnyObject)),
  files: v.optional(v.array(AnyObject)),
  links: v.optional(v.array(AnyObject)),
});
const SETTINGS = ['environment', 'files', 'links'] as const;

/** Checks that each module on record is one of the session's binding, with the hash that people approved. */
export class ModuleCheck implements LineCheck {
  private readonly preflights: ReadonlySet<string>;
  private readonly binding: () => Binding;
  private readonly findings: Findings;
  /** What the present attempt of a pre-flight told of: modules by id, and the workstation. */
  private told = new Set<string>();

  /** @param binding the one in force at the line that was taken last */
  constructor(plan: Plan, binding: () => Binding, findings: Findings) {
    this.preflights = new Set(plan.steps.filter(({ action }) => action === 'preflight').map(({ id }) => id));
    this.binding = binding;
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    if (line.type === 'step.started') this.told = new Set();
    if (line.type === 'step.outcome' && line.body.act === null && this.preflights.has(line.step ?? '')) {
      this.complete(line.seq);
    }
    if (line.type !== 'fact.recorded') return;
    if (line.body.fact === 'workstation') this.told.add(WORKSTATION);
    if (line.body.fact === 'module') this.found(line);
  }

  end(): void {
    // Said line by line.
  }

  private complete(seq: number): void {
    // SECURITY(K-198): which module and which machine it was is never left out.
    const missing = [WORKSTATION, ...this.binding().modules.map(({ id }) => id)].filter((id) => !this.told.has(id));
    for (const id of missing) {
      const what = id === WORKSTATION ? 'the workstation' : `module ${id}`;
      this.findings.add(TRANSCRIPT, seq, `the pre-flight does not tell of ${what}`);
    }
  }

  private found(line: LineWith<'fact.recorded'>): void {
    const parsed = v.safeParse(FoundModule, line.body.value);
    const bound = parsed.success ? this.binding().modules.find(({ id }) => id === parsed.output.module) : undefined;
    if (!parsed.success || bound === undefined || bound.sha256 !== parsed.output.sha256) {
      this.findings.add(TRANSCRIPT, line.seq, 'the module is not one that the binding names by hash');
      return;
    }
    this.told.add(bound.id);
    const told = parsed.output;
    const other = SETTINGS.find(
      (name) => told[name] !== undefined && canonicalJson(told[name]) !== canonicalJson(bound[name]),
    );
    if (other !== undefined)
      this.findings.add(TRANSCRIPT, line.seq, `the module has other ${other} than the binding says`);
  }
}

/** No module's id: ids have no blanks. */
const WORKSTATION = 'the workstation';
