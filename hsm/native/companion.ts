/**
 * Keyrite's native companion (keyrite-native.c) as it is: functions that take bytes and give numbers. Loaded when it is
 * first needed, from beside the program.
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

/** A loaded PKCS#11 module, as the companion numbers it. */
export type ModuleNumber = number;

/**
 * What the companion does. Calls of a module return its CK_RV. A PIN is wiped before the call returns; null says that it
 * is typed on the token's own pad. Handles are pkcs11js's Buffers of 8 bytes. Throws TypeError and RangeError for wrong
 * arguments, Error where the system refuses.
 */
export interface Companion {
  /** The module that pkcs11js loaded from this absolute path. Throws Error when this process has not loaded it. */
  openModule(path: string): ModuleNumber;
  getInfo(module: ModuleNumber): number;
  login(module: ModuleNumber, session: Uint8Array, userType: number, pin: Uint8Array | null): number;
  /** @param label 32 bytes, padded */
  initToken(module: ModuleNumber, slot: Uint8Array, pin: Uint8Array | null, label: Uint8Array): number;
  initPin(module: ModuleNumber, session: Uint8Array, pin: Uint8Array | null): number;
  /** Both PINs, or null for both. */
  setPin(module: ModuleNumber, session: Uint8Array, before: Uint8Array | null, after: Uint8Array | null): number;
  /** Keeps the pages of a buffer from swap and core dumps until the process ends; false where the system does not. */
  lockMemory(bytes: Uint8Array): boolean;
  /** No core dumps of this process, and no look into it for others of the same user. Throws Error when it did not take. */
  forbidDumps(): void;
  /** What /proc/<pid>/comm shows of the main thread, at most 15 bytes. */
  nameThread(name: string): void;
}

const FILE = 'keyrite-native.node';

let loaded: Companion | null = null;

/**
 * The companion.
 *
 * @throws Error with the loader's words when it is missing or does not fit
 */
export function companion(): Companion {
  if (loaded !== null) return loaded;
  const holder: { exports: Partial<Companion> } = { exports: {} };
  process.dlopen(holder, companionFile(), constants.dlopen.RTLD_NOW);
  loaded = holder.exports as Companion;
  return loaded;
}

/** Beside the program; sources that tests run without building find it where the build puts it. */
function companionFile(): string {
  const beside = join(__dirname, FILE);
  return existsSync(beside) ? beside : join(__dirname, '../../build', FILE);
}
