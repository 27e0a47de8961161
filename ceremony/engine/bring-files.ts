/** Files that people bring in a step, such as what a vendor's tool put out; where the plan demands one, none takes an exception. */
import { DeviceError } from '../command/device-error';
import type { FileRef } from '../transcript/line';
import { decideAfter, stopStep } from './act';
import { attachFile } from './attachments';
import type { Ceremony } from './ceremony';
import { canSignExceptions, recordRaised } from './exception';

/** What is asked for, and of whom. */
interface Asked {
  readonly step: string;
  /** Which files, in words. */
  readonly text: string;
  readonly by: readonly string[];
  /** Whether none takes an exception of the kind `step-deviated`, raised before or now. */
  readonly demanded: boolean;
}

/**
 * Asks for files and copies them into the bundle. The caller names them in a line.
 *
 * @throws CeremonyStopped when the people decide to stop
 */
export async function bringFiles(ceremony: Ceremony, asked: Asked): Promise<FileRef[]> {
  const { step, text, by, demanded } = asked;
  const room = ceremony.binding.room ?? null;
  for (;;) {
    const paths = (await ceremony.ports.people.attach?.({ step, text, by, room })) ?? [];
    const isShort = demanded && paths.length === 0 && !ceremony.record.isDeviated(step);
    if (isShort && (await exceptNoFile(ceremony, asked)) === 'again') continue;
    const files: FileRef[] = [];
    for (const path of paths) files.push(await attachFile(ceremony, step, path));
    return files;
  }
}

async function exceptNoFile(ceremony: Ceremony, { step, by }: Asked): Promise<'again' | 'excepted'> {
  const { people } = ceremony.ports;
  const error = new DeviceError({
    code: 'NO_FILE',
    message: 'No file was brought, and the plan asks for one.',
    changed: 'Nothing was changed.',
    next: 'Bring the file and try again; or go on without it under an exception.',
    uncertain: false,
  });
  const canSign = canSignExceptions(ceremony.record.roster);
  const decision = await decideAfter(
    ceremony,
    step,
    error,
    canSign ? ['again', 'exception', 'stop'] : ['again', 'stop'],
  );
  if (decision === 'again') return 'again';
  if (decision === 'stop') return stopStep(ceremony, step, error);
  const decided = await people.ask({
    step,
    text: 'What was decided, and why is it safe to go on without a file?',
    by,
  });
  await recordRaised(ceremony, {
    step,
    kind: 'step-deviated',
    expected: 'At least one file, as the plan says.',
    happened: 'No file was attached.',
    decided,
  });
  return 'excepted';
}
