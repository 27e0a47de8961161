/**
 * After a signed command whose answer is missing: what the unit shows of it. A command changes the key object first and
 * the state object second; what a crash left between the two is finished with the same signed command.
 */
import { canonicalJson, type JsonObject } from '../canonical-json';
import { applyCommand, openCommand } from '../command/apply';
import { DeviceError } from '../command/device-error';
import { LABEL } from '../command/unit-objects';
import { commandSha256, stateSha256, type CommandPayload, type UnitState } from '../command/unit-state';
import type { Observed } from './act';
import type { Ceremony } from './ceremony';
import type { CommandRequest, UnitReading } from './ports';
import { describe, readIdentity } from './units';

type Registers = UnitState['registers'];

/** A command that is on record as announced: all that is needed to finish it but the master key, which must be there. */
export type AnnouncedCommand = Omit<CommandRequest, 'state' | 'wrapped'>;

/**
 * Reads the unit and says what became of the command; finishes it when it is half done.
 *
 * @throws DeviceError when the unit cannot be read, or refuses to finish what it began
 */
export async function observeCommand(
  ceremony: Ceremony,
  step: string,
  unit: string,
  announced: AnnouncedCommand,
): Promise<Observed> {
  const { reading, known } = await readIdentity(ceremony, step, unit);
  const { state } = reading;
  const seen = describe(reading);
  const request = { ...announced, state: known.state, wrapped: null };
  if (state !== null && state.command === commandSha256(openCommand(announced.command))) {
    if (statesIn(reading) > 1) return finish(ceremony, unit, request, reading, STATE_LEFT);
    return { verdict: 'applied', observed: resultOf(reading, unit, openCommand(announced.command).payload) };
  }
  const isStateKnown = state === null ? reading.stateKept === 'none' : stateSha256(state) === stateSha256(known.state);
  const found = registersOf(reading);
  if (!isStateKnown || found === null) return { verdict: 'undetermined', observed: seen };
  const before = known.state.registers;
  const moved = reading.stateKept === 'token' ? FINISHED : FOUND_MOVED;
  // A key is set aside only by the command that replaces it, which goes on from there.
  if (reading.registers?.retiring !== undefined) return finish(ceremony, unit, request, reading, moved);
  if (same(found, before))
    return { verdict: 'not-applied', observed: { ...untouched(reading, before, after()), ...seen } };
  if (same(found, after())) return finish(ceremony, unit, request, reading, moved);
  return { verdict: 'undetermined', observed: { note: NEITHER, ...seen } };

  function after(): Registers {
    return applyCommand(known.state, announced.command, new Map(Object.entries(announced.custodians))).registers;
  }
}

const NEITHER = 'the registers are neither as before the command nor as after it';

/** What a token that keeps no state cannot tell is said, so that nobody takes the verdict for the token's word. */
function untouched(reading: UnitReading, before: Registers, after: Registers): JsonObject {
  if (reading.stateKept === 'token') return {};
  return {
    note: same(before, after)
      ? 'the token keeps no state and this command moves no key: it changes nothing on the token, only what this record holds'
      : 'the token keeps no state; its registers are as they were before the command',
  };
}

/** How many state objects the token shows: the state before a command goes after the one that it leads to was written. */
function statesIn({ objects }: UnitReading): number {
  return (objects ?? []).filter((one) => one.class === 'data' && one.label === LABEL.state).length;
}

/** Half of it is there: the same signed command, carried out again, does what is left of it. */
async function finish(
  ceremony: Ceremony,
  unit: string,
  request: CommandRequest,
  reading: UnitReading,
  note: string,
): Promise<Observed> {
  const { registers } = describe(reading);
  try {
    const finished = await ceremony.ports.devices.perform(unit, request);
    return {
      verdict: 'applied',
      observed: { note, found: registers ?? null, ...resultOf(finished, unit, openCommand(request.command).payload) },
    };
  } catch (error) {
    // The key in the new register is not the one that the set gives, or not kept as asked: the crash came too early.
    if (!(error instanceof DeviceError) || error.code !== 'MASTER_KEY_NEEDED') throw error;
    return { verdict: 'not-applied', observed: { note: UNFINISHED_KEY, ...describe(reading) } };
  }
}

const FINISHED =
  'it was half done: the key had moved and the state had not. The same signed command was carried out again and finished it';
const STATE_LEFT =
  'it was half done: its state was written, and the one before it had not gone. The same signed command was carried out again and finished it';
const FOUND_MOVED =
  'the key had moved; the token keeps no state. The same signed command was carried out again, moved nothing and gave the state';
const UNFINISHED_KEY =
  'it was half done: an unfinished key is in the new register. The next load destroys it before it brings the key in again';

/**
 * What the transcript keeps of a command that was carried out.
 *
 * @throws DeviceError `STATE_MISSING` when the worker did not tell the state
 */
export function resultOf(reading: UnitReading, unit: string, payload: CommandPayload): JsonObject {
  const { state, stateKept, hardened } = reading;
  if (state === null) {
    throw new DeviceError({
      code: 'STATE_MISSING',
      message: `Unit ${unit} answered without its state.`,
      changed: 'The command may have been carried out.',
      next: 'The unit is read again.',
      uncertain: true,
    });
  }
  const registers = describe(reading)['registers'] ?? null;
  const told = { state, stateKept, registers, ...(hardened === undefined ? {} : { hardened: [...hardened] }) };
  if (payload.command !== 'master-key.generate') return told;
  // From now on this is the pattern that verifying, commit and activation name.
  return { ...told, madeInside: { key: payload.key, pattern: reading.registers?.new.pattern ?? null } };
}

function registersOf({ registers }: UnitReading): Registers | null {
  if (registers === null) return null;
  const { new: arriving, current } = registers;
  if (arriving.status === 'valid' || (current.status !== 'empty' && current.status !== 'valid')) return null;
  return { new: arriving.status, current: current.status };
}

function same(left: Registers, right: Registers): boolean {
  return canonicalJson(left) === canonicalJson(right);
}
