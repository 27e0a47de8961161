/** Key stores in the file system: one folder for each generation, and in it one file for each key, never written over. */
import { closeSync, fsync, openSync, readSync, readdirSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { lstat, mkdir, open, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DeviceError } from '../ceremony/command/device-error';
import type { KeyStores } from '../ceremony/engine/ports';
import { MAX_WRAPPED_KEY_BYTES, keyNameOf, wrappedKeyFileName } from '../ceremony/keypackage/wrapped-key';
import type { Binding } from '../ceremony/plan/binding-schema';

/** Most keys in a generation: a folder that claims more is not believed. */
const MAX_KEYS = 100_000;

/** Files that wait for the medium together. */
const AT_ONCE = 256;

/**
 * Lets so many files wait for the medium at once: of four, Node's own number, each waits for a commit of its own (measured:
 * 0.8 ms a file against 0.2 ms). Only before this process first reads or writes a file that it waits for.
 */
export function waitForManyFiles(): void {
  process.env['UV_THREADPOOL_SIZE'] ??= '64';
}

/** A file while it is being written; one that a crash left is written anew. */
const UNFINISHED = /^\..*\.part$/;

/** The folders that a binding names. */
export class KeyStoreFolders implements KeyStores {
  readonly #folders: ReadonlyMap<string, string>;

  constructor(bound: NonNullable<Binding['keyStores']>) {
    this.#folders = new Map(bound.map(({ id, path }) => [id, path]));
  }

  async list(store: string, generation: string): Promise<readonly string[]> {
    const folder = this.#generation(store, generation);
    return await told(`the generation ${generation} of ${store}`, 'read', async () => {
      const files = (await readdirIfThere(folder)).filter((one) => !UNFINISHED.test(one));
      if (files.length > MAX_KEYS) throw strange(store, `more than ${String(MAX_KEYS)} files are in it`);
      return files
        .map((file) => {
          const name = keyNameOf(file);
          if (name === null) throw strange(store, `${JSON.stringify(file)} in ${folder} is no file of a wrapped key`);
          return name;
        })
        .sort();
    });
  }

  async read(store: string, generation: string, key: string): Promise<Uint8Array | null> {
    const path = join(this.#generation(store, generation), wrappedKeyFileName(key));
    return await told(path, 'read', () => readIfThere(path));
  }

  async write(
    store: string,
    generation: string,
    files: readonly { readonly key: string; readonly content: Uint8Array }[],
  ): Promise<void> {
    const root = this.#folder(store);
    const folder = this.#generation(store, generation);
    await told(folder, 'written', async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await syncFolder(root);
      const there = new Set(await readdir(folder));
      for (let start = 0; start < files.length; start += AT_ONCE) {
        await writeTogether(folder, there, files.slice(start, start + AT_ONCE));
      }
      await syncFolder(folder);
    });
  }

  #generation(store: string, generation: string): string {
    if (!/^[0-9a-f]{64}$/.test(generation)) throw new RangeError(`generation: expected a pattern, got ${generation}`);
    return join(this.#folder(store), generation);
  }

  #folder(store: string): string {
    const folder = this.#folders.get(store);
    if (folder !== undefined) return folder;
    throw new DeviceError({
      code: 'STORE_NOT_BOUND',
      message: `The binding does not say in which folder the key store ${store} is.`,
      changed: 'Nothing was changed.',
      next: 'Add it to `keyStores` of the binding, and have the binding approved.',
      uncertain: false,
    });
  }
}

/** What is in the folder of a key store, before anything is done with it. Never throws. */
export function storeInWords(folder: string): string {
  try {
    const generations = readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
    if (generations.length === 0) return 'No key yet';
    const counts = generations.map(
      (one) => readdirSync(join(folder, one)).filter((file) => keyNameOf(file) !== null).length,
    );
    return generations.map((one, place) => `${String(counts[place] ?? 0)} keys under ${one.slice(0, 16)}`).join(', ');
  } catch {
    return 'Cannot be read';
  }
}

/**
 * Whole or not at all: written beside its place, fsynced, read back and renamed. The files of one call wait for the medium
 * together, which costs little more than for one.
 *
 * @param there names of what is in the folder
 */
async function writeTogether(
  folder: string,
  there: ReadonlySet<string>,
  files: readonly { readonly key: string; readonly content: Uint8Array }[],
): Promise<void> {
  const open: Unfinished[] = [];
  try {
    for (const { key, content } of files) {
      const name = wrappedKeyFileName(key);
      if (there.has(name) && (await isThere(join(folder, name), content))) continue;
      const unfinished = join(folder, `.${name}.part`);
      if (there.has(`.${name}.part`)) unlinkSync(unfinished);
      const file = openSync(unfinished, 'wx+', 0o600);
      open.push({ file, unfinished, path: join(folder, name), content });
      if (writeSync(file, content) !== content.length)
        throw fileTrouble(unfinished, 'written', 'the medium took a part of it');
    }
    await Promise.all(open.map(({ file }) => onMedium(file)));
    for (const { file, content, path } of open) {
      const found = Buffer.alloc(content.length + 1);
      const length = readSync(file, found, 0, found.length, 0);
      if (!found.subarray(0, length).equals(content)) throw fileTrouble(path, 'written', 'read back, it differs');
    }
  } finally {
    for (const { file } of open) closeSync(file);
  }
  for (const { unfinished, path } of open) renameSync(unfinished, path);
}

interface Unfinished {
  readonly file: number;
  readonly unfinished: string;
  readonly path: string;
  readonly content: Uint8Array;
}

/** Whether a file has this very content. Throws DeviceError `KEY_FILE_EXISTS` when it has another. */
async function isThere(path: string, content: Uint8Array): Promise<boolean> {
  const known = await readIfThere(path);
  if (known === null) return false;
  if (Buffer.from(known).equals(content)) return true;
  throw new DeviceError({
    code: 'KEY_FILE_EXISTS',
    message: `${path} is there already, with other content.`,
    changed: 'That file was left as it is.',
    next: 'Find out with the auditor where it comes from; Keyrite never writes over a wrapped key.',
    uncertain: false,
  });
}

function onMedium(file: number): Promise<void> {
  return new Promise((settle, fail) => {
    fsync(file, (error) => {
      if (error === null) settle();
      else fail(error);
    });
  });
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    const status = await lstat(path);
    if (!status.isFile()) throw fileTrouble(path, 'read', 'it is not a plain file');
    if (status.size > MAX_WRAPPED_KEY_BYTES) throw fileTrouble(path, 'read', 'it is too long for a wrapped key');
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function readdirIfThere(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
}

async function told<T>(what: string, how: 'read' | 'written', act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof DeviceError || error instanceof RangeError) throw error;
    throw fileTrouble(what, how, error instanceof Error ? error.message : 'unknown error');
  }
}

function fileTrouble(what: string, how: 'read' | 'written', why: string): DeviceError {
  return new DeviceError({
    code: 'KEY_STORE_FAILED',
    message: `${what} cannot be ${how}: ${why}.`,
    changed:
      how === 'read' ? 'Nothing was changed.' : 'Files of wrapped keys are whole or not there; none was written over.',
    next: 'See that the medium is there, not full and not write-protected, and try again.',
    uncertain: false,
  });
}

function strange(store: string, why: string): DeviceError {
  return new DeviceError({
    code: 'KEY_STORE_STRANGE',
    message: `The key store ${store} is not as Keyrite leaves one: ${why}.`,
    changed: 'Nothing was changed.',
    next: 'Find out with the auditor who changed the store; take out what does not belong there.',
    uncertain: false,
  });
}
