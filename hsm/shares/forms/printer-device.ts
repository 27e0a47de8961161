/**
 * Printing on a USB printer through the kernel's own device (usblp), with nothing between that keeps a copy. A queue, a file, a
 * pipe or a terminal is refused: what is given to it stays somewhere, or goes nobody knows where.
 */
import { closeSync, constants, fstatSync, openSync, statSync, writeSync, type Stats } from 'node:fs';
import { NOT_TAKEN, shareTrouble } from '../share-trouble';
import { major, minor } from './share-medium';

/** USB character devices, of which the first 16 are printers (Linux, Documentation/admin-guide/devices.txt). */
const USB_MAJOR = 180;
const USB_PRINTERS = 16;

/** How long a printer that takes nothing is waited for, in milliseconds. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 100;

/**
 * Why a path is no printer device; null when it is one.
 *
 * @param found what is there; null when nothing is
 */
export function whyNoPrinter(
  path: string,
  found: Pick<
    Stats,
    'rdev' | 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket' | 'isBlockDevice' | 'isCharacterDevice'
  > | null,
): string | null {
  if (!path.startsWith('/')) return 'it is no path of a device: a print queue keeps what it is given in its spool';
  if (found === null) return 'there is no such device: is the printer on, and connected by USB?';
  if (found.isFile()) return 'it is a file: what is printed to it stays on its disk';
  if (found.isDirectory()) return 'it is a folder';
  if (found.isFIFO() || found.isSocket()) return 'it is a pipe or a socket: whoever reads it can keep what is printed';
  if (found.isBlockDevice()) return 'it is a disk';
  if (!found.isCharacterDevice()) return 'it is no device';
  const [kind, number] = [major(found.rdev), minor(found.rdev)];
  if (kind === USB_MAJOR && number < USB_PRINTERS) return null;
  return `it is a device of another kind (${String(kind)}:${String(number)}), not a USB printer`;
}

/**
 * Sends a page to a printer device. A copy of it is then in the printer's memory, until it is switched off.
 *
 * @throws DeviceError PRINTER_REFUSED when it is no USB printer's device; SHARE_NOT_PRINTED when it takes less than all of it
 */
export async function sendToPrinter(path: string, page: Uint8Array): Promise<void> {
  requirePrinter(path, statSync(path, { throwIfNoEntry: false }) ?? null);
  let sent = 0;
  try {
    const device = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      // SECURITY(K-307): what was opened, not what stood there a moment ago.
      requirePrinter(path, fstatSync(device));
      const until = Date.now() + PATIENCE_MS;
      while (sent < page.length && Date.now() < until) {
        const taken = writeOrWait(device, page, sent);
        if (taken === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        sent += taken;
      }
    } finally {
      closeSync(device);
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'DeviceError') throw error;
    throw notPrinted(
      path,
      sent,
      error instanceof Error && 'code' in error ? String(error.code) : 'for a reason unknown',
    );
  }
  if (sent < page.length) throw notPrinted(path, sent, 'it took no more');
}

function writeOrWait(device: number, page: Uint8Array, sent: number): number {
  try {
    return writeSync(device, page, sent);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
    throw error;
  }
}

function requirePrinter(path: string, found: Stats | null): void {
  const why = whyNoPrinter(path, found);
  if (why === null) return;
  throw shareTrouble(
    'PRINTER_REFUSED',
    `The share was not printed on ${path}: ${why}`,
    'Bind the device of a printer that is connected by USB, such as /dev/usb/lp0, and have the binding approved',
  );
}

function notPrinted(path: string, sent: number, why: string): Error {
  if (sent === 0) {
    const message = `The printer at ${path} took nothing of it (${why})`;
    return shareTrouble('SHARE_NOT_PRINTED', message, 'Look after the printer, and try again');
  }
  return shareTrouble(
    'SHARE_NOT_PRINTED',
    `The printer at ${path} took a part of it (${why})`,
    'Let the custodian take what came out and destroy it, switch the printer off and on, look after it, and try again',
    `A part of the sheet went to the printer: the share may be readable on what came out, and is in the printer’s memory. ${NOT_TAKEN}`,
  );
}
