/** Throw-away tokens of SoftHSM2: a store of its own, in which a blank token is always to be had. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Module } from '../../ceremony/plan/binding-schema';
import { UsageError } from '../explain';
import { fileSha256, findLibrary } from './module-file';

/** Where SoftHSM2 is. Throws UsageError when it is not installed. */
export function findSoftHsm(): string {
  const found = findLibrary('softhsm/libsofthsm2.so', 'pkcs11/libsofthsm2.so');
  if (found !== null) return found;
  throw new UsageError('SoftHSM2 is not installed', 'Nothing was run. Install it: apt-get install softhsm2');
}

/** Makes an empty store in the room; `id` names its folder and the module of the binding. */
export function makeSoftHsmStore(room: string, id: string): Module {
  const path = findSoftHsm();
  const store = join(room, id);
  const tokens = join(store, 'tokens');
  mkdirSync(tokens, { recursive: true, mode: 0o700 });
  const conf = join(store, 'softhsm2.conf');
  const lines = [
    `directories.tokendir = ${tokens}`,
    'objectstore.backend = file',
    'log.level = ERROR',
    'slots.removable = false',
  ];
  writeFileSync(conf, `${lines.join('\n')}\n`, { mode: 0o600 });
  return {
    id,
    path,
    sha256: fileSha256(path),
    environment: [{ name: 'SOFTHSM2_CONF', value: conf }],
    files: [{ path: conf, sha256: fileSha256(conf) }],
    links: [],
  };
}
