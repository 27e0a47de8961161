/** The bundle on a medium: every write is exclusive, fsynced and read back (DESIGN.md sections 8 and 14). */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { DeviceError } from '../ceremony/command/device-error';
import type { BundleFolder } from '../ceremony/engine/ports';

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
    return attempt(() => readFileSync(this.resolve(name)));
  }

  exists(name: string): Promise<boolean> {
    return Promise.resolve(existsSync(this.resolve(name)));
  }

  create(name: string, content: Uint8Array): Promise<void> {
    return attempt(() => {
      const path = this.resolve(name);
      mkdirSync(dirname(path), { recursive: true });
      const file = openSync(path, 'wx', 0o644);
      try {
        writeAll(file, content);
        fsyncSync(file);
      } catch (error) {
        unlinkSync(path);
        throw troubleWriting(name, error);
      } finally {
        closeSync(file);
      }
      syncFolder(dirname(path));
      if (!readFileSync(path).equals(content)) throw troubleWriting(name, new Error('read back, it differs'));
    });
  }

  append(name: string, content: Uint8Array): Promise<void> {
    return attempt(() => {
      const path = this.resolve(name);
      const created = !existsSync(path);
      const file = openSync(path, 'a', 0o644);
      const before = fstatSync(file).size;
      try {
        writeAll(file, content);
        fsyncSync(file);
      } catch (error) {
        ftruncateSync(file, before);
        throw troubleWriting(name, error);
      } finally {
        closeSync(file);
      }
      if (created) syncFolder(dirname(path));
    });
  }

  truncate(name: string, length: number): Promise<void> {
    return attempt(() => {
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
    return attempt(() => {
      unlinkSync(this.resolve(name));
      syncFolder(dirname(this.resolve(name)));
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

/** Everything below a folder that is not a folder itself, with `/` between the parts. */
function filesBelow(root: string, prefix: string): string[] {
  return readdirSync(join(root, prefix), { withFileTypes: true }).flatMap((entry) => {
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(root, name) : [name];
  });
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

function writeAll(file: number, content: Uint8Array): void {
  let written = 0;
  while (written < content.length) written += writeSync(file, content, written);
}

/** Makes a new name in a folder survive a power cut. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function troubleWriting(name: string, cause: unknown): DeviceError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'WRITE_FAILED';
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new DeviceError({
    code: full ? 'DISK_FULL' : code,
    message: full ? `the medium is full: ${name} could not be written` : `${name} could not be written (${code})`,
    changed: 'Nothing was left half-written; the act that the line would have told of was not begun.',
    next: full ? 'Free some space on the medium, then go on.' : 'Check the medium, then go on.',
    uncertain: false,
  });
}
