/**
 * Signed commands. A unit can be in three situations when one arrives: before it (carry it out), half done (the key
 * object moved, the state did not: finish), already done (the state names this very command: only read). Thus the same
 * command can be sent again after any crash.
 */
import { CommandRefused, applyCommand, openCommand } from '../../ceremony/command/apply';
import { DeviceError } from '../../ceremony/command/device-error';
import type { CommandRequest } from '../../ceremony/engine/ports';
import { commandSha256, stateSha256, type Command, type UnitState } from '../../ceremony/command/unit-state';
import { refused, unitChanged } from '../pkcs11/device-trouble';
import { adoptMasterKey } from './adopt-key';
import type { ImportKeys } from './import-key';
import { generateMasterKey } from './generate-master-key';
import { activateMasterKey, clearNewRegister, commitMasterKey, loadMasterKey, replaceMasterKey } from './master-key';
import { LABEL } from './objects';
import { readRegisters } from './registers';
import { readState, writeState } from './state-object';
import type { OpenToken } from './tokens';

/** What a command led to. */
export interface Performed {
  readonly state: UnitState;
  /** Attributes of the key that this request brought in which had to be set right; null when it brought none in. */
  readonly hardened: readonly string[] | null;
}

/**
 * Verifies a command against the state of the unit, carries it out, and returns the state after it.
 *
 * @param unit the plan's name of the unit
 * @param id the unit's proven identity
 * @throws DeviceError; `COMMAND_REFUSED` when a rule is not met, `UNIT_CHANGED` when the unit is not in the state given
 */
export function perform(
  token: OpenToken,
  unit: string,
  id: string,
  request: CommandRequest,
  importKeys: ImportKeys,
): Performed {
  const command = orRefused(token.of, () => openCommand(request.command));
  const base = baseState(token, request.state, command);
  if (base.unit !== id) throw unitChanged(token.of, 'the state belongs to a unit of another identity');
  if (base.command === commandSha256(command)) {
    if (keepsState(token)) writeState(token, base);
    return { state: base, hardened: null };
  }
  const custodians = new Map(Object.entries(request.custodians));
  // SECURITY(K-15): signatures, counter, unit and state, in the process that acts.
  const next = orRefused(token.of, () => applyCommand(base, request.command, custodians));
  requireRegistersOf(token, base, command);
  const hardened = moveKeys(token, unit, base, next, command, request, importKeys);
  if (keepsState(token)) writeState(token, next);
  return { state: next, hardened };
}

/** Whether the token keeps the state of its unit. */
export function keepsState(token: OpenToken): boolean {
  return token.probed().dataObjects;
}

/** The state the command acts on: the token's where it keeps one, which must be the one given unless the command is done. */
function baseState(token: OpenToken, given: UnitState, command: Command): UnitState {
  if (!keepsState(token)) return given;
  const kept = readState(token);
  if (kept === null) throw unitChanged(token.of, 'the state object is gone from the token');
  // SECURITY(K-12): the worker looks for itself, too.
  if (kept.command !== commandSha256(command) && stateSha256(kept) !== stateSha256(given)) {
    throw unitChanged(
      token.of,
      `the token keeps a state of counter ${String(kept.counter)} that is not the recorded one of counter ${String(given.counter)}`,
    );
  }
  return kept;
}

/** The registers must be as the state says, or as this command leaves them when it was half done. */
function requireRegistersOf(token: OpenToken, base: UnitState, command: Command): void {
  if (command.payload.command === 'master-key.load') return;
  const held = readRegisters(token);
  const found = `${held.new.reading.status}/${held.current.reading.status}`;
  const allowed = [`${base.registers.new}/${base.registers.current}`];
  if (command.payload.command === 'master-key.generate') allowed.push(`full-uncommitted/${base.registers.current}`);
  if (command.payload.command === 'master-key.commit') allowed.push(`full-committed/${base.registers.current}`);
  if (command.payload.command === 'master-key.activate') allowed.push('empty/valid');
  if (command.payload.command === 'master-key.adopt') allowed.push(`${base.registers.new}/valid`);
  if (command.payload.command === 'master-key.replace') {
    allowed.push('empty/valid');
    // Broken off, it has the one key set aside and the other not yet in its place.
    if (held.retiring.key !== null) allowed.push('full-committed/empty');
  }
  if (command.payload.command === 'master-key.clear') allowed.push(`empty/${base.registers.current}`);
  if (!allowed.includes(found)) {
    throw unitChanged(token.of, `the registers (new/current) are ${found}, the state says ${allowed[0] ?? ''}`);
  }
}

function moveKeys(
  token: OpenToken,
  unit: string,
  base: UnitState,
  next: UnitState,
  { payload }: Command,
  request: CommandRequest,
  importKeys: ImportKeys,
): readonly string[] | null {
  switch (payload.command) {
    case 'administrator.add':
    case 'administrator.remove':
    case 'thresholds.set':
      return null;
    case 'master-key.load': {
      if (next.registers.new === base.registers.new) return null;
      if (request.pattern === null) {
        throw refused(
          'PATTERN_MISSING',
          token.of,
          `the load completes a set, but no pattern is given for the key in ${LABEL.uncommitted}`,
          'Repeat the load with the pattern of the set.',
        );
      }
      const wrapped = request.wrapped === null ? null : Buffer.from(request.wrapped, 'base64');
      return loadMasterKey(token, unit, { set: payload.set, wrapped, pattern: request.pattern }, importKeys);
    }
    case 'master-key.generate':
      generateMasterKey(token, payload.key);
      return null;
    case 'master-key.commit':
      commitMasterKey(token, payload.pattern);
      return null;
    case 'master-key.activate':
      activateMasterKey(token, payload.pattern);
      return null;
    case 'master-key.replace':
      replaceMasterKey(token, payload.pattern, payload.retires);
      return null;
    case 'master-key.clear':
      clearNewRegister(token, payload.pattern);
      return null;
    case 'master-key.adopt':
      return adoptMasterKey(token, payload);
    case 'unit.zeroise':
      throw refused('NOT_A_COMMAND', token.of, 'to zeroise is a request of its own', 'Report this as a fault.');
  }
}

/** Does what the rules of commands may refuse. @throws DeviceError `COMMAND_REFUSED` naming the rule */
export function orRefused<T>(of: string, judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof CommandRefused)) throw error;
    throw new DeviceError({
      code: 'COMMAND_REFUSED',
      message: `${of}: the signed command was refused: ${error.message}.`,
      changed: 'Nothing on the unit was changed.',
      next: 'Read the unit, make the command for the state it is in, and have it signed again.',
      uncertain: false,
    });
  }
}
