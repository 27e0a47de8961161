/**
 * Signed commands: the verifier carries them out on a model of each unit, by the rules that the worker uses, and compares
 * what the transcript says came of them.
 */
import * as v from 'valibot';
import { canonicalBytes, type Json } from '../canonical-json';
import { applyCommand, imprintState, openCommand } from '../command/apply';
import { PAYLOAD_TYPES, spkiSha256, type Envelope } from '../command/dsse';
import { Command, UnitState, commandSha256, stateSha256 } from '../command/unit-state';
import type { Binding } from '../plan/binding-schema';
import { insideOneUnit } from '../plan/master-key-scheme';
import type { Step, StepOf } from '../plan/schema';
import { Base64 } from '../text-forms';
import type { Line, LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import { sha256Hex } from '../transcript/sha256';
import type { RosterSoFar } from '../transcript/roster-so-far';
import { AnyObject } from './any-object';
import { BoundedMap } from './bounded-map';
import type { Documents } from './check-opening';
import { MadeIdentity, shareSetIn, type ShareSet } from './check-work';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import { keysOf } from './roster';
import { openSealed } from './sealed';

/** A command that was announced and is not done. */
interface Begun {
  readonly unit: string;
  readonly before: readonly UnitState[];
  readonly after: readonly UnitState[];
  /** Whether nothing answers it yet. */
  readonly open: boolean;
  /** Id of the master key that it has the unit make inside itself; null for other commands. */
  readonly makes: string | null;
}

/** What the record tells of a unit as it stands at a line. */
export interface UnitOnRecord {
  /** SHA-256 of its identity key; null while no line tells it. */
  readonly identity: string | null;
  /** The states it can be in. */
  readonly states: readonly UnitState[];
  /** False while a command was begun and is not done: its registers can then be between two states. */
  readonly settled: boolean;
}

/** Most commands that were begun and are not done. */
const MOST_BEGUN = 100;

/** Most states that a unit can be in: each act that stayed undetermined adds one. */
const MOST_STATES = 32;

/** Most sets of shares in one ceremony. */
const MOST_SETS = 1_000;

/** Most shares of a set, and longest id, pattern or commitment: what goes beyond is no set of ours, and none to load. */
const SET_LIMITS = { shares: 255, text: 64 } as const;

/** Replays every signed command of the transcript. */
export class CommandCheck implements LineCheck {
  private readonly opening: LineWith<'ceremony.opened'>;
  private readonly roster: RosterSoFar;
  private readonly documents: Documents;
  private readonly binding: () => Binding;
  private readonly findings: Findings;
  /** The states a unit (by the plan's name) can be in: more than one after an act that stayed undetermined. */
  private readonly units = new Map<string, readonly UnitState[]>();
  private readonly identities = new Map<string, string>();
  /** Serials of the tokens whose identity key was made in this ceremony. */
  private readonly serials = new Map<string, string>();
  /** The states in which units with a history were connected. */
  private readonly connected = new Map<string, UnitState>();
  /** By step and act; they stay until they are done, or their step is complete. */
  private readonly begun: BoundedMap<Begun>;
  /** Set and custodian to the one share index this person may load. */
  private readonly shares: BoundedMap<number>;
  /** Sets made in this ceremony, and the set that each unit was last loaded with. */
  private readonly sets: BoundedMap<ShareSet>;
  private readonly loaded = new Map<string, string>();

  /** @param binding the one in force at the line that was taken last; `documents` holds the first */
  constructor(
    opening: LineWith<'ceremony.opened'>,
    roster: RosterSoFar,
    documents: Documents,
    binding: () => Binding,
    findings: Findings,
  ) {
    this.opening = opening;
    this.roster = roster;
    this.documents = documents;
    this.binding = binding;
    this.findings = findings;
    this.begun = new BoundedMap('commands begun and not done', findings, MOST_BEGUN);
    this.shares = new BoundedMap('loads of shares', findings);
    this.sets = new BoundedMap('sets of shares', findings, MOST_SETS);
  }

  take({ line }: GoodLine): void {
    if (line.type === 'fact.recorded' && line.body.fact === 'unit.connected') this.connect(line, line.body.value);
    if (line.type === 'ceremony.resumed' && line.body.session !== undefined) this.takeOver(line);
    if (line.type === 'fact.recorded' && line.body.fact === 'share-set.voided') this.void(line, line.body.value);
    if (line.type === 'step.intent') this.intend(line);
    if (line.type === 'step.outcome' && line.body.act !== null)
      this.settle(line, line.body.act, 'applied', line.body.result);
    if (line.type === 'step.reconciled') this.settle(line, line.body.act, line.body.verdict, line.body.observed);
    if (line.type === 'step.outcome' && line.body.act === null) {
      this.compareWithPlan(line);
      for (const [key] of this.begun) if (key.startsWith(`${line.step ?? ''} `)) this.begun.delete(key);
    }
  }

  end(): void {
    // Said line by line.
  }

  /** A unit, by the plan's name, as it stands at the line that was taken last; null when the plan has none of that name. */
  unit(name: string): UnitOnRecord | null {
    if (!this.isPlanned(name)) return null;
    const begun = [...this.begun.values()].filter(({ unit }) => unit === name);
    return {
      identity: this.identities.get(name) ?? null,
      states: [
        ...(this.units.get(name) ?? this.begunAs(name)),
        ...begun.flatMap(({ open, after }) => (open ? after : [])),
      ],
      settled: begun.length === 0,
    };
  }

  /** Nobody knows who has seen the shares of a set that was given up: it is loaded no more. */
  private void(line: Line, value: Json): void {
    const given = v.safeParse(Voided, value);
    const set = given.success ? this.sets.get(given.output.set) : undefined;
    if (set !== undefined) this.sets.set(set.set, { ...set, shares: [] }, line.seq);
  }

  /** First contact with a unit that has a history: it must be the one that the binding names. */
  private connect(line: Line, value: Json): void {
    const found = v.safeParse(Connected, value);
    if (!found.success) {
      this.wrong(line, 'does not say which unit was connected');
      return;
    }
    const { unit, identity, spki } = found.output;
    const bound = this.documents.binding.units.find(({ id }) => id === unit)?.lastKnown ?? null;
    if (bound?.identity !== identity) this.wrong(line, `${unit} is not the unit that the binding names`);
    const shown = v.safeParse(ShownState, value);
    if (
      !shown.success ||
      stateSha256(shown.output.state) !== bound?.stateSha256 ||
      shown.output.state.counter !== bound.counter
    ) {
      this.wrong(line, `${unit} does not show the state that the binding names`);
    } else this.connected.set(unit, shown.output.state);
    this.know(line, unit, identity, spki);
  }

  /** A unit whose identity key was made in this ceremony begins in imprint mode. */
  private initialise(line: Line, unit: string, identity: string, spki: string): void {
    const step = this.documents.plan.steps.find(({ id }) => id === line.step);
    if (step?.action !== 'unit.initialise' && step?.action !== 'unit.adopt')
      this.wrong(line, 'an identity key was made outside unit.initialise and unit.adopt');
    this.know(line, unit, identity, spki);
    this.units.delete(unit);
  }

  /** A session begins with the units as the commands before it left them. */
  private takeOver(line: Line): void {
    const { units } = this.binding();
    const first = new Map(this.documents.binding.units.map(({ id, lastKnown }) => [id, lastKnown]));
    const bound = new Map(units.map(({ id, lastKnown }) => [id, lastKnown]));
    if (units.length !== first.size || [...first.keys()].some((id) => !bound.has(id))) {
      this.wrong(line, 'the units are not those of the first binding');
    }
    for (const [id, lastKnown] of bound) {
      const identity = this.identities.get(id);
      const before = first.get(id) ?? null;
      const states = this.units.get(id) ?? this.begunAs(id);
      if (identity === undefined) {
        const same = lastKnown?.identity === before?.identity && lastKnown?.stateSha256 === before?.stateSha256;
        if (!same) this.wrong(line, `the binding tells of another history of ${id}`);
      } else if (lastKnown?.identity !== identity) this.wrong(line, `the binding names another unit than ${id}`);
      else if (
        // SECURITY(K-101): what happened to a unit between two sessions shows.
        !states.some((one) => one.counter === lastKnown.counter && stateSha256(one) === lastKnown.stateSha256)
      ) {
        this.wrong(line, `the binding tells of another state of ${id} than its commands led to`);
      }
    }
  }

  /** States of a unit that took no command yet. */
  private begunAs(unit: string): readonly UnitState[] {
    const serial = this.serials.get(unit);
    const identity = this.identities.get(unit);
    if (serial !== undefined && identity !== undefined) return [imprintState(identity, serial)];
    return this.connectedAs(unit);
  }

  private connectedAs(unit: string): readonly UnitState[] {
    const state = this.connected.get(unit);
    return state === undefined ? [] : [state];
  }

  private know(line: Line, unit: string, identity: string, spki: string): void {
    if (!v.is(Base64, spki) || spkiSha256(spki) !== identity)
      this.wrong(line, `the identity of ${unit} is not the SHA-256 of its key`);
    this.identify(line, unit, identity);
  }

  private identify(line: Line, unit: string, identity: string): void {
    if (!this.isPlanned(unit)) return;
    // SECURITY(K-160): what was done to one device is not told of two.
    if ([...this.identities].some(([other, one]) => other !== unit && one === identity))
      this.wrong(line, `${unit} has the identity of another unit`);
    this.identities.set(unit, identity);
  }

  private isPlanned(unit: string): boolean {
    return this.documents.plan.units.some(({ id }) => id === unit);
  }

  private intend(line: LineWith<'step.intent'>): void {
    const { command: sealed, act, unit } = line.body;
    const key = `${line.step ?? ''} ${act}`;
    this.begun.delete(key);
    if (sealed === null) return;
    const opened = openSealed(sealed, PAYLOAD_TYPES.command, Command, this.roster.keys());
    if ('reason' in opened) {
      this.wrong(line, `signed command: ${opened.reason}`);
      return;
    }
    const command = opened.payload;
    if (command.mode !== this.opening.body.mode || command.ceremony !== this.opening.body.ceremony) {
      this.wrong(line, 'signed command: it is of another ceremony or mode');
    }
    if (unit === null || !this.isPlanned(unit)) {
      this.wrong(line, 'signed command: the plan has no such unit');
      return;
    }
    if ((this.identities.get(unit) ?? command.unit) !== command.unit) {
      this.wrong(line, `signed command: ${unit} has another identity`);
    }
    this.identify(line, unit, command.unit);
    this.checkCustodian(line, command, opened.signers);
    this.checkAgainstStep(line, command);
    this.checkAgainstSet(line, unit, command);
    const before = this.units.get(unit) ?? this.firstStates(unit, command);
    const after = this.carryOut(line, before, sealed, command);
    const { payload } = command;
    const makes = payload.command === 'master-key.generate' ? payload.key : null;
    if (after.length > 0) this.begun.set(key, { unit, before, after, open: true, makes }, line.seq);
  }

  private carryOut(line: Line, before: readonly UnitState[], sealed: Envelope, command: Command): readonly UnitState[] {
    const custodians = keysOf(this.roster.entries().filter(({ roles }) => roles.includes('custodian')));
    const after: UnitState[] = [];
    let refusal = 'no state is known that it acts on';
    for (const state of before) {
      // The very command that led to this state, given again after a crash, changes nothing.
      if (state.command === commandSha256(openCommand(sealed))) after.push(state);
      else {
        try {
          after.push(applyCommand(state, sealed, custodians));
        } catch (error) {
          refusal = error instanceof Error ? error.message : refusal;
        }
      }
    }
    if (after.length === 0) this.wrong(line, `signed command ${String(command.counter)}: ${refusal}`);
    return after;
  }

  private settle(line: Line, act: string, verdict: 'applied' | 'not-applied' | 'undetermined', result: Json): void {
    const key = `${line.step ?? ''} ${act}`;
    if (verdict === 'applied') this.learn(line, act, result);
    const begun = this.begun.get(key);
    if (begun?.open !== true) return;
    if (verdict === 'applied') this.begun.delete(key);
    else this.begun.set(key, { ...begun, open: false }, line.seq);
    if (verdict === 'not-applied') return;
    const states = distinct(verdict === 'applied' ? begun.after : [...begun.before, ...begun.after]);
    const told = v.safeParse(v.object({ state: AnyObject }), result);
    if (told.success && !states.some((state) => stateSha256(state) === jsonSha256(told.output.state))) {
      this.wrong(line, `${begun.unit} shows another state than its commands lead to`);
    }
    // SECURITY(K-25): what may have happened does not double with every line that leaves it open.
    if (states.length > MOST_STATES) {
      this.wrong(line, `${begun.unit} may be in more than ${String(MOST_STATES)} states`);
    }
    this.units.set(begun.unit, states.slice(0, MOST_STATES));
  }

  /** What an act that was done made: a set of shares, a unit's identity. */
  private learn(line: Line, act: string, result: Json): void {
    const set = shareSetIn(result);
    // SECURITY(K-242): what counts as the pattern of a key that was made inside a unit is what its own act told.
    if (set?.shares.length === 0 && this.begun.get(`${line.step ?? ''} ${act}`)?.makes !== set.set)
      this.wrong(line, 'it tells of a master key made inside a unit, and its command made another or none');
    if (set !== null && isSensible(set)) this.sets.set(set.set, set, line.seq);
    const made = v.safeParse(MadeIdentity, result);
    if (!made.success) return;
    const { id, spki } = made.output;
    const unit = act.split('/')[0] ?? '';
    this.initialise(line, unit, id, spki);
    const told = v.safeParse(MadeSerial, result);
    if (!this.isPlanned(unit) || !told.success) return;
    const { state } = made.output;
    const { serial } = told.output.state;
    this.serials.set(unit, serial);
    // A first state that is none of a new unit would stand in the record unread.
    if (jsonSha256(state) !== stateSha256(imprintState(id, serial)))
      this.wrong(line, `${unit} does not begin in imprint mode, with nobody in charge`);
  }

  /** Where a unit begins: in imprint mode, or in the state that the binding names from the last bundle. */
  private firstStates(unit: string, command: Command): readonly UnitState[] {
    const bound = this.documents.binding.units.find(({ id }) => id === unit)?.lastKnown ?? null;
    if (bound === null || bound.identity !== command.unit) return [imprintState(command.unit, command.serial)];
    return this.connectedAs(unit);
  }

  /** Nobody loads two different shares of one set. */
  private checkCustodian(line: Line, { payload }: Command, signers: readonly string[]): void {
    if (payload.command !== 'master-key.load') return;
    for (const id of signers) {
      const key = `${payload.set} ${id}`;
      if ((this.shares.get(key) ?? payload.index) !== payload.index) {
        this.wrong(line, `signed command: ${id} loads two different shares of one set`);
      }
      this.shares.set(key, payload.index, line.seq);
    }
  }

  /** Loads name the commitments of the set on record; commit, activate, replace and clear name its pattern. */
  private checkAgainstSet(line: Line, unit: string, { payload }: Command): void {
    if (payload.command === 'master-key.load') {
      const set = this.sets.get(payload.set);
      const share = set?.shares.find(({ index }) => index === payload.index);
      const [of, count] = [payload.of, payload.count ?? payload.of];
      const isOfIt = share?.commitment === payload.commitment && set?.threshold === of && set.shares.length === count;
      if (!isOfIt) {
        this.wrong(line, 'signed command: the share is not one of a set on record');
      }
      this.loaded.set(unit, payload.set);
    }
    if (payload.command === 'master-key.generate') {
      if (insideOneUnit(this.documents.plan)?.unit !== unit) {
        this.wrong(line, `signed command: the plan has no master key made inside ${unit}`);
      }
      this.loaded.set(unit, payload.key);
    }
    // An adopted key is of no set.
    if (!('pattern' in payload) || payload.pattern === null || payload.command === 'master-key.adopt') return;
    const pattern = this.sets.get(this.loaded.get(unit) ?? '')?.pattern;
    if (pattern !== undefined && pattern !== payload.pattern) {
      this.wrong(line, 'signed command: it names another verification pattern than the set loaded');
    }
  }

  /** What the plan fixes of a command: thresholds, and that administrators are people of the roster with their keys. */
  private checkAgainstStep(line: Line, { payload, mode }: Command): void {
    const step = this.documents.plan.steps.find(({ id }) => id === line.step);
    const allowed = step === undefined ? undefined : COMMANDS[step.action];
    if (allowed?.includes(payload.command) !== true) {
      this.wrong(line, `signed command: ${payload.command} has no place in this step`);
    }
    if (payload.command === 'administrator.add') {
      const { id, algorithm, spki } = payload.administrator;
      const key = this.roster.keyOf(id);
      if (key?.spki !== spki || key.algorithm !== algorithm)
        this.wrong(line, `signed command: ${id} has another key on the roster`);
    }
    if (payload.command === 'administrator.add' || payload.command === 'administrator.remove') {
      const { id } = payload.administrator;
      if (isAboutAdministrators(step) && this.roster.positionOf(id) !== step.administrators)
        this.wrong(line, `signed command: ${id} is not of the position that the step names`);
    }
    if (payload.command === 'master-key.adopt' && step?.action === 'master-key.adopt') {
      const { label, id = payload.id } = step.object;
      if (payload.label !== label || payload.id !== id || payload.harden !== (step.harden === true))
        this.wrong(line, 'signed command: it adopts another key than the plan names, or otherwise');
    }
    if (payload.command !== 'thresholds.set') return;
    const { signatureThreshold, revocationThreshold } = payload;
    if (mode === 'production' && Math.min(signatureThreshold, revocationThreshold) < 2) {
      this.wrong(line, 'signed command: production needs thresholds of at least 2');
    }
    if (
      (step?.action === 'unit.imprint' || step?.action === 'unit.thresholds') &&
      (step.signatureThreshold !== signatureThreshold || step.revocationThreshold !== revocationThreshold)
    ) {
      this.wrong(line, "signed command: the thresholds are not the plan's");
    }
  }

  /** A completed step must have left its units as its action says. */
  private compareWithPlan(line: Line): void {
    const step = this.documents.plan.steps.find(({ id }) => id === line.step);
    const reached = step === undefined ? null : this.reached(step);
    if (step === undefined || reached === null) return;
    for (const unit of this.unitsOf(step)) {
      const states = this.units.get(unit) ?? this.begunAs(unit);
      if (states.length === 0 || !states.every(reached)) {
        this.wrong(line, `step ${step.id} is called complete, but no commands led ${unit} there`);
      }
    }
  }

  /** Units that a step works on. A master key that is made inside a unit is made in the one that the plan names. */
  private unitsOf(step: Step): readonly string[] {
    if ('units' in step) return step.units;
    const inside = step.action === 'master-key.generate' ? insideOneUnit(this.documents.plan) : null;
    return inside === null ? [] : [inside.unit];
  }

  /** What a unit's state must be when the step is complete; null where its action says nothing of that. */
  private reached(step: Step): ((state: UnitState) => boolean) | null {
    switch (step.action) {
      case 'unit.administrators.add':
        return ({ administrators }) =>
          administrators.some(({ id }) => this.roster.positionOf(id) === step.administrators);
      case 'unit.administrators.remove':
        return ({ administrators }) =>
          administrators.every(({ id }) => this.roster.positionOf(id) !== step.administrators);
      case 'unit.thresholds':
        return ({ signatureThreshold, revocationThreshold }) =>
          signatureThreshold === step.signatureThreshold && revocationThreshold === step.revocationThreshold;
      default:
        return REACHED[step.action] ?? null;
    }
  }

  private wrong(line: Line, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }
}

const Connected = v.object({ unit: v.string(), identity: v.string(), spki: v.string() });
const Voided = v.object({ set: v.string() });
const ShownState = v.object({ state: UnitState });
const MadeSerial = v.object({ state: v.object({ serial: v.pipe(v.string(), v.maxLength(64)) }) });

/** Commands that have their place in a step of each action. */
const COMMANDS: Readonly<Partial<Record<Step['action'], readonly string[]>>> = {
  'unit.imprint': ['administrator.add', 'thresholds.set'],
  'unit.administrators.add': ['administrator.add'],
  'unit.administrators.remove': ['administrator.remove'],
  'unit.thresholds': ['thresholds.set'],
  'unit.zeroise': ['unit.zeroise'],
  'master-key.generate': ['master-key.generate'],
  'master-key.load': ['master-key.load'],
  'master-key.commit': ['master-key.commit'],
  'master-key.activate': ['master-key.activate', 'master-key.replace'],
  'master-key.clear': ['master-key.clear'],
  'master-key.adopt': ['master-key.adopt'],
};

/** What a unit's state must be when a step of an action is complete, whatever else the step says. */
const REACHED: Readonly<Partial<Record<Step['action'], (state: UnitState) => boolean>>> = {
  'unit.adopt': ({ mode }) => mode === 'imprint',
  'unit.imprint': ({ mode }) => mode === 'operational',
  'unit.zeroise': ({ mode }) => mode === 'zeroised',
  'master-key.generate': ({ registers }) => registers.new === 'full-uncommitted',
  'master-key.load': ({ registers }) => registers.new === 'full-uncommitted',
  'master-key.commit': ({ registers }) => registers.new === 'full-committed',
  'master-key.activate': ({ registers }) => registers.current === 'valid' && registers.new === 'empty',
  'master-key.adopt': ({ registers }) => registers.current === 'valid',
  'master-key.clear': ({ registers, loading }) => registers.new === 'empty' && loading === null,
};

function isAboutAdministrators(
  step: Step | undefined,
): step is StepOf<'unit.administrators.add'> | StepOf<'unit.administrators.remove'> {
  return step?.action === 'unit.administrators.add' || step?.action === 'unit.administrators.remove';
}

function isSensible({ set, scheme, pattern, shares }: ShareSet): boolean {
  if (shares.length > SET_LIMITS.shares) return false;
  return [set, pattern, scheme, ...shares.map(({ commitment }) => commitment)].every(
    (text) => text.length <= SET_LIMITS.text,
  );
}

function jsonSha256(value: Json): string {
  return sha256Hex(canonicalBytes(value));
}

/** States by their hash, each once. */
function distinct(states: readonly UnitState[]): readonly UnitState[] {
  return [...new Map(states.map((state) => [stateSha256(state), state])).values()];
}
