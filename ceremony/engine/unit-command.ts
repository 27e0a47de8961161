/** A signed command to a unit: signed once, carried out until it is done, and never signed twice. */
import type { Envelope, SigningKey } from '../command/dsse';
import { PAYLOAD_TYPES } from '../command/dsse';
import { nextCommand, openCommand } from '../command/apply';
import { stateSha256, type CommandPayload, type UnitState } from '../command/unit-state';
import { onOneLine } from '../on-one-line';
import type { JsonObject } from '../canonical-json';
import type { RosterEntry } from '../transcript/line';
import { act, type Observed } from './act';
import type { Ceremony } from './ceremony';
import { observeCommand, resultOf } from './observe-command';
import type { CommandRequest } from './ports';
import { pendingCommand } from './record';
import { signTogether } from './signatures';

/** A command to sign and carry out. */
export interface UnitCommand {
  readonly step: string;
  readonly unit: string;
  /** Act key after the unit's id, such as `commit`. */
  readonly name: string;
  readonly payload: CommandPayload;
  readonly signers: readonly string[];
  readonly expected: JsonObject;
  /** Keys that may sign a load. */
  readonly custodians?: Readonly<Record<string, SigningKey>>;
  /** What goes with the load that completes a set. */
  readonly delivery?: {
    readonly pattern: string;
    /** Wraps the master key; called at each try, since an import key lives as long as its worker. */
    readonly wrap: () => Promise<string>;
  };
}

/** How a command is carried out on the device, and what the device shows of it after an answer that is missing. */
interface Doing {
  readonly perform: (envelope: Envelope, state: UnitState) => Promise<JsonObject>;
  readonly observe: (envelope: Envelope, state: UnitState) => Promise<Observed>;
}

/**
 * Signs and carries out a command.
 *
 * @param doing for a command that is a request of its own to the device
 */
export async function commandUnit(ceremony: Ceremony, command: UnitCommand, doing?: Doing): Promise<void> {
  const carryOut = await signFor(ceremony, command, doing);
  await carryOut();
}

/** Signs a command, for which people come to their tokens; what it returns carries the command out, for which nobody does. */
export async function signFor(ceremony: Ceremony, command: UnitCommand, doing?: Doing): Promise<() => Promise<void>> {
  const { step, unit } = command;
  const key = `${unit}/${command.name}`;
  const past = ceremony.record.act(step, key);
  if (past?.status === 'done') return () => Promise.resolve();
  const envelope = fresh(ceremony, unit, pendingCommand(past)) ?? (await signCommand(ceremony, command));
  const again: Omit<CommandRequest, 'state' | 'wrapped'> = {
    command: envelope,
    custodians: { ...command.custodians },
    pattern: command.delivery?.pattern ?? null,
  };
  return async () => {
    await act(ceremony, {
      step,
      key,
      operation: command.payload.command,
      unit,
      parameters: { ...command.payload },
      expected: command.expected,
      command: envelope,
      by: envelope.signatures.map((one) => one.keyid),
      perform: async () => {
        if (doing !== undefined) return { result: await doing.perform(envelope, stateOf(ceremony, unit)) };
        const wrapped = (await command.delivery?.wrap()) ?? null;
        const request: CommandRequest = { ...again, state: stateOf(ceremony, unit), wrapped };
        return { result: resultOf(await ceremony.ports.devices.perform(unit, request), unit, command.payload) };
      },
      observe: () =>
        doing === undefined
          ? observeCommand(ceremony, step, unit, again)
          : doing.observe(envelope, stateOf(ceremony, unit)),
    });
  };
}

/** Signs the next command for a unit, by each of the signers on their own token. */
async function signCommand(ceremony: Ceremony, command: UnitCommand): Promise<Envelope> {
  const payload = nextCommand(stateOf(ceremony, command.unit), ceremony.name, command.payload);
  const people: RosterEntry[] = command.signers.map((id) => ceremony.participant(id));
  ceremony.ports.people.tell({
    kind: 'progress',
    text: `${people.map((one) => one.name).join(' and ')} ${people.length === 1 ? 'signs' : 'sign'}: ${inWords(command.payload)} ${command.unit}`,
  });
  return signTogether(ceremony.ports.devices, people, PAYLOAD_TYPES.command, payload);
}

/** A command as its signer hears it, with the unit's name behind it. */
function inWords(payload: CommandPayload): string {
  switch (payload.command) {
    case 'administrator.add':
      return `add ${payload.administrator.id} as an administrator of`;
    case 'administrator.remove':
      return `remove ${payload.administrator.id} from the administrators of`;
    case 'thresholds.set':
      return `${String(payload.signatureThreshold)} signatures for commands, ${String(payload.revocationThreshold)} for removals, on`;
    case 'master-key.load':
      return `load share ${String(payload.index)} of ${String(payload.of)} into`;
    case 'master-key.generate':
      return 'make a master key, which stays there, inside';
    case 'master-key.commit':
      return 'commit the new master key of';
    case 'master-key.activate':
      return 'activate the new master key of';
    case 'master-key.replace':
      return 'put the new master key in the place of the current one, which is destroyed, of';
    case 'master-key.clear':
      return 'clear the new register of';
    case 'master-key.adopt':
      return `make the key “${onOneLine(payload.label)}” the current master key of`;
    case 'unit.zeroise':
      return 'destroy everything on';
  }
}

/** A command signed before is used again only if it acts on the state that the unit is still in. */
function fresh(ceremony: Ceremony, unit: string, pending: Envelope | null): Envelope | null {
  if (pending === null) return null;
  return openCommand(pending).previous === stateSha256(stateOf(ceremony, unit)) ? pending : null;
}

function stateOf(ceremony: Ceremony, unit: string): UnitState {
  const known = ceremony.record.unit(unit);
  if (known === null) throw new Error(`unit ${unit} is not known yet`);
  return known.state;
}
