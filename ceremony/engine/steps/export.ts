/** The export: its outcome comes before the close and names the files so far; the medium gets the bundle after the close. */
import { DeviceError } from '../../command/device-error';
import { sha256Hex } from '../signatures';
import type { StepHandler } from './handler';

/** Reads back every file written so far and compares it with what the record says. */
export const exportBundle: StepHandler<'export'> = async (ceremony, step) => {
  const { folder } = ceremony.ports;
  const files: { name: string; sha256: string }[] = [];
  for (const name of await folder.list()) {
    // A crash can leave a folder empty; it says nothing.
    if (name === 'transcript.jsonl' || name.endsWith('/')) continue;
    const sha256 = sha256Hex(await folder.read(name));
    const recorded = ceremony.record.fileSha256(name);
    if (recorded !== null && recorded !== sha256) {
      throw new DeviceError({
        code: 'FILE_CHANGED',
        message: `${name} is not what was written: the record has ${recorded}, the medium ${sha256}`,
        changed: 'The bundle on this medium is damaged.',
        next: 'Stop; find out what changed the file.',
        uncertain: false,
      });
    }
    files.push({ name, sha256 });
  }
  const media = step.media.map((id) => ({
    id,
    path: ceremony.binding.media.find((one) => one.id === id)?.path ?? null,
  }));
  return { result: { media, readBack: files } };
};
