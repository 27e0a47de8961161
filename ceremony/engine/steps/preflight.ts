/** Pre-flight: the workstation, the modules, and the clock, before anybody touches a device. */
import { DeviceError } from '../../command/device-error';
import { confirm } from '../confirm';
import type { StepHandler } from './handler';

/** Least free space on the bundle's medium: 64 MiB. A full disk is found before an act, not after it. */
const MINIMUM_FREE_BYTES = 64 * 1024 * 1024;

/** Observes workstation and modules; the operators and the witness agree on the clock reading. */
export const preflight: StepHandler<'preflight'> = async (ceremony, step) => {
  const { workstation, devices, folder, people, clock } = ceremony.ports;
  const free = await folder.freeBytes();
  if (free < MINIMUM_FREE_BYTES) {
    throw new DeviceError({
      code: 'DISK_FULL',
      message: `the medium of the bundle has ${String(free)} bytes free, at least ${String(MINIMUM_FREE_BYTES)} are needed`,
      changed: 'No device was touched.',
      next: 'Free some space, or start again with a folder on another medium.',
      uncertain: false,
    });
  }
  const observations = await workstation.observe(ceremony.binding.media);
  await ceremony.recordFact(step.id, 'workstation', { observations: observations.map((one) => ({ ...one })) });
  const missing = observations.filter((one) => one.ok === false);
  for (const one of missing) people.tell({ kind: 'warning', text: `${one.check}: ${one.found}` });

  for (const { id } of ceremony.binding.modules) {
    const description = await devices.describeModule(id);
    await ceremony.recordFact(step.id, 'module', {
      ...description,
      library: { ...description.library },
      tokens: description.tokens.map((one) => ({ ...one, pinFlags: [...one.pinFlags] })),
    });
  }

  const deciders = ceremony.record.opened.body.roster
    .filter((one) => one.roles.includes('crypto-administrator') || one.roles.includes('witness'))
    .map((one) => one.id);
  const reading = earlierReading(ceremony.record.step(step.id).confirmed) ?? clock.now();
  await confirm(ceremony, step.id, `${CLOCK}${reading}`, deciders);
  return { result: { missing: missing.map((one) => one.check), clock: reading } };
};

const CLOCK = 'The workstation’s clock agrees with an independent clock: ';

/** The reading that people agreed on before a crash, so that they are not asked twice. */
function earlierReading(confirmed: readonly { readonly statement: string }[]): string | null {
  const found = confirmed.find((one) => one.statement.startsWith(CLOCK));
  return found === undefined ? null : found.statement.slice(CLOCK.length);
}
