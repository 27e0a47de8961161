/** The bundle on a medium: every write is exclusive, fsynced and read back (DESIGN.md sections 8 and 14). */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  read,
  readFileSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { DeviceError } from '../ceremony/command/device-error';
import type { BundleFolder } from '../ceremony/engine/ports';

/** Long files are read in pieces of 256 KiB. */
const PIECE_BYTES = 256 * 1024;

const NOT_PLAIN = 'it is not a plain file';

/** A bundle in a folder of the file system. */
export class FileBundleFolder implements BundleFolder {
  readonly path: string;

  /** @param path the folder; created when the first file is */
  constructor(path: string) {
    this.path = path;
  }

  list(): Promise<string[]> {
    return Promise.resolve(existsSync(this.path) ? filesBelow(this.path, '').sort() : []);
  }

  read(name: string): Promise<Uint8Array> {
    return attempt(name, 'read', () => readPlainFile(this.resolve(name), name));
  }

  async *open(name: string): AsyncGenerator<Uint8Array, void> {
    const file = await attempt(name, 'read', () => openPlainFile(this.resolve(name), name));
    try {
      yield* pieces(file, name);
    } finally {
      closeSync(file);
    }
  }

  size(name: string): Promise<number> {
    return attempt(name, 'read', () => lstatSync(this.resolve(name)).size);
  }

  exists(name: string): Promise<boolean> {
    return Promise.resolve(existsSync(this.resolve(name)));
  }

  create(name: string, content: Uint8Array): Promise<void> {
    return attempt(name, 'written', () => {
      const path = this.resolve(name);
      mkdirSync(dirname(path), { recursive: true });
      // SECURITY(K-28): exclusive, fsynced with its folder, read back.
      const file = openSync(path, 'wx', 0o644);
      try {
        writeAll(file, content);
        fsyncSync(file);
      } catch (error) {
        unlinkSync(path);
        throw error;
      } finally {
        closeSync(file);
      }
      syncFolder(dirname(path));
      if (!readFileSync(path).equals(content)) throw fileTrouble(name, 'written', 'read back, it differs');
    });
  }

  append(name: string, content: Uint8Array): Promise<void> {
    return attempt(name, 'written', () => {
      const path = this.resolve(name);
      const created = !existsSync(path);
      const file = openSync(path, 'a', 0o644);
      const before = fstatSync(file).size;
      try {
        writeAll(file, content);
        fsyncSync(file);
      } catch (error) {
        ftruncateSync(file, before);
        throw error;
      } finally {
        closeSync(file);
      }
      if (created) syncFolder(dirname(path));
    });
  }

  truncate(name: string, length: number): Promise<void> {
    return attempt(name, 'written', () => {
      const file = openSync(this.resolve(name), 'r+');
      try {
        ftruncateSync(file, length);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    });
  }

  remove(name: string): Promise<void> {
    return attempt(name, 'removed', () => {
      const path = this.resolve(name);
      if (name.endsWith('/')) rmdirSync(path);
      else unlinkSync(path);
      removeEmptyFolders(dirname(path), this.path);
    });
  }

  rename(name: string, to: string): Promise<void> {
    return attempt(to, 'written', () => {
      const path = this.resolve(to);
      if (existsSync(path)) throw fileTrouble(to, 'written', 'EEXIST');
      renameSync(this.resolve(name), path);
      syncFolder(dirname(path));
    });
  }

  freeBytes(): Promise<number> {
    const { bavail, bsize } = statfsSync(existsSync(this.path) ? this.path : dirname(this.path));
    return Promise.resolve(bavail * bsize);
  }

  private resolve(name: string): string {
    const path = join(this.path, name);
    if (relative(this.path, path).startsWith('..')) throw new RangeError(`file name: outside the bundle: ${name}`);
    return path;
  }
}

/** Everything below a folder that is not a folder itself, with `/` between the parts; an empty folder with `/` at its end. */
function filesBelow(root: string, prefix: string): string[] {
  const entries = readdirSync(join(root, prefix), { withFileTypes: true });
  if (entries.length === 0 && prefix !== '') return [`${prefix}/`];
  return entries.flatMap((entry) => {
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(root, name) : [name];
  });
}

function readPlainFile(path: string, name: string): Uint8Array {
  const file = openPlainFile(path, name);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** A bundle may come from anybody: a link could lead out of it, a pipe or a device never end. */
function openPlainFile(path: string, name: string): number {
  // SECURITY(K-25): a pipe or device would never end.
  if (!lstatSync(path).isFile()) throw fileTrouble(name, 'read', NOT_PLAIN);
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw fileTrouble(name, 'read', NOT_PLAIN);
}

/** A file's pieces, each valid until the next one is asked for. The next is read while the one before is looked at. */
async function* pieces(file: number, name: string): AsyncGenerator<Uint8Array, void> {
  let [piece, spare] = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)];
  let length = await readPiece(file, piece, name);
  while (length > 0) {
    const next = readPiece(file, spare, name);
    try {
      yield piece.subarray(0, length);
    } finally {
      // Whoever stops early closes the file, which must not be read any more.
      await next.catch(() => 0);
    }
    length = await next;
    [piece, spare] = [spare, piece];
  }
}

/** Reads on in a file, off the main thread: whoever reads a long one can do something else meanwhile. 0 at its end. */
function readPiece(file: number, into: Buffer, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, into, 0, into.length, null, (error, length) => {
      if (error === null) resolve(length);
      else reject(fileTrouble(name, 'read', error.code ?? error.message));
    });
  });
}

/** Does something with a file. What the system says against it becomes a DeviceError; anything else passes as it is. */
function attempt<T>(name: string, doing: Doing, work: () => T): Promise<T> {
  return new Promise((resolve) => {
    try {
      resolve(work());
    } catch (error) {
      if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) throw error;
      throw fileTrouble(name, doing, String(error.code));
    }
  });
}

function writeAll(file: number, content: Uint8Array): void {
  let written = 0;
  while (written < content.length) written += writeSync(file, content, written);
}

/** Removes a folder that is empty, and those around it that are empty then, up to `root`: a bundle has no empty ones. */
function removeEmptyFolders(path: string, root: string): void {
  if (relative(root, path) === '' || readdirSync(path).length > 0) {
    syncFolder(path);
    return;
  }
  rmdirSync(path);
  removeEmptyFolders(dirname(path), root);
}

/** Makes a new name in a folder survive a power cut. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** What was being done with a file. */
type Doing = 'read' | 'written' | 'removed';

function fileTrouble(name: string, doing: Doing, code: string): DeviceError {
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new DeviceError({
    code: full ? 'DISK_FULL' : `FILE_${doing.toUpperCase()}_FAILED`,
    message: full ? `the medium is full: ${name} could not be written` : `${name} could not be ${doing} (${code})`,
    changed:
      'Nothing was left half-written: the record is as it was before. What it does not tell of yet is read from the devices again.',
    next: full
      ? 'Free some space on the medium of the bundle, then go on.'
      : 'Check the medium of the bundle, then go on.',
    uncertain: false,
  });
}
