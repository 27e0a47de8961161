/**
 * The room of a rehearsal: throw-away token stores, the player's memory, the connected machine's folder. Everything in
 * it is worthless outside it. `docs/architecture.md` describes it.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Binding, Module } from '../../ceremony/plan/binding-schema';
import { UsageError } from '../explain';
import { newFolder } from '../input';
import { fileSha256 } from './module-file';
import { findNss, makeNssStore } from './nss-store';
import { findOpencryptoki, makeOpencryptokiStore } from './opencryptoki-store';
import { findSoftHsm, makeSoftHsmStore } from './softhsm-store';

/** Environment variables that a module given by its path may need; nothing else of ours reaches it. */
const MODULE_VARIABLES =
  /^(?:SOFTHSM2_CONF|PKCS11SPY|PKCS11SPY_OUTPUT|CS_PKCS11_R3_CFG|ChrystokiConfigurationPath|KEYRITE_[A-Z_]+)$/;

/** How the folders of rooms that are not kept begin. */
const ROOM_PREFIX = 'keyrite-room-';

/** A rehearsal's folder and the modules in it: one or more for the units, one for the people's tokens. */
export interface Room {
  readonly folder: string;
  readonly playerFile: string;
  readonly connected: string;
  /** Modules of the units. */
  readonly units: readonly Module[];
  readonly cards: Module;
  /** The module on which a unit has its token. Throws RangeError for a label that the room was not made for. */
  moduleOf(label: string): Module;
  /** Removes the room, unless it is to be kept. */
  leave(): void;
}

/**
 * Makes a room.
 *
 * @param keep folder to make it in and to leave behind; null for a folder that is removed at the end
 * @param module `softhsm2`, `nss`, `opencryptoki`, or the path of a module that has blank tokens to spare
 * @param labels planned token labels of the units
 * @throws UsageError when the folder is not empty, or the module is not there
 */
export function makeRoom(keep: string | null, module: string, labels: readonly string[]): Room {
  findSoftHsm();
  const given = foreignModule(module);
  const folder = keep === null ? mkdtempSync(join(tmpdir(), ROOM_PREFIX)) : newFolder(keep, 'rehearsal room');
  const leave = (): void => {
    if (keep === null) removeRoom(folder);
  };
  if (keep === null) writeFileSync(join(folder, THROW_AWAY), '');
  try {
    chmodSync(folder, 0o700);
    const connected = join(folder, 'connected');
    mkdirSync(connected, { mode: 0o700 });
    const units = given === null ? makeStores(folder, module, labels) : [given];
    return {
      folder,
      playerFile: join(folder, PLAYER_FILE),
      connected,
      units,
      cards: makeSoftHsmStore(folder, 'cards'),
      moduleOf: (label) => {
        const found = units.length === 1 ? units[0] : units[labels.indexOf(label)];
        if (found === undefined) throw new RangeError(`label: expected one of the plans, got ${label}`);
        return found;
      },
      leave,
    };
  } catch (error) {
    leave();
    throw error;
  }
}

/** What the player of a room remembers. */
const PLAYER_FILE = 'player.json';

/**
 * The file of the player that stands in for the people of a rehearsal; null where real people are asked.
 *
 * @throws UsageError when the rehearsal's room is gone
 */
export function playerOf({ room }: Binding): string | null {
  if (room === undefined) return null;
  const player = join(room, PLAYER_FILE);
  if (existsSync(player)) return player;
  throw new UsageError(`the rehearsal room ${room} is gone`, 'Its tokens went with it: start a new rehearsal.');
}

/** A file that marks a room nobody asked to keep. */
const THROW_AWAY = 'throw-away';

/** Removes the room of a rehearsal that was resumed to its end, if nobody asked to keep it. Rooms that are kept stay. */
export function leaveThrowAwayRoom(folder: string): void {
  if (isThrowAwayRoom(folder)) removeRoom(folder);
}

/** Whether a folder is a rehearsal's room that is there and that nobody asked to keep. */
export function isThrowAwayRoom(folder: string): boolean {
  const isOurs = dirname(folder) === tmpdir() && basename(folder).startsWith(ROOM_PREFIX);
  return isOurs && existsSync(join(folder, THROW_AWAY));
}

/** Workers that are just ending may still write: a few tries. */
function removeRoom(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Tokens of the room's own for the units: one module for all of them, or one for each label. */
function makeStores(room: string, module: string, labels: readonly string[]): Module[] {
  if (module === 'nss') return [makeNssStore(room, UNITS, labels)];
  if (module === 'opencryptoki')
    return labels.map((_, index) => makeOpencryptokiStore(room, `${UNITS}-${String(index)}`));
  return [makeSoftHsmStore(room, UNITS)];
}

/**
 * A module that the caller brings; null for one of those that get a store of the room's own.
 *
 * @throws UsageError when it cannot be rehearsed on: it is not there, or not installed
 */
export function foreignModule(module: string): Module | null {
  if (module === 'softhsm2') findSoftHsm();
  else if (module === 'nss') findNss();
  else if (module === 'opencryptoki') findOpencryptoki();
  else return foreign(modulePath(module));
  return null;
}

/** Id of the units' module, and name of its store; a number follows where there are several. */
const UNITS = 'units';

function modulePath(path: string): string {
  if (!existsSync(path)) {
    throw new UsageError(
      `there is no PKCS#11 module at ${path}`,
      'Name softhsm2, nss, opencryptoki, or the path of a PKCS#11 module with blank tokens.',
    );
  }
  if (!isAbsolute(path)) throw new UsageError(`${path} is not an absolute path`, 'Name the module by its whole path.');
  if (!statSync(path).isFile()) throw new UsageError(`${path} is not a file`, 'Name the path of a PKCS#11 module.');
  return path;
}

/** A module that the caller brings, with the variables of the environment that steer it. */
function foreign(path: string): Module {
  const environment = Object.entries(process.env).flatMap(([name, value]) =>
    MODULE_VARIABLES.test(name) && value !== undefined ? [{ name, value }] : [],
  );
  return { id: UNITS, path, sha256: fileSha256(path), environment, files: [], links: [] };
}
