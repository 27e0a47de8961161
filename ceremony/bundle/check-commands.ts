/**
 * Signed commands: the verifier carries them out on a model of each unit, by the rules that the worker uses, and compares
 * what the transcript says came of them.
 */
import * as v from 'valibot';
import type { Json } from '../canonical-json';
import { applyCommand, imprintState, openCommand } from '../command/apply';
import { PAYLOAD_TYPES, spkiSha256, type Envelope, type SigningKey } from '../command/dsse';
import { Command, UnitState, commandSha256, stateSha256 } from '../command/unit-state';
import type { Step } from '../plan/schema';
import type { Line, LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { Documents } from './check-opening';
import { ShareSet } from './check-work';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import { keysOf } from './roster';
import { openSealed } from './sealed';

/** Replays every signed command of the transcript. */
export function checkCommands(
  opening: LineWith<'ceremony.opened'>,
  lines: readonly GoodLine[],
  documents: Documents,
  findings: Findings,
): void {
  const replay = new Replay(opening, documents, findings);
  for (const { line } of lines) replay.take(line);
}

/** A command that was announced and not answered yet. */
interface Pending {
  readonly unit: string;
  readonly before: readonly UnitState[];
  readonly after: readonly UnitState[];
}

class Replay {
  private readonly opening: LineWith<'ceremony.opened'>;
  private readonly documents: Documents;
  private readonly findings: Findings;
  private readonly keys: ReadonlyMap<string, SigningKey>;
  private readonly custodians: ReadonlyMap<string, SigningKey>;
  /** The states a unit (by the plan's name) can be in: more than one after an act that stayed undetermined. */
  private readonly units = new Map<string, readonly UnitState[]>();
  private readonly identities = new Map<string, string>();
  /** States that the transcript holds, by hash: where a unit with a history begins. */
  private readonly recorded = new Map<string, UnitState>();
  private readonly pending = new Map<string, Pending>();
  /** Set and custodian to the one share index this person may load. */
  private readonly shares = new Map<string, number>();
  /** Sets made in this ceremony, and the set that each unit was last loaded with. */
  private readonly sets = new Map<string, ShareSet>();
  private readonly loaded = new Map<string, string>();

  constructor(opening: LineWith<'ceremony.opened'>, documents: Documents, findings: Findings) {
    this.opening = opening;
    this.documents = documents;
    this.findings = findings;
    this.keys = keysOf(opening.body.roster);
    this.custodians = keysOf(opening.body.roster.filter(({ roles }) => roles.includes('custodian')));
  }

  take(line: Line): void {
    collectStates(line.body as Json, this.recorded);
    if (line.type === 'fact.recorded' && line.body.fact === 'unit.connected') this.connect(line, line.body.value);
    if (line.type === 'step.intent') this.intend(line);
    if (line.type === 'step.outcome' && line.body.act !== null)
      this.settle(line, line.body.act, 'applied', line.body.result);
    if (line.type === 'step.reconciled') this.settle(line, line.body.act, line.body.verdict, line.body.observed);
    if (line.type === 'step.outcome' && line.body.act === null) this.compareWithPlan(line);
  }

  /** First contact with a unit that has a history: it must be the one that the binding names. */
  private connect(line: Line, value: Json): void {
    const found = v.safeParse(v.object({ unit: v.string(), identity: v.string(), spki: v.string() }), value);
    if (!found.success) {
      this.wrong(line, 'does not say which unit was connected');
      return;
    }
    const { unit, identity, spki } = found.output;
    const bound = this.documents.binding.units.find(({ id }) => id === unit)?.lastKnown ?? null;
    if (bound?.identity !== identity) this.wrong(line, `${unit} is not the unit that the binding names`);
    this.know(line, unit, identity, spki);
  }

  /** A unit whose identity key was made in this ceremony begins in imprint mode. */
  private initialise(line: Line, unit: string, identity: string, spki: string): void {
    const step = this.documents.plan.steps.find(({ id }) => id === line.step);
    if (step?.action !== 'unit.initialise') this.wrong(line, 'an identity key was made outside unit.initialise');
    this.know(line, unit, identity, spki);
    this.units.delete(unit);
  }

  private know(line: Line, unit: string, identity: string, spki: string): void {
    if (spkiSha256(spki) !== identity) this.wrong(line, `the identity of ${unit} is not the SHA-256 of its key`);
    this.identities.set(unit, identity);
  }

  private intend(line: LineWith<'step.intent'>): void {
    const { command: sealed, act, unit } = line.body;
    const key = `${line.step ?? ''} ${act}`;
    this.pending.delete(key);
    if (sealed === null) return;
    const opened = openSealed(sealed, PAYLOAD_TYPES.command, Command, this.keys);
    if ('reason' in opened) {
      this.wrong(line, `signed command: ${opened.reason}`);
      return;
    }
    const command = opened.payload;
    if (command.mode !== this.opening.body.mode || command.ceremony !== this.opening.body.ceremony) {
      this.wrong(line, 'signed command: it is of another ceremony or mode');
    }
    if (unit === null || !this.documents.plan.units.some(({ id }) => id === unit)) {
      this.wrong(line, 'signed command: the plan has no such unit');
      return;
    }
    if ((this.identities.get(unit) ?? command.unit) !== command.unit) {
      this.wrong(line, `signed command: ${unit} has another identity`);
    }
    this.identities.set(unit, command.unit);
    this.checkCustodian(line, command, opened.signers);
    this.checkAgainstStep(line, command);
    this.checkAgainstSet(line, unit, command);
    const before = this.units.get(unit) ?? this.firstStates(unit, command);
    const after = this.carryOut(line, before, sealed, command);
    if (after.length > 0) this.pending.set(key, { unit, before, after });
  }

  private carryOut(line: Line, before: readonly UnitState[], sealed: Envelope, command: Command): readonly UnitState[] {
    const after: UnitState[] = [];
    let refusal = 'no state is known that it acts on';
    for (const state of before) {
      // The very command that led to this state, given again after a crash, changes nothing.
      if (state.command === commandSha256(openCommand(sealed))) after.push(state);
      else {
        try {
          after.push(applyCommand(state, sealed, this.custodians));
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
    const made = v.safeParse(MadeIdentity, result);
    const unit = act.split('/')[0] ?? '';
    const set = v.safeParse(v.object({ shareSet: ShareSet }), result);
    if (verdict === 'applied' && set.success) this.sets.set(set.output.shareSet.set, set.output.shareSet);
    if (verdict === 'applied' && made.success) this.initialise(line, unit, made.output.id, made.output.spki);
    const pending = this.pending.get(key);
    if (pending === undefined) return;
    this.pending.delete(key);
    if (verdict === 'not-applied') return;
    const states = verdict === 'applied' ? pending.after : [...pending.before, ...pending.after];
    const told = v.safeParse(v.object({ state: UnitState }), result);
    if (told.success && !states.some((state) => stateSha256(state) === stateSha256(told.output.state))) {
      this.wrong(line, `${pending.unit} shows another state than its commands lead to`);
    }
    this.units.set(pending.unit, states);
  }

  /** Where a unit begins: in imprint mode, or in the state that the binding names from the last bundle. */
  private firstStates(unit: string, command: Command): readonly UnitState[] {
    const bound = this.documents.binding.units.find(({ id }) => id === unit)?.lastKnown ?? null;
    if (bound === null || bound.identity !== command.unit) return [imprintState(command.unit, command.serial)];
    const state = this.recorded.get(bound.stateSha256);
    return state === undefined ? [] : [state];
  }

  /** Nobody loads two different shares of one set. */
  private checkCustodian(line: Line, { payload }: Command, signers: readonly string[]): void {
    if (payload.command !== 'master-key.load') return;
    for (const id of signers) {
      const key = `${payload.set} ${id}`;
      if ((this.shares.get(key) ?? payload.index) !== payload.index) {
        this.wrong(line, `signed command: ${id} loads two different shares of one set`);
      }
      this.shares.set(key, payload.index);
    }
  }

  /** Loads name the commitments of the set on record; commit and activate name its pattern. */
  private checkAgainstSet(line: Line, unit: string, { payload }: Command): void {
    if (payload.command === 'master-key.load') {
      const set = this.sets.get(payload.set);
      const share = set?.shares.find(({ index }) => index === payload.index);
      if (set === undefined || share?.commitment !== payload.commitment || set.shares.length !== payload.of) {
        this.wrong(line, 'signed command: the share is not one of a set on record');
      }
      this.loaded.set(unit, payload.set);
    }
    if (payload.command !== 'master-key.commit' && payload.command !== 'master-key.activate') return;
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
      const key = this.keys.get(id);
      if (key?.spki !== spki || key.algorithm !== algorithm)
        this.wrong(line, `signed command: ${id} has another key on the roster`);
    }
    if (payload.command !== 'thresholds.set') return;
    const { signatureThreshold, revocationThreshold } = payload;
    if (mode === 'production' && Math.min(signatureThreshold, revocationThreshold) < 2) {
      this.wrong(line, 'signed command: production needs thresholds of at least 2');
    }
    if (
      step?.action === 'unit.imprint' &&
      (step.signatureThreshold !== signatureThreshold || step.revocationThreshold !== revocationThreshold)
    ) {
      this.wrong(line, "signed command: the thresholds are not the plan's");
    }
  }

  /** A completed step must have left its units as its action says. */
  private compareWithPlan(line: Line): void {
    const step = this.documents.plan.steps.find(({ id }) => id === line.step);
    const reached = step === undefined ? undefined : REACHED[step.action];
    if (step === undefined || reached === undefined || !('units' in step)) return;
    for (const unit of step.units as readonly string[]) {
      const states = this.units.get(unit) ?? [];
      if (states.length === 0 || !states.every(reached)) {
        this.wrong(line, `step ${step.id} is called complete, but no commands led ${unit} there`);
      }
    }
  }

  private wrong(line: Line, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }
}

const MadeIdentity = v.object({ id: v.string(), spki: v.string(), state: v.object({}) });

/** Commands that have their place in a step of each action. */
const COMMANDS: Readonly<Partial<Record<Step['action'], readonly string[]>>> = {
  'unit.imprint': ['administrator.add', 'thresholds.set'],
  'master-key.load': ['master-key.load'],
  'master-key.commit': ['master-key.commit'],
  'master-key.activate': ['master-key.activate'],
};

/** What a unit's state must be when a step of an action is complete. */
const REACHED: Readonly<Partial<Record<Step['action'], (state: UnitState) => boolean>>> = {
  'unit.imprint': ({ mode }) => mode === 'operational',
  'master-key.load': ({ registers }) => registers.new === 'full-uncommitted',
  'master-key.commit': ({ registers }) => registers.new === 'full-committed',
  'master-key.activate': ({ registers }) => registers.current === 'valid' && registers.new === 'empty',
};

/** Collects every unit state that a body holds. Depth is bounded by the canonical form. */
function collectStates(value: Json, into: Map<string, UnitState>): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && (value as { format?: Json }).format === 'keyrite-unit-state/1') {
    const state = v.safeParse(UnitState, value);
    if (state.success) into.set(stateSha256(state.output), state.output);
  }
  for (const inner of Object.values(value)) collectStates(inner as Json, into);
}
