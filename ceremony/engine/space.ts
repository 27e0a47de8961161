/** Room on the bundle's medium, looked for before anything is done, so that a full medium is found before an act and not after it. */
import { DeviceError } from '../command/device-error';
import type { Ceremony } from './ceremony';

const MIB = 1024 * 1024;

/** Least free space before a ceremony begins: 64 MiB. */
export const SPACE_TO_BEGIN = 64 * MIB;
/** Least free space before each step: 16 MiB. */
export const SPACE_FOR_A_STEP = 16 * MIB;
/**
 * Least free space before an irreversible act: 6 MiB. Its intent, its outcome and a reconciliation are lines of at most
 * 1 MiB each, and a failure and an exception may follow.
 */
export const SPACE_FOR_AN_ACT = 6 * MIB;

/**
 * Sees to it that `bytes` are free for what comes next.
 *
 * @param before what would come next, in words
 * @throws DeviceError `DISK_FULL` when they are not; nothing was done then
 */
export async function requireSpace(ceremony: Ceremony, bytes: number, before: string): Promise<void> {
  // SECURITY(K-104): while nothing is under way that the record could not tell of.
  const free = await ceremony.ports.folder.freeBytes();
  if (free >= bytes) return;
  throw new DeviceError({
    code: 'DISK_FULL',
    message: `the medium of the bundle has ${inMiB(free)} free, and ${inMiB(bytes)} must be free before ${before}`,
    changed: 'No device was touched.',
    next: 'Free some space on the medium of the bundle, then go on.',
    uncertain: false,
  });
}

function inMiB(bytes: number): string {
  return bytes < MIB ? `${String(bytes)} bytes` : `${String(Math.floor(bytes / MIB))} MiB`;
}
