/** Files of shares on a custodian's removable medium: written whole and read back, never over one of somebody else. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DeviceError } from '../../../ceremony/command/device-error';
import type { ShareName } from '../commitment';
import { NOT_TAKEN, shareTrouble } from '../share-trouble';

/** The folder that a custodian's medium is mounted at, and whether it must be one that is removable. */
interface Medium {
  readonly path: string;
  readonly removable: boolean;
}

/** Name of the file of a share: the short set id, as on the worksheet, and the number of the share. */
export function shareFileName({ set, index }: Pick<ShareName, 'set' | 'index'>, ending: 'age' | 'pdf'): string {
  return `keyrite-share-${set.slice(0, 8)}-${String(index)}.${ending}`;
}

/** Files that this process wrote: those alone it may write again, when a custodian asks for another try. */
export class ShareMedia {
  readonly #written = new Set<string>();

  /**
   * That a file can be written, before anybody is asked for anything.
   *
   * @throws DeviceError MEDIUM_REFUSED, SHARE_FILE_EXISTS as {@link write}
   */
  require({ path, removable }: Medium, name: string): void {
    requireFolder(path);
    if (removable) requireRemovable(path);
    const file = join(path, name);
    if (this.#written.has(file) || !existsSync(file)) return;
    const message = `${name} is on the medium already, and was not written by this ceremony`;
    throw shareTrouble('SHARE_FILE_EXISTS', message, 'Bring an empty medium, or move the file elsewhere, and go on');
  }

  /**
   * Writes a file, fsynced with its folder and read back. One that was not written well is removed where that can be done.
   *
   * @throws DeviceError MEDIUM_REFUSED when the medium is none, or not removable; SHARE_FILE_EXISTS when another wrote a
   *   file of that name; SHARE_NOT_WRITTEN
   */
  write(medium: Medium, name: string, content: Uint8Array): void {
    this.require(medium, name);
    const { path } = medium;
    const file = join(path, name);
    let isOurs = existsSync(file);
    try {
      if (isOurs) this.#remove(file);
      isOurs = false;
      // SECURITY(K-300): exclusive and never through a link, for nobody but its owner; on the medium before it is told of.
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      const opened = openSync(file, flags, 0o600);
      this.#written.add(file);
      isOurs = true;
      try {
        for (let sent = 0; sent < content.length;) sent += writeSync(opened, content, sent);
        fsyncSync(opened);
      } finally {
        closeSync(opened);
      }
      syncFolder(path);
      if (!readFileSync(file).equals(content)) throw new Error('read back, it differs');
    } catch (error) {
      const message = `${name} could not be written to the medium (${reasonOf(error)})`;
      if (!isOurs) throw shareTrouble('SHARE_NOT_WRITTEN', message, 'Check the medium, or bring another, and go on');
      const next = 'Let the custodian take the medium out and destroy the medium as a share; bring another, and go on';
      throw shareTrouble('SHARE_NOT_WRITTEN', message, next, this.#leftBehind(path, name));
    }
  }

  /** What is on a medium after a file of a share was written to it, and not well. */
  #leftBehind(path: string, name: string): string {
    try {
      this.#remove(join(path, name));
      syncFolder(path);
      return `${name} was removed from the medium again, but what was written of it can still be found there. ${NOT_TAKEN}`;
    } catch {
      return `${name} is still on the medium, whole or in part, and may be readable. ${NOT_TAKEN}`;
    }
  }

  /** Whatever comes to stand there afterwards is another's. */
  #remove(file: string): void {
    unlinkSync(file);
    this.#written.delete(file);
  }
}

/**
 * Reads a file of a share, or an identity, from a custodian's medium.
 *
 * @param limit in bytes
 * @throws DeviceError SHARE_FILE_MISSING when it is not there, cannot be read, or is longer
 */
export function readFromMedium(file: string, limit: number): Buffer {
  try {
    const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = fstatSync(opened);
      if (!fstatSync(opened).isFile()) throw new Error('it is no file');
      if (size > limit) throw new Error(`it has ${String(size)} bytes, and at most ${String(limit)} are read`);
      const content = Buffer.from(new ArrayBuffer(size));
      let length = 0;
      for (let read = -1; read !== 0 && length < size; length += read)
        read = readSync(opened, content, length, size - length, null);
      return content.subarray(0, length);
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    const message = `${file} cannot be read (${reasonOf(error)})`;
    throw shareTrouble('SHARE_FILE_MISSING', message, 'Let the custodian put in the medium with the file, and go on');
  }
}

function requireFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw shareTrouble('MEDIUM_REFUSED', `There is no medium at ${path}`, 'Put it in, have it mounted there, and go on');
}

/**
 * Refuses a folder that is not on a removable medium: what the kernel says of the device below it, or of the disk that the
 * device is a part of.
 */
function requireRemovable(path: string): void {
  let found = 'it is not on a block device';
  try {
    const { dev } = statSync(path);
    const device = realpathSync(`/sys/dev/block/${String(major(dev))}:${String(minor(dev))}`);
    // SECURITY(K-301): a file on the fixed disk would outlive the ceremony, and nobody would take it away.
    const isRemovable = [device, join(device, '..')].some((folder) => {
      const told = join(folder, 'removable');
      return existsSync(told) && readFileSync(told, 'utf8').trim() === '1';
    });
    if (isRemovable || device.includes('/usb')) return;
    found = 'it is on a disk that stays in the workstation';
  } catch (error) {
    if (error instanceof DeviceError) throw error;
  }
  const message = `${path} is no removable medium: ${found}`;
  throw shareTrouble('MEDIUM_REFUSED', message, 'Bind the folder at which the custodian’s medium is mounted');
}

/** Numbers of a device as Linux packs them into `st_dev` and `st_rdev`. */
export const major = (device: number): number => ((device >>> 8) & 0xfff) | (Math.floor(device / 2 ** 32) & ~0xfff);
/** The other half: see {@link major}. */
export const minor = (device: number): number => (device & 0xff) | (Math.floor(device / 2 ** 12) & ~0xff & 0xfffff);

function syncFolder(path: string): void {
  const folder = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** An errno, or our own words; never what was in the file. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'for a reason unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
