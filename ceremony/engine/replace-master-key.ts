/** The end of a rotation: the new master key takes the place of the current one, which is destroyed, once no key is left behind. */
import * as v from 'valibot';
import { openCommand } from '../command/apply';
import { DeviceError } from '../command/device-error';
import type { CommandPayload } from '../command/unit-state';
import type { Plan } from '../plan/schema';
import { administratorsPresent } from './administrators';
import type { Ceremony } from './ceremony';
import { confirm } from './confirm';
import { rotationsOf, type Rotation } from './kept-keys';
import type { UnitReading } from './ports';
import { pendingCommand } from './record';
import { sha256Hex } from './signatures';
import { commandUnit } from './unit-command';

type Replace = Extract<CommandPayload, { command: 'master-key.replace' }>;
type Registers = NonNullable<UnitReading['registers']>;

/** A line of the manifest of a rotation, as far as it is looked at here. */
const ManifestLine = v.object({ name: v.string(), old: v.string(), new: v.string() });

/**
 * Has the threshold sign that the key of `pattern` replaces the current one of a unit, and does it.
 *
 * @throws DeviceError `NOT_ROTATED` where a key would be lost
 */
export async function replaceMasterKey(
  ceremony: Ceremony,
  step: string,
  unit: string,
  pattern: string,
  registers: Registers | null,
): Promise<void> {
  // What was announced before goes on as it was signed: the key may be set aside already.
  const payload = announced(ceremony, step, unit) ?? (await prepare(ceremony, step, unit, pattern, registers));
  const threshold = ceremony.record.unit(unit)?.state.signatureThreshold ?? 0;
  await commandUnit(ceremony, {
    step,
    unit,
    name: 'activate',
    payload,
    signers: administratorsPresent(ceremony, unit, threshold),
    expected: { current: 'valid', new: 'empty', pattern },
  });
}

/** The command of an act that nothing has answered yet. */
function announced(ceremony: Ceremony, step: string, unit: string): Replace | null {
  const past = ceremony.record.act(step, `${unit}/activate`);
  const sealed = past?.status === 'open' ? pendingCommand(past) : null;
  const payload = sealed === null ? null : openCommand(sealed).payload;
  return payload?.command === 'master-key.replace' ? payload : null;
}

/** Looks once more that no key is left behind, and has the operators confirm what is destroyed. */
async function prepare(
  ceremony: Ceremony,
  step: string,
  unit: string,
  pattern: string,
  registers: Registers | null,
): Promise<Replace> {
  const retires = registers?.current.pattern ?? '';
  const rotations = rotationsFor(ceremony, unit, retires, pattern);
  for (const one of rotations) await requireWhole(ceremony, one);
  const stores = rotations.map(({ store, sha256, keys }) => ({ store, manifest: sha256, keys }));
  const payload: Replace = { command: 'master-key.replace', pattern, retires, stores };
  await confirmReplacing(ceremony, step, unit, payload);
  return payload;
}

/** The rotation of every key store of the plan, from the one key to the other. */
function rotationsFor(ceremony: Ceremony, unit: string, from: string, to: string): readonly Rotation[] {
  const stores: Plan['keyStores'] = ceremony.plan.keyStores;
  if (stores === undefined)
    throw notRotated(unit, 'the plan does not say which keys are wrapped under its current master key');
  return stores.map(({ id }) => {
    const found = rotationsOf(ceremony, id).findLast((one) => one.from === from && one.to === to);
    if (found !== undefined) return found;
    throw notRotated(unit, `the key store ${id} was not rotated from its current master key to the new one`);
  });
}

/** The files are looked at once more: what was wrapped anew is there, and nothing came to the old generation since. */
async function requireWhole(ceremony: Ceremony, { store, from, to, name }: Rotation): Promise<void> {
  const { folder, keyStores } = ceremony.ports;
  const text = Buffer.from(await folder.read(name)).toString('utf8');
  const lines = text.split('\n').filter((one) => one !== '');
  const manifest = lines.map((line) => v.parse(ManifestLine, JSON.parse(line)));
  for (const one of manifest) {
    const content = await keyStores.read(store, to, one.name);
    if (content === null || sha256Hex(content) !== one.new)
      throw notRotated(null, `the key ${one.name} of ${store} is not there as it was wrapped anew`);
  }
  const listed = new Set(manifest.map((one) => one.name));
  const late = (await keyStores.list(store, from)).filter((one) => !listed.has(one));
  if (late.length > 0)
    throw notRotated(null, `${late.join(', ')} came into the old generation of ${store} after it was rotated`);
}

async function confirmReplacing(ceremony: Ceremony, step: string, unit: string, payload: Replace): Promise<void> {
  const name = ceremony.plan.units.find((one) => one.id === unit)?.name ?? unit;
  const keys = payload.stores.map(({ store, keys: count }) => `${String(count)} keys of ${store}`);
  const what =
    keys.length === 0
      ? 'The plan says that nothing is wrapped under it'
      : `Wrapped anew and proven are ${keys.join(', ')}`;
  await confirm(
    ceremony,
    step,
    `On ${name} the master key of the pattern ${payload.pattern.slice(0, 16)} replaces the one of the pattern ${payload.retires.slice(0, 16)}, which is destroyed. ${what}.`,
    ceremony.operators(),
  );
}

function notRotated(unit: string | null, why: string): DeviceError {
  return new DeviceError({
    code: 'NOT_ROTATED',
    message: `${unit === null ? 'The current master key' : `The current master key of unit ${unit}`} is not replaced: ${why}.`,
    changed: 'Nothing was changed; the current master key serves as before.',
    next: 'Rotate every key store, with a plan that says so; or clear the new register.',
    uncertain: false,
  });
}
