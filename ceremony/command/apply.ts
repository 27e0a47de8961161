/**
 * What a signed command does to a unit, and why it is refused. The rules are the table of DESIGN.md section 6:
 * add needs the new administrator's own proof and, but in imprint mode, the signature threshold; remove the revocation
 * threshold; new thresholds as many signatures as the old and the new one ask; load one custodian per share, commit the
 * signature threshold, activate one (the threshold where it replaces a current key), make a master key inside the unit one, adopt and zeroise the threshold. To clear the new register takes one until the commit, then the
 * signature threshold.
 */
import { canonicalJson } from '../canonical-json';
import { openPayload, validSigners, PAYLOAD_TYPES, type Envelope, type SigningKey } from './dsse';
import {
  Command,
  MAX_ADMINISTRATORS,
  commandSha256,
  stateSha256,
  type CommandPayload,
  type UnitState,
} from './unit-state';
import * as v from 'valibot';

const ZEROS = '0'.repeat(64);

/** What is left of a state when nothing is left on the token. */
const ZEROISED: Partial<UnitState> = {
  mode: 'zeroised',
  administrators: [],
  signatureThreshold: 0,
  revocationThreshold: 0,
  loading: null,
  registers: { new: 'empty', current: 'empty' },
};

/** Why a unit does not carry out a command. Nothing on the unit was changed. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
}

/** State of a unit that was just initialised: imprint mode, nobody in charge, both registers empty. */
export function imprintState(unit: string, serial: string): UnitState {
  return {
    format: 'keyrite-unit-state/1',
    unit,
    serial,
    mode: 'imprint',
    administrators: [],
    signatureThreshold: 0,
    revocationThreshold: 0,
    counter: 0,
    loading: null,
    registers: { new: 'empty', current: 'empty' },
    previous: ZEROS,
    command: ZEROS,
  };
}

/** The command that a unit in `state` would accept next for this payload. */
export function nextCommand(
  state: UnitState,
  ceremony: { readonly mode: 'rehearsal' | 'production'; readonly id: string },
  payload: CommandPayload,
): Command {
  return {
    format: 'keyrite-command/1',
    mode: ceremony.mode,
    ceremony: ceremony.id,
    unit: state.unit,
    serial: state.serial,
    counter: state.counter + 1,
    previous: stateSha256(state),
    payload,
  };
}

/**
 * Reads the command in an envelope.
 *
 * @throws CommandRefused when the payload is not a command
 */
export function openCommand(sealed: Envelope): Command {
  try {
    return v.parse(Command, openPayload(sealed));
  } catch {
    throw new CommandRefused('the signed payload is not a Keyrite command');
  }
}

/**
 * The state after a command, if the unit accepts it.
 *
 * @param custodians keys of the people who may sign a load, by participant id
 * @throws CommandRefused naming the rule that is not met
 */
export function applyCommand(
  state: UnitState,
  sealed: Envelope,
  custodians: ReadonlyMap<string, SigningKey>,
): UnitState {
  const command = openCommand(sealed);
  if (command.unit !== state.unit) throw new CommandRefused('the command names another unit');
  if (command.serial !== state.serial) throw new CommandRefused('the command names another serial number');
  if (command.counter !== state.counter + 1) {
    throw new CommandRefused(
      `the command has counter ${String(command.counter)}, the unit expects ${String(state.counter + 1)}`,
    );
  }
  if (command.previous !== stateSha256(state))
    throw new CommandRefused('the command acts on another state of the unit');
  return {
    ...state,
    ...change(state, command.payload, sealed, custodians),
    counter: command.counter,
    previous: command.previous,
    command: commandSha256(command),
  };
}

