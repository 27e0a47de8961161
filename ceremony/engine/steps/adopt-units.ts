/**
 * Adopting units: a token that others initialised is recorded as it was found, then gets an identity key and a state, so
 * that it can be imprinted. What was on it stays, which a second inventory proves; where it comes from is declared by the
 * plan and proven by nothing.
 */
import * as v from 'valibot';
import { canonicalJson } from '../../canonical-json';
import { hex } from '../../check-value';
import { DeviceError } from '../../command/device-error';
import { onOneLine } from '../../on-one-line';
import { act } from '../act';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import { factsIn } from '../earlier-facts';
import type { UnitReading } from '../ports';
import { IDENTITY_LABELS, OURS, knownObjects } from '../taken-over';
import { describe, describeObjects, readIdentity } from '../units';
import { tellWeaknesses } from '../weaknesses';
import type { StepHandler } from './handler';
import { observeIdentity } from './initialise';
import { capabilitiesOf } from './survey';

/** Takes over each unit's token, and leaves the unit in imprint mode. */
export const adoptUnits: StepHandler<'unit.adopt'> = async (ceremony, step) => {
  for (const unit of step.units) {
    await recordFound(ceremony, step.id, unit, step.origin.trim());
    await createIdentity(ceremony, step.id, unit);
    await recordAdopted(ceremony, step.id, unit, step.origin.trim());
  }
  return { result: { units: step.units } };
};

/** What others left, before anything is made beside it; on record already, it is not looked at again once the making began. */
async function recordFound(ceremony: Ceremony, step: string, unit: string, origin: string): Promise<void> {
  const begun = ceremony.record.act(step, `${unit}/identity`);
  if (begun !== null && begun.status !== 'undone') return;
  const { devices } = ceremony.ports;
  const report = await devices.reportCapabilities(unit);
  const reading = await devices.readUnit(unit, hex(ceremony.ports.random(32)));
  // SECURITY(K-210): what was there is on record before anything is made. Half an identity that a crash left is ours to finish.
  refuseOurs(unit, reading, begun !== null);
  if (begun === null) {
    await ceremony.recordFact(step, 'unit.found', {
      unit,
      origin,
      ...describe(reading),
      objects: describeObjects(reading),
      capabilities: capabilitiesOf(reading, report),
    });
  }
  const name = ceremony.plan.units.find((one) => one.id === unit)?.name ?? unit;
  const { serial = '', label = '' } = reading.token ?? {};
  const count = String(reading.objects?.length ?? 0);
  await confirm(
    ceremony,
    step,
    `Adopt ${name}: serial ${onOneLine(serial)}, label ${onOneLine(label)}. The ${count} objects on it stay as they are. Its origin is the plan’s word, and not proven: ${onOneLine(origin)}`,
    ceremony.record.presentWith('crypto-administrator').map((one) => one.id),
  );
}

/** @throws DeviceError `ALREADY_A_UNIT` for a token on which something of Keyrite is */
function refuseOurs(unit: string, { identity, state, objects }: UnitReading, isBegun: boolean): void {
  const ours = (objects ?? []).filter(({ label }) => label.startsWith(OURS));
  const found = isBegun ? ours.filter(({ label }) => !IDENTITY_LABELS.includes(label)) : ours;
  if (found.length === 0 && (isBegun || (identity === null && state === null))) return;
  throw new DeviceError({
    code: 'ALREADY_A_UNIT',
    message: `Unit ${unit}: the token is not one of others, for Keyrite’s objects are on it: ${found.map(({ class: kind, label }) => `${kind} ${label}`).join(', ')}.`,
    changed: 'Nothing was changed.',
    next: 'If it is a unit with a record, carry out a plan in which it begins `operational` or `imprint`, and bind it with its last known state. If the record is lost, have the vendor’s tool remove these objects, before two people, and put that on record.',
    uncertain: false,
  });
}

async function createIdentity(ceremony: Ceremony, step: string, unit: string): Promise<void> {
  const { devices } = ceremony.ports;
  const made = await act(ceremony, {
    step,
    key: `${unit}/identity`,
    operation: 'C_GenerateKeyPair',
    unit,
    parameters: { label: 'keyrite:identity' },
    expected: { identity: 'a new key pair beside what is there', mode: 'imprint' },
    perform: async () => ({ result: { ...(await devices.createIdentity(unit)) } }),
    observe: () => observeIdentity(ceremony, unit),
  });
  devices.knowIdentity(unit, v.parse(v.object({ spki: v.string() }), made).spki);
}

/** @throws DeviceError `UNIT_CHANGED` when what others left is not there as it was found */
async function recordAdopted(ceremony: Ceremony, step: string, unit: string, origin: string): Promise<void> {
  const { reading } = await readIdentity(ceremony, step, unit);
  const objects = describeObjects(reading);
  await ceremony.recordFact(step, 'unit.adopted', {
    unit,
    origin,
    ...describe(reading),
    objects,
    weaknesses: tellWeaknesses(ceremony, unit, reading, knownObjects(ceremony, unit)),
  });
  const found = factsIn(ceremony, step, 'unit.found', unit).at(-1)?.['objects'];
  const rest = objects.filter(({ label }) => typeof label === 'string' && !IDENTITY_LABELS.includes(label));
  const inOrder = (list: readonly unknown[]): string[] => list.map((one) => canonicalJson(one as never)).toSorted();
  if (canonicalJson(inOrder(rest)) === canonicalJson(inOrder((found ?? []) as unknown[]))) return;
  throw new DeviceError({
    code: 'UNIT_CHANGED',
    message: `Unit ${unit} is not as it was found: beside identity and state, its objects are others than before.`,
    changed: 'Identity and state of the unit are made; nothing else was changed by Keyrite.',
    next: 'Stop, and find out with the auditor who else works on this token.',
    uncertain: false,
  });
}
