/**
 * Keys wrapped under master keys: what was wrapped into a key store, what a rotation wrapped anew, and that no master key is
 * destroyed while a key of a store is wrapped under it alone.
 */
import * as v from 'valibot';
import type { Json } from '../canonical-json';
import { openPayload } from '../command/dsse';
import { Command } from '../command/unit-state';
import type { Plan, Step, StepOf } from '../plan/schema';
import { Id, Sha256Hex } from '../text-forms';
import type { Line, LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import { sha256Hex } from '../transcript/sha256';
import { BoundedMap } from './bounded-map';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Register = v.object({ status: v.string(), pattern: v.nullable(Sha256Hex) });
const Shown = v.object({ unit: Id, registers: v.object({ new: Register, current: Register }) });
type Registers = v.InferOutput<typeof Shown>['registers'];

const Wrapped = v.object({ key: Id, store: Id, masterKey: Sha256Hex, sha256: Sha256Hex });
const Began = v.object({ store: Id, from: Sha256Hex, to: Sha256Hex, keys: Count, inventory: Sha256Hex });
type Began = v.InferOutput<typeof Began>;
const Rotated = v.object({
  store: Id,
  from: Sha256Hex,
  to: Sha256Hex,
  keys: Count,
  name: v.string(),
  sha256: Sha256Hex,
});
type Rotated = v.InferOutput<typeof Rotated>;

/** A line of a manifest, in its one form. */
const MANIFEST_LINE =
  /^\{"checkValue":\{"algorithm":"(?:aes-cmac","value":"(?!0{10})[0-9a-f]{10}|spki-sha256","value":"[0-9a-f]{64})"\},"name":"([a-z0-9][a-z0-9-]{0,62})","new":"([0-9a-f]{64})","old":"([0-9a-f]{64})"\}$/;

/** Most keys that one ceremony wraps, and most rotations. */
const MOST_WRAPPED = 100_000;
const MOST_ROTATIONS = 1_000;

/** Follows wrapped keys through the record. */
export class RotationCheck implements LineCheck {
  private readonly plan: Plan;
  private readonly contents: Contents;
  private readonly findings: Findings;
  private readonly steps: ReadonlyMap<string, Step>;
  /** The last reading of each unit's registers in a fact of the attempt that is under way. */
  private readonly shown = new Map<string, Registers>();
  /** SHA-256 of files that were written, by store, master key and key. */
  private readonly wrapped: BoundedMap<string>;
  /** Rotations that were announced and are not answered, by step. */
  private readonly begun = new Map<string, Began>();
  /** Rotations that are done, by store and the master key before. */
  private readonly rotated: BoundedMap<Rotated>;

  constructor(plan: Plan, contents: Contents, findings: Findings) {
    this.plan = plan;
    this.contents = contents;
    this.findings = findings;
    this.steps = new Map(plan.steps.map((step) => [step.id, step]));
    this.wrapped = new BoundedMap('wrapped keys', findings, MOST_WRAPPED);
    this.rotated = new BoundedMap('rotations', findings, MOST_ROTATIONS);
  }

  take({ line }: GoodLine): void {
    const step = this.steps.get(line.step ?? '');
    if (step === undefined) return;
    switch (line.type) {
      case 'step.started':
        this.shown.clear();
        return;
      case 'fact.recorded':
        if (line.body.fact === 'register') this.show(line.body.value);
        return;
      case 'step.intent':
        if (step.action === 'master-key.rotate') this.begin(line, step);
        if (line.body.command !== null) this.replace(line);
        return;
      case 'step.outcome':
        if (line.body.act !== null) this.done(line, step, line.body.act, line.body.result);
        return;
      case 'step.reconciled':
        if (line.body.verdict === 'applied') this.done(line, step, line.body.act, line.body.observed);
        return;
      default:
    }
  }

  end(): void {
    // Said line by line.
  }

  private show(value: Json): void {
    const shown = v.safeParse(Shown, value);
    if (shown.success && this.plan.units.some(({ id }) => id === shown.output.unit))
      this.shown.set(shown.output.unit, shown.output.registers);
  }

  private done(line: Line, step: Step, act: string, result: Json): void {
    if (step.action === 'key.wrap' || step.action === 'key.unwrap') this.wrap(line, step, result);
    if (step.action === 'master-key.rotate' && act === `${step.unit}/rotate`) this.finish(line, step, result);
  }

  /** A key was wrapped into a store, or brought back from it: under the unit's current master key. */
  private wrap(line: Line, step: StepOf<'key.wrap'> | StepOf<'key.unwrap'>, result: Json): void {
    const told = v.safeParse(Wrapped, result);
    if (!told.success) {
      this.wrong(line, 'does not tell which key, of which store, under which master key');
      return;
    }
    const { key, store, masterKey, sha256 } = told.output;
    if (store !== step.store) this.wrong(line, 'the key store is not that of the step');
    if (!isShown(this.shown.get(step.unit)?.current, 'valid', masterKey))
      this.wrong(line, `${step.unit} was not read with this master key in its current register`);
    const place = `${store} ${masterKey} ${key}`;
    const known = this.wrapped.get(place);
    if (step.action === 'key.unwrap') {
      if (known !== undefined && known !== sha256) this.wrong(line, `${key} is not what was wrapped into ${store}`);
      return;
    }
    // SECURITY(K-231): it would be lost with the master key.
    if (this.rotated.get(`${store} ${masterKey}`) !== undefined)
      this.wrong(line, `${key} was wrapped under a master key from which ${store} was rotated before`);
    this.wrapped.set(place, sha256, line.seq);
  }

  private begin(line: LineWith<'step.intent'>, step: StepOf<'master-key.rotate'>): void {
    if (line.body.act !== `${step.unit}/rotate`) return;
    this.begun.delete(step.id);
    const told = v.safeParse(Began, line.body.parameters);
    if (!told.success) {
      this.wrong(line, 'does not tell which keys are wrapped anew');
      return;
    }
    const { store, from, to } = told.output;
    if (store !== step.store) this.wrong(line, 'the key store is not that of the step');
    const registers = this.shown.get(step.unit);
    if (from === to || !isShown(registers?.current, 'valid', from) || !isShown(registers?.new, 'full-committed', to))
      this.wrong(line, `${step.unit} was not read with these master keys in its registers`);
    this.begun.set(step.id, told.output);
  }

  private finish(line: Line, step: StepOf<'master-key.rotate'>, result: Json): void {
    const began = this.begun.get(step.id);
    const told = v.safeParse(Rotated, result);
    if (began === undefined || !told.success) {
      this.wrong(line, 'does not tell what was wrapped anew');
      return;
    }
    const { store, from, to, keys, name, sha256 } = told.output;
    const isAsAnnounced = store === began.store && from === began.from && to === began.to && keys === began.keys;
    if (!isAsAnnounced) this.wrong(line, 'the rotation is another than was announced');
    const file = this.contents.get(name);
    if (name !== `attachments/${step.id}.rotation.jsonl` || file?.sha256 !== sha256) {
      this.wrong(line, 'the manifest of the rotation is not there');
      return;
    }
    this.checkManifest(line, began, Buffer.from(file.content ?? []).toString('utf8'));
    this.rotated.set(`${store} ${from}`, told.output, line.seq);
  }

  /** Every key that was there, once, by name; and every key that this ceremony wrapped among them. */
  private checkManifest(line: Line, { store, from, keys, inventory }: Began, text: string): void {
    const old = new Map<string, string>();
    const lines = text.split('\n');
    if (lines.pop() !== '') this.wrong(line, 'the manifest does not end with its last line');
    let last = '';
    for (const one of lines) {
      const [, name = '', anew = '', before = ''] = MANIFEST_LINE.exec(one) ?? [];
      if (name <= last || anew === before) {
        this.wrong(line, `the manifest has no line of a key after ${last === '' ? 'its beginning' : last}`);
        return;
      }
      last = name;
      old.set(name, before);
    }
    if (old.size !== keys || keys === 0) this.wrong(line, `the manifest has ${String(old.size)} keys`);
    const listed = [...old].map(([name, sha256]) => `${sha256}  ${name}.wrappedkey.json\n`).join('');
    if (sha256Hex(Buffer.from(listed)) !== inventory)
      this.wrong(line, 'the manifest is of other keys than were announced');
    for (const [place, sha256] of this.wrapped) {
      const [of, masterKey, key = ''] = place.split(' ');
      if (of === store && masterKey === from && old.get(key) !== sha256)
        this.wrong(line, `the manifest lacks ${key}, which was wrapped in this ceremony`);
    }
  }

  /** A master key goes only when every store of the plan was rotated from it to the one that takes its place. */
  private replace(line: LineWith<'step.intent'>): void {
    const payload = replacing(line);
    if (payload === null) return;
    const { pattern, retires, stores } = payload;
    const registers = this.shown.get(line.body.unit ?? '');
    if (!isShown(registers?.current, 'valid', retires) || !isShown(registers?.new, 'full-committed', pattern))
      this.wrong(line, 'signed command: the unit was not read with these master keys in its registers');
    const planned = this.plan.keyStores?.map(({ id }) => id);
    if (planned === undefined || stores.map(({ store }) => store).join(' ') !== planned.join(' '))
      this.wrong(line, 'signed command: it does not name the key stores of the plan');
    for (const { store, manifest, keys } of stores) {
      const done = this.rotated.get(`${store} ${retires}`);
      // SECURITY(K-231): what was not wrapped anew is lost with the key that goes.
      if (done?.to !== pattern || done.sha256 !== manifest || done.keys !== keys)
        this.wrong(line, `signed command: no such rotation of ${store} is on record`);
    }
  }

  private wrong(line: Line, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }
}

type Replace = Extract<v.InferOutput<typeof Command>['payload'], { command: 'master-key.replace' }>;

/** The command that an intent announces, if it replaces a master key; whether it is signed is judged elsewhere. */
function replacing(line: LineWith<'step.intent'>): Replace | null {
  if (line.body.command === null) return null;
  try {
    const { payload } = v.parse(Command, openPayload(line.body.command));
    return payload.command === 'master-key.replace' ? payload : null;
  } catch {
    return null;
  }
}

function isShown(register: Registers['new'] | undefined, status: string, pattern: string): boolean {
  return register?.status === status && register.pattern === pattern;
}