function change(
  state: UnitState,
  payload: CommandPayload,
  sealed: Envelope,
  custodians: ReadonlyMap<string, SigningKey>,
): Partial<UnitState> {
  const signers = (keys: ReadonlyMap<string, SigningKey>): number =>
    validSigners(sealed, PAYLOAD_TYPES.command, keys).length;
  const administrators = keysOf(state);
  if (state.mode === 'zeroised') throw new CommandRefused('the unit was zeroised');
  switch (payload.command) {
    case 'administrator.add':
      return addAdministrator(state, payload, signers);
    case 'administrator.remove':
      return removeAdministrator(state, payload, signers);
    case 'thresholds.set':
      return setThresholds(state, payload, signers);
    case 'master-key.load': {
      requireOperational(state);
      demand(signers(custodians), 1, "the custodian's signature");
      return loadShare(state, payload);
    }
    case 'master-key.generate': {
      requireOperational(state);
      demand(signers(administrators), 1, 'an administrator');
      if (state.registers.new !== 'empty') throw new CommandRefused('the new register is full');
      if (state.loading !== null) throw new CommandRefused('shares are being loaded');
      return { registers: { ...state.registers, new: 'full-uncommitted' } };
    }
    case 'master-key.commit': {
      requireOperational(state);
      demand(signers(administrators), state.signatureThreshold, 'the signature threshold');
      if (state.registers.new !== 'full-uncommitted')
        throw new CommandRefused('the new register holds nothing to commit');
      return { registers: { ...state.registers, new: 'full-committed' } };
    }
    case 'master-key.activate': {
      requireOperational(state);
      demand(signers(administrators), 1, 'an administrator');
      if (state.registers.new !== 'full-committed') throw new CommandRefused('the new register is not committed');
      if (state.registers.current !== 'empty') {
        throw new CommandRefused(
          'the current register is taken: that is a rotation, which re-enciphers every key first',
        );
      }
      return { registers: { new: 'empty', current: 'valid' } };
    }
    case 'master-key.replace':
      return replaceCurrent(state, payload, signers);
    case 'master-key.clear':
      return clearNewRegister(state, payload, signers);
    case 'master-key.adopt': {
      requireOperational(state);
      demand(signers(administrators), state.signatureThreshold, 'the signature threshold');
      if (state.registers.current !== 'empty') throw new CommandRefused('the current register is taken');
      return { registers: { ...state.registers, current: 'valid' } };
    }
    case 'unit.zeroise': {
      requireOperational(state);
      demand(signers(administrators), state.signatureThreshold, 'the signature threshold');
      return ZEROISED;
    }
  }
}

/** Activation over a current key destroys that key, and with it whatever it alone could open: the threshold signs. */
function replaceCurrent(
  state: UnitState,
  { pattern, retires }: Extract<CommandPayload, { command: 'master-key.replace' }>,
  signers: (keys: ReadonlyMap<string, SigningKey>) => number,
): Partial<UnitState> {
  requireOperational(state);
  demand(signers(keysOf(state)), state.signatureThreshold, 'the signature threshold');
  if (state.registers.new !== 'full-committed') throw new CommandRefused('the new register is not committed');
  if (state.registers.current !== 'valid') {
    throw new CommandRefused('the current register is empty: there is no master key to retire');
  }
  if (retires === pattern) throw new CommandRefused('the command retires the very key that it activates');
  return { registers: { new: 'empty', current: 'valid' } };
}

function addAdministrator(
  state: UnitState,
  payload: Extract<CommandPayload, { command: 'administrator.add' }>,
  signers: (keys: ReadonlyMap<string, SigningKey>) => number,
): Partial<UnitState> {
  const added = payload.administrator;
  if (state.administrators.length >= MAX_ADMINISTRATORS)
    throw new CommandRefused('the unit has 8 administrators already');
  if (state.administrators.some((one) => one.id === added.id || one.spki === added.spki)) {
    throw new CommandRefused(`${added.id} or this key is an administrator already`);
  }
  demand(signers(new Map([[added.id, added]])), 1, 'proof that the new administrator has the key');
  if (state.mode === 'operational') demand(signers(keysOf(state)), state.signatureThreshold, 'the signature threshold');
  return { administrators: [...state.administrators, added] };
}

