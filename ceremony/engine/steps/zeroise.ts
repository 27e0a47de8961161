/** Zeroising units: everything on the token goes, by the signatures of the threshold, and an empty inventory proves it. */
import type { JsonObject } from '../../canonical-json';
import { onOneLine } from '../../on-one-line';
import { applyCommand } from '../../command/apply';
import type { Envelope } from '../../command/dsse';
import { stateSha256, type UnitState } from '../../command/unit-state';
import type { Observed } from '../act';
import { administratorsPresent } from '../administrators';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import type { UnitReading } from '../ports';
import { commandUnit } from '../unit-command';
import type { StepHandler } from './handler';
import { recordInventory } from './survey';

/** Takes each unit's inventory, has the operators confirm it, and destroys everything on its token. */
export const zeroiseUnits: StepHandler<'unit.zeroise'> = async (ceremony, step) => {
  for (const unit of step.units) {
    if (ceremony.record.act(step.id, `${unit}/zeroise`) === null) await confirmDestroying(ceremony, step.id, unit);
    const threshold = ceremony.record.unit(unit)?.state.signatureThreshold ?? 0;
    await commandUnit(
      ceremony,
      {
        step: step.id,
        unit,
        name: 'zeroise',
        payload: { command: 'unit.zeroise' },
        signers: administratorsPresent(ceremony, unit, threshold),
        expected: { mode: 'zeroised', objects: [] },
      },
      {
        perform: async (command, state) =>
          resultOf(await ceremony.ports.devices.zeroise(unit, { command, state, look: false })),
        observe: (command, state) => observe(ceremony, unit, command, state),
      },
    );
  }
  return { result: { units: step.units } };
};

/** What is there goes on record before it is gone, and people compare the token with the device. */
async function confirmDestroying(ceremony: Ceremony, step: string, unit: string): Promise<void> {
  const reading = await recordInventory(ceremony, step, unit, null);
  const name = ceremony.plan.units.find((one) => one.id === unit)?.name ?? unit;
  const operators = ceremony.record.presentWith('crypto-administrator').map((one) => one.id);
  const { serial = '', label = '' } = reading.token ?? {};
  await confirm(
    ceremony,
    step,
    `Zeroise ${name}. Every key on this token is destroyed, ${String(reading.objects?.length ?? 0)} objects in all, and cannot be brought back: serial ${onOneLine(serial)}, label ${onOneLine(label)}.`,
    operators,
  );
}

/** The token is looked at; what a crash left half done is finished with the same signed command. */
async function observe(ceremony: Ceremony, unit: string, command: Envelope, state: UnitState): Promise<Observed> {
  const { devices } = ceremony.ports;
  const seen = await devices.zeroise(unit, { command, state, look: true });
  const objects = (seen.objects ?? []).map(({ class: kind, label }) => ({ class: kind, label }));
  if (objects.length === 0) {
    const after = applyCommand(state, command, new Map());
    return { verdict: 'applied', observed: { note: GONE, state: after, stateKept: seen.stateKept, objects } };
  }
  if (isUntouched(seen, state))
    return { verdict: 'not-applied', observed: { note: OURS_UNTOUCHED, objects, stateKept: seen.stateKept } };
  const finished = await devices.zeroise(unit, { command, state, look: false });
  return { verdict: 'applied', observed: { note: FINISHED, found: objects, ...resultOf(finished) } };
}

/** Keys go first, identity and state last: where all of these are there, nothing of ours was destroyed. */
function isUntouched({ identity, state, stateKept, registers }: UnitReading, before: UnitState): boolean {
  const isKept = stateKept === 'none' ? state === null : state !== null && stateSha256(state) === stateSha256(before);
  return (
    identity !== null &&
    isKept &&
    registers?.new.status === before.registers.new &&
    registers.current.status === before.registers.current
  );
}

const OURS_UNTOUCHED =
  'identity, state and master keys are as before; compare what else is there with the inventory recorded before, for objects of others may be gone';
const GONE = 'nothing is on the token any more; without its identity key, serial and label are all that names it';
const FINISHED =
  'it was half done: some objects were left. The same signed command was carried out again and finished it';

function resultOf({ state, stateKept, objects }: UnitReading): JsonObject {
  return { state, stateKept, objects: (objects ?? []).map(({ class: kind, label }) => ({ class: kind, label })) };
}
