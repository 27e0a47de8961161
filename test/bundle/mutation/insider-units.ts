/** The units as a forger's signed commands lead them, and readings that their invented identity keys sign. */
import { sign } from 'node:crypto';
import type { Json, JsonObject } from '../../../ceremony/canonical-json';
import { applyCommand, imprintState } from '../../../ceremony/command/apply';
import type { Envelope, SigningKey } from '../../../ceremony/command/dsse';
import { identityChallenge } from '../../../ceremony/command/statements';
import { stateSha256, type UnitState } from '../../../ceremony/command/unit-state';
import { sha256 } from './bundle-files';
import { said, type Forgery, type LooseLine } from './forgery';
import { inventedKey, withInventedAdministrators } from './invented-people';

/** See the head of this file. */
export class InsiderUnits {
  private readonly forgery: Forgery;
  private readonly custodians: ReadonlyMap<string, SigningKey>;
  private readonly states = new Map<string, UnitState>();
  private readonly pending = new Map<string, UnitState>();

  /** @param custodians ids of everybody who loads shares */
  constructor(forgery: Forgery, custodians: readonly string[]) {
    this.forgery = forgery;
    const keyOf = (id: string): SigningKey => ({ algorithm: 'ed25519', spki: this.spki(id) });
    this.custodians = new Map(custodians.map((id) => [id, keyOf(id)]));
  }

  /** The state that the commands so far led to. */
  stateOf(unit: string): UnitState | undefined {
    return this.states.get(unit);
  }

  /** A signed command for the state that the unit is in; the act then waits for its answer. */
  intend(line: LooseLine, seal: (right: JsonObject) => Envelope): JsonObject {
    const { body } = line;
    const key = `${line.step ?? ''} ${said(body['act'])}`;
    this.pending.delete(key);
    if (body['command'] === null) return body;
    const before = this.states.get(said(body['unit']));
    if (before === undefined) return { ...body, command: seal({}) };
    const made = seal({ counter: before.counter + 1, previous: stateSha256(before), unit: before.unit });
    this.pending.set(key, this.after(before, made));
    return { ...body, command: made };
  }

  /** What the answer to an act tells, made right: the state that its command led to. */
  settle(line: LooseLine): JsonObject {
    const member = line.type === 'step.outcome' ? 'result' : 'observed';
    const told = line.body[member] as JsonObject | undefined;
    if (told === undefined) return line.body;
    const act = said(line.body['act']);
    const key = `${line.step ?? ''} ${act}`;
    const [unit = ''] = act.split('/');
    if (typeof told['id'] === 'string' && typeof told['spki'] === 'string' && 'state' in told) {
      const old = told['state'] as unknown as UnitState;
      const state = imprintState(told['id'], old.serial);
      this.states.set(unit, state);
      return { ...line.body, [member]: { ...told, algorithm: 'ed25519', state: this.state(state, old) } };
    }
    const pending = this.pending.get(key);
    if (pending === undefined) return line.body;
    this.pending.delete(key);
    if (line.body['verdict'] === 'not-applied') return line.body;
    this.states.set(unit, pending);
    if (typeof told['state'] !== 'object') return line.body;
    return { ...line.body, [member]: { ...told, state: this.state(pending, told['state'] as unknown as UnitState) } };
  }

  /** A unit with a history is met: in the state that the binding names, or that the commands since then led to. */
  connected(value: JsonObject): JsonObject {
    const unit = said(value['unit']);
    const state = this.states.get(unit) ?? withInventedAdministrators(value['state'] as unknown as UnitState);
    this.states.set(unit, state);
    return { ...value, algorithm: 'ed25519', state: { ...state } };
  }

  /** A reading of a unit, signed by its invented identity key, with the state that its commands lead to. */
  reading(value: Json, seq: number): Json {
    if (typeof value !== 'object' || value === null || !('challenge' in value) || !('identity' in value)) return value;
    // A token of others, or a blank one, proves nothing.
    if (value['challenge'] === null) return value;
    const { unit, challenge, identity, state } = value as unknown as {
      readonly unit: string;
      readonly challenge: { readonly nonce: string };
      readonly identity: JsonObject;
      readonly state: UnitState | null | undefined;
    };
    const { key } = inventedKey(this.forgery.cast ?? 'cast', unit);
    const signature = sign(null, identityChallenge(challenge.nonce), key).toString('base64');
    const present = this.states.get(unit);
    const right: JsonObject = {
      ...value,
      identity: { ...identity, algorithm: 'ed25519' },
      challenge: { ...challenge, signature },
      ...(state === undefined || state === null || present === undefined ? {} : { state: this.state(present, state) }),
    };
    return this.forgery.reading?.(right, seq) ?? right;
  }

  private after(state: UnitState, sealed: Envelope): UnitState {
    try {
      return applyCommand(state, sealed, this.custodians);
    } catch {
      // A command that no unit would carry out: the forger claims that it was.
      const command = sha256(Buffer.from(sealed.payload, 'base64'));
      return { ...state, counter: state.counter + 1, previous: stateSha256(state), command };
    }
  }

  private state(right: UnitState, given: UnitState): Json {
    return this.forgery.states === 'as given' && 'forged' in given
      ? { ...right, ...(given as unknown as { forged: JsonObject }).forged }
      : right;
  }

  private spki(id: string): string {
    return inventedKey(this.forgery.cast ?? 'cast', id).spki;
  }
}