function removeAdministrator(
  state: UnitState,
  payload: Extract<CommandPayload, { command: 'administrator.remove' }>,
  signers: (keys: ReadonlyMap<string, SigningKey>) => number,
): Partial<UnitState> {
  requireOperational(state);
  const removed = canonicalJson(payload.administrator);
  const left = state.administrators.filter((one) => canonicalJson(one) !== removed);
  if (left.length === state.administrators.length) {
    throw new CommandRefused(`${payload.administrator.id} with this key is no administrator`);
  }
  const highest = Math.max(state.signatureThreshold, state.revocationThreshold);
  // Nobody could command the unit any more.
  if (left.length < highest) {
    throw new CommandRefused(
      `${String(left.length)} administrators would be left for a threshold of ${String(highest)}`,
    );
  }
  demand(signers(keysOf(state)), state.revocationThreshold, 'the revocation threshold');
  return { administrators: left };
}

function setThresholds(
  state: UnitState,
  payload: Extract<CommandPayload, { command: 'thresholds.set' }>,
  signers: (keys: ReadonlyMap<string, SigningKey>) => number,
): Partial<UnitState> {
  const count = state.administrators.length;
  if (payload.signatureThreshold > count || payload.revocationThreshold > count) {
    throw new CommandRefused(`a threshold is higher than the number of administrators, ${String(count)}`);
  }
  if (canonicalJson(payload.administrators) !== canonicalJson(state.administrators)) {
    throw new CommandRefused("the signed administrator list is not the unit's");
  }
  const needed = Math.max(payload.signatureThreshold, state.signatureThreshold);
  demand(signers(keysOf(state)), needed, 'the new signature threshold');
  return {
    mode: 'operational',
    signatureThreshold: payload.signatureThreshold,
    revocationThreshold: payload.revocationThreshold,
  };
}

function loadShare(
  state: UnitState,
  payload: Extract<CommandPayload, { command: 'master-key.load' }>,
): Partial<UnitState> {
  if (state.registers.new !== 'empty') throw new CommandRefused('the new register is full');
  const begun = state.loading;
  if (begun !== null && (begun.set !== payload.set || begun.of !== payload.of)) {
    throw new CommandRefused('shares of another set are being loaded');
  }
  const parts = begun?.parts ?? [];
  if (payload.index > (payload.count ?? payload.of)) throw new CommandRefused('the share index is beyond the set');
  if (payload.of > (payload.count ?? payload.of)) throw new CommandRefused('more shares are needed than there are');
  if (parts.some((part) => part.index === payload.index || part.commitment === payload.commitment)) {
    throw new CommandRefused(`share ${String(payload.index)} is loaded already`);
  }
  const loaded = [...parts, { index: payload.index, commitment: payload.commitment }];
  if (loaded.length < payload.of) return { loading: { set: payload.set, of: payload.of, parts: loaded } };
  return { loading: null, registers: { ...state.registers, new: 'full-uncommitted' } };
}

function clearNewRegister(
  state: UnitState,
  payload: Extract<CommandPayload, { command: 'master-key.clear' }>,
  signers: (keys: ReadonlyMap<string, SigningKey>) => number,
): Partial<UnitState> {
  requireOperational(state);
  const isFull = state.registers.new !== 'empty';
  if (!isFull && state.loading === null) throw new CommandRefused('the new register is empty');
  if (isFull !== (payload.pattern !== null)) {
    throw new CommandRefused(isFull ? 'the command names no pattern' : 'the command names the pattern of no key');
  }
  if (state.registers.new === 'full-committed') {
    demand(signers(keysOf(state)), state.signatureThreshold, 'the signature threshold');
  } else demand(signers(keysOf(state)), 1, 'an administrator');
  return { loading: null, registers: { ...state.registers, new: 'empty' } };
}

function keysOf(state: UnitState): ReadonlyMap<string, SigningKey> {
  return new Map(state.administrators.map((one) => [one.id, one]));
}

function requireOperational(state: UnitState): void {
  if (state.mode !== 'operational') throw new CommandRefused('the unit is in imprint mode');
}

function demand(got: number, needed: number, what: string): void {
  if (got < needed) {
    throw new CommandRefused(`${what}: ${String(needed)} valid signatures needed, ${String(got)} given`);
  }
}
