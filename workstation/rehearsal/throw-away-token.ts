/** One throw-away token of a module that Keyrite can make a store for: to be asked what it can do, then removed. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Module } from '../../ceremony/plan/binding-schema';
import type { ModuleWorker } from '../module-worker';
import type { UnitTarget } from '../../hsm/contract';
import { makeNssStore } from './nss-store';
import { makeOpencryptokiStore } from './opencryptoki-store';
import { makeSoftHsmStore } from './softhsm-store';

/** Modules with a store of their own, by the names that rehearsals know them by. */
export const STORE_NAMES = ['softhsm2', 'nss', 'opencryptoki'] as const;
/** One of {@link STORE_NAMES}. */
export type StoreName = (typeof STORE_NAMES)[number];

const LABEL = 'keyrite-throw-away';
const STORE = 'throw-away';
/** Id under which the player knows the token. */
const UNIT = 'throw-away';

/** A folder with an empty store in it, and the player who makes up its PINs. */
export interface ThrowAwayStore {
  readonly folder: string;
  readonly module: Module;
  readonly player: string;
  /** Removes everything. */
  leave(): void;
}

/** Makes a store. Throws UsageError when the module is not installed, or opencryptoki cannot be had here. */
export function makeThrowAwayStore(name: StoreName): ThrowAwayStore {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-throw-away-'));
  const leave = (): void => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  try {
    chmodSync(folder, 0o700);
    return { folder, module: makeStore(name, folder), player: join(folder, 'player.json'), leave };
  } catch (error) {
    leave();
    throw error;
  }
}

function makeStore(name: StoreName, folder: string): Module {
  switch (name) {
    case 'softhsm2':
      return makeSoftHsmStore(folder, STORE);
    case 'nss':
      return makeNssStore(folder, STORE, [LABEL]);
    case 'opencryptoki':
      return makeOpencryptokiStore(folder, STORE);
  }
}

/** Initialises the blank token of a store, and sets its user PIN. Throws DeviceError. */
export async function initialiseThrowAway(worker: ModuleWorker): Promise<UnitTarget> {
  const pin = { parts: 1 as const, holders: ['player'] };
  const blank: UnitTarget = {
    unit: UNIT,
    address: { blank: true, label: LABEL, serial: null },
    identitySpki: null,
    user: pin,
    securityOfficer: pin,
  };
  const { label, serial } = await worker.call('unit.initialise-token', { target: blank, label: LABEL, again: false });
  const target = { ...blank, address: { blank: false, label, serial } };
  await worker.call('unit.set-user-pin', { target });
  return target;
}
