/** Reading a unit and believing only what is proven: its identity by a fresh signature, its state by hash. */
import { isValidSignature, SIGNATURE_ALGORITHMS, spkiSha256, type SignatureAlgorithm } from '../command/dsse';
import { DeviceError } from '../command/device-error';
import { identityChallenge } from '../command/statements';
import { openCommand } from '../command/apply';
import { commandSha256, stateSha256, type UnitState } from '../command/unit-state';
import { hex } from '../check-value';
import type { JsonObject } from '../canonical-json';
import type { Ceremony } from './ceremony';
import type { InventoryEntry, UnitReading } from './ports';
import type { KnownUnit } from './record';

/** A reading whose identity was proven and whose state is the one on record. Made by {@link readUnit} only. */
export interface ProvenReading {
  readonly reading: UnitReading;
  readonly known: KnownUnit;
  readonly registers: NonNullable<UnitReading['registers']>;
}

/**
 * Logs in to a unit, has it prove its identity, and compares its state with the record (at the first contact with an
 * operational unit, with the binding).
 *
 * @throws DeviceError `UNIT_CHANGED` when it is another unit, or acts that no record holds have happened
 */
export async function readUnit(ceremony: Ceremony, step: string, unit: string): Promise<ProvenReading> {
  const { reading, known } = await readIdentity(ceremony, step, unit);
  // SECURITY(K-12): acts that no record holds show here.
  const state = reading.state;
  if (state === null && reading.stateKept === 'token') throw changed(unit, 'its state is gone from the token');
  if (state !== null && stateSha256(state) !== stateSha256(known.state) && !isAnnounced(ceremony, unit, state)) {
    throw changed(
      unit,
      `its state has counter ${String(state.counter)}, the record has ${String(known.state.counter)}`,
    );
  }
  if (reading.registers === null) throw changed(unit, 'its master-key registers cannot be read');
  const [found, recorded] = [statusOf(reading.registers), known.state.registers];
  if (reading.registers.retiring !== undefined && !ceremony.record.hasUnfinished(unit)) {
    throw changed(unit, 'a master key is being retired on it, and the record has no command for that');
  }
  // Half-done commands are settled by the act that announced them.
  if ((found.new !== recorded.new || found.current !== recorded.current) && !ceremony.record.hasUnfinished(unit)) {
    throw changed(
      unit,
      `its registers (new/current) are ${found.new}/${found.current}, the record has ${recorded.new}/${recorded.current}`,
    );
  }
  return { reading, known, registers: reading.registers };
}

function statusOf(registers: NonNullable<UnitReading['registers']>): {
  readonly new: string;
  readonly current: string;
} {
  return { new: registers.new.status, current: registers.current.status };
}

/** Whether the state is what a command leads to whose intent stands in the record without an answer: a crash came between. */
function isAnnounced(ceremony: Ceremony, unit: string, state: UnitState): boolean {
  const pending = ceremony.record.openCommand(unit);
  return pending !== null && state.command === commandSha256(openCommand(pending));
}

/** As {@link readUnit}, but takes the unit's state as it is: for reconciling an act that was interrupted. */
export async function readIdentity(
  ceremony: Ceremony,
  step: string,
  unit: string,
): Promise<{ reading: UnitReading; known: KnownUnit }> {
  const nonce = hex(ceremony.ports.random(32));
  const reading = await ceremony.ports.devices.readUnit(unit, nonce);
  const { identity, challenge } = reading;
  if (identity === null || challenge === null) throw changed(unit, 'it has no identity key');
  if (
    spkiSha256(identity.spki) !== identity.id ||
    challenge.nonce !== nonce ||
    !isSignatureAlgorithm(identity.algorithm) ||
    // SECURITY(K-11): over a nonce made for this reading.
    !isValidSignature(
      { algorithm: identity.algorithm, spki: identity.spki },
      identityChallenge(nonce),
      Buffer.from(challenge.signature, 'base64'),
    )
  ) {
    throw changed(unit, 'it did not prove its identity');
  }
  const known = ceremony.record.unit(unit) ?? (await firstContact(ceremony, step, unit, reading));
  if (known.identity !== identity.id) throw changed(unit, `it is the unit ${identity.id}, not ${known.identity}`);
  return { reading, known };
}

/** What the transcript keeps of a reading. */
export function describe(reading: UnitReading): JsonObject {
  return {
    identity: reading.identity === null ? null : { ...reading.identity },
    challenge: reading.challenge === null ? null : { ...reading.challenge },
    state: reading.state === null ? null : { ...reading.state },
    stateKept: reading.stateKept,
    token: reading.token === null ? null : { ...reading.token },
    registers:
      reading.registers === null
        ? null
        : {
            new: { ...reading.registers.new },
            current: { ...reading.registers.current },
            ...(reading.registers.retiring === undefined ? {} : { retiring: { ...reading.registers.retiring } }),
          },
  };
}

/** What the transcript keeps of the objects of a reading. */
export function describeObjects({ objects }: UnitReading): JsonObject[] {
  return (objects ?? []).map((one) => describeObject(one));
}

/** What the transcript keeps of an object on a token. */
export function describeObject(object: InventoryEntry): JsonObject {
  const { attributes, checkValue } = object;
  return { ...object, attributes: { ...attributes }, checkValue: checkValue === null ? null : { ...checkValue } };
}

/** An operational unit is met for the first time: the binding says, from the last verified bundle, what it must be. */
async function firstContact(ceremony: Ceremony, step: string, unit: string, reading: UnitReading): Promise<KnownUnit> {
  const bound = ceremony.binding.units.find((one) => one.id === unit)?.lastKnown ?? null;
  const { identity } = reading;
  if (bound === null || identity === null) throw changed(unit, 'the binding does not know it');
  const state = reading.stateKept === 'none' ? (bound.state ?? null) : reading.state;
  if (state === null) {
    const missing = reading.stateKept === 'none' ? 'the token keeps no state, and the binding' : 'the token';
    throw changed(unit, `${missing} does not give the state of the last bundle`);
  }
  if (identity.id !== bound.identity)
    throw changed(unit, `it is the unit ${identity.id}, the binding names ${bound.identity}`);
  if (stateSha256(state) !== bound.stateSha256 || state.counter !== bound.counter) {
    throw changed(unit, `its state (counter ${String(state.counter)}) is not the one of the last bundle`);
  }
  await recordContact(ceremony, step, unit, identity, state);
  ceremony.ports.devices.knowIdentity(unit, identity.spki);
  const known = ceremony.record.unit(unit);
  if (known === null) throw new Error(`unit ${unit} was recorded and is not known`);
  return known;
}

async function recordContact(
  ceremony: Ceremony,
  step: string,
  unit: string,
  identity: { id: string; spki: string; algorithm: string },
  state: UnitState,
): Promise<void> {
  await ceremony.recordFact(step, 'unit.connected', {
    unit,
    identity: identity.id,
    spki: identity.spki,
    algorithm: identity.algorithm,
    state,
  });
}

function isSignatureAlgorithm(name: string): name is SignatureAlgorithm {
  return (SIGNATURE_ALGORITHMS as readonly string[]).includes(name);
}

function changed(unit: string, how: string): DeviceError {
  return new DeviceError({
    code: 'UNIT_CHANGED',
    message: `Unit ${unit} is not as the record says: ${how}.`,
    changed: 'Reading the unit changed nothing.',
    next: 'Stop, and find out with the auditor what happened to the unit since the last record.',
    uncertain: false,
  });
}
