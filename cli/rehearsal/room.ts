/**
 * The room of a rehearsal: throw-away token stores, the player's memory, the connected machine's folder. Everything in
 * it is worthless outside it. `docs/architecture.md` describes it.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Module } from '../../ceremony/plan/binding-schema';
import { UsageError } from '../exit';
import { newFolder } from '../input';

/** Where Debian's softhsm2 puts its module. */
const SOFTHSM2 = '/usr/lib/softhsm/libsofthsm2.so';

/** Environment variables that a module given by its path may need; nothing else of ours reaches it. */
const MODULE_VARIABLES =
  /^(?:SOFTHSM2_CONF|PKCS11SPY|PKCS11SPY_OUTPUT|CS_PKCS11_R3_CFG|ChrystokiConfigurationPath|KEYRITE_[A-Z_]+)$/;

/** A rehearsal's folder and the two modules in it: one for the units, one for the people's tokens. */
export interface Room {
  readonly folder: string;
  readonly playerFile: string;
  readonly connected: string;
  readonly units: Module;
  readonly cards: Module;
  /** Removes the room, unless it is to be kept. */
  leave(): void;
}

/**
 * Makes a room.
 *
 * @param keep folder to make it in and to leave behind; null for a folder that is removed at the end
 * @param module `softhsm2`, or the path of a module that has blank tokens to spare
 * @throws UsageError when the folder is not empty, or the module is not there
 */
export function makeRoom(keep: string | null, module: string): Room {
  requireSoftHsm();
  const given = foreignModule(module);
  const folder = keep === null ? mkdtempSync(join(tmpdir(), 'keyrite-room-')) : newFolder(keep, 'rehearsal room');
  chmodSync(folder, 0o700);
  const connected = join(folder, 'connected');
  mkdirSync(connected, { mode: 0o700 });
  return {
    folder,
    playerFile: join(folder, 'player.json'),
    connected,
    units: given ?? softHsm(folder, 'units'),
    cards: softHsm(folder, 'cards'),
    leave: () => {
      if (keep === null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The module's path. Throws UsageError when it cannot be rehearsed on. */
function modulePath(path: string): string {
  if (path === 'nss' || path === 'opencryptoki') {
    throw new UsageError(
      `this version cannot rehearse on ${path} yet`,
      'Leave --module out for SoftHSM2, or name the path of a module with blank tokens.',
    );
  }
  if (!existsSync(path)) {
    throw new UsageError(`there is no PKCS#11 module at ${path}`, 'Name the path of a PKCS#11 module.');
  }
  if (!path.startsWith('/'))
    throw new UsageError(`${path} is not an absolute path`, 'Name the module by its whole path.');
  if (!statSync(path).isFile()) throw new UsageError(`${path} is not a file`, 'Name the path of a PKCS#11 module.');
  return path;
}

/** People's tokens are SoftHSM2's, whatever the units are. Throws UsageError. */
function requireSoftHsm(): void {
  if (existsSync(SOFTHSM2)) return;
  throw new UsageError(`there is no PKCS#11 module at ${SOFTHSM2}`, 'Install it: apt-get install softhsm2');
}

/** A SoftHSM2 store of its own. */
function softHsm(folder: string, id: string): Module {
  const store = join(folder, id);
  mkdirSync(join(store, 'tokens'), { recursive: true, mode: 0o700 });
  const conf = join(store, 'softhsm2.conf');
  writeFileSync(
    conf,
    [
      `directories.tokendir = ${join(store, 'tokens')}`,
      'objectstore.backend = file',
      'log.level = ERROR',
      'slots.removable = false',
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  return {
    id,
    path: SOFTHSM2,
    sha256: fileSha256(SOFTHSM2),
    environment: [{ name: 'SOFTHSM2_CONF', value: conf }],
    files: [{ path: conf, sha256: fileSha256(conf) }],
    links: [],
  };
}

/**
 * A module that the caller brings, with the variables of the environment that steer it; null for SoftHSM2 on a store of
 * the room's own.
 *
 * @throws UsageError when it cannot be rehearsed on
 */
export function foreignModule(module: string): Module | null {
  return module === 'softhsm2' ? null : foreign(modulePath(module));
}

function foreign(path: string): Module {
  const environment = Object.entries(process.env).flatMap(([name, value]) =>
    MODULE_VARIABLES.test(name) && value !== undefined ? [{ name, value }] : [],
  );
  return { id: 'units', path, sha256: fileSha256(path), environment, files: [], links: [] };
}

function fileSha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
