/** Whether a wrapping key is the service's own: found out before a key is made, in every way that the plan names. */
import { hexGroups, words } from '../../words';
import { DeviceError } from '../../command/device-error';
import { collectorDifference, targetNotice, type WrappingParameters } from '../../keypackage/wrapping-parameters';
import { waysOf, type Way } from '../../plan/authentication';
import type { StepOf } from '../../plan/schema';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';

type PackageStep = StepOf<'key.package'>;

/** What the checks need of the step that makes a package. */
export interface WrappingKeyChecks {
  /** Parameters that the binding names beside those that are used. Throws DeviceError when they cannot be read. */
  readonly others: (id: string) => Promise<WrappingParameters>;
  /** What the record says of the key when something is refused. */
  readonly changed: string;
}

/**
 * Authenticates the wrapping key in every way that the plan names, and has people confirm what must be known of the target.
 *
 * @throws DeviceError `WRAPPING_KEY` when one of the ways fails; `NOT_CONFIRMED`
 */
export async function authenticateWrappingKey(
  ceremony: Ceremony,
  step: PackageStep,
  parameters: WrappingParameters,
  checks: WrappingKeyChecks,
): Promise<void> {
  await tellNotice(ceremony, step, parameters);
  for (const way of waysOf(step.authenticate)) await authenticateBy(way, ceremony, step, parameters, checks);
}

/** What everybody must know of the target: told, and confirmed by the administrators, which puts it on record. */
async function tellNotice(ceremony: Ceremony, step: PackageStep, parameters: WrappingParameters): Promise<void> {
  const notice = targetNotice(parameters);
  if (notice === null) return;
  ceremony.ports.people.tell({ kind: 'warning', text: notice });
  const administrators = ceremony.record.presentWith('crypto-administrator').map(({ id }) => id);
  await confirm(ceremony, step.id, `The key is to be wrapped for ${parameters.target}. ${notice}`, administrators);
}

async function authenticateBy(
  way: Way,
  ceremony: Ceremony,
  step: PackageStep,
  parameters: WrappingParameters,
  { others, changed }: WrappingKeyChecks,
): Promise<void> {
  const fingerprint = parameters.publicKeySha256;
  const refuse = (message: string): DeviceError =>
    new DeviceError({ code: 'WRAPPING_KEY', message, changed, next: STOP, uncertain: false });
  switch (way.by) {
    case 'read-back': {
      const by = ceremony.presentOf(way.positions);
      const spoken = words(Buffer.from(fingerprint, 'hex'));
      await confirm(
        ceremony,
        step.id,
        `The wrapping key’s fingerprint, read aloud, is the one the collector read out: ${hexGroups(fingerprint)} (${spoken})`,
        by,
      );
      return;
    }
    case 'pinned':
      if (way.publicKeySha256 === fingerprint) return;
      throw refuse(`the plan pins the key ${way.publicKeySha256}, the file has ${fingerprint}`);
    case 'two-collectors': {
      const second = await others(way.second);
      const difference = collectorDifference(parameters, second);
      if (difference !== null) throw refuse(difference);
      await ceremony.recordFact(step.id, 'wrapping-key.compared', { with: way.second, publicKeySha256: fingerprint });
    }
  }
}

const STOP = 'Wrap nothing to this key; find out where the file comes from.';
