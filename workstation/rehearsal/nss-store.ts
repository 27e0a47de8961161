/**
 * Throw-away tokens of NSS softoken: one database for each unit, all opened by the library parameters of one module.
 * NSS shows the description given there as the token's label, whatever C_InitToken says, so it is the planned label.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Module } from '../../ceremony/plan/binding-schema';
import { UsageError } from '../explain';
import { fileSha256, findLibrary } from './module-file';

/** Number of the slot of the first database; NSS keeps 1 to 3 for itself. */
const FIRST_SLOT = 4;

/** What needs no escape between quotes in library parameters, where escapes nest three deep. */
const PLAIN = /^[A-Za-z0-9 /._+@:=-]+$/;

/** Where NSS softoken is. Throws UsageError when it is not installed. */
export function findNss(): string {
  const found = findLibrary('libsoftokn3.so', 'nss/libsoftokn3.so');
  if (found !== null) return found;
  throw new UsageError('NSS softoken is not installed', 'Nothing was run. Install it: apt-get install libnss3');
}

/**
 * Makes an empty database for each label.
 *
 * @param labels planned labels of the units
 * @throws UsageError for a folder or a label that library parameters cannot hold
 */
export function makeNssStore(room: string, id: string, labels: readonly string[]): Module {
  const path = findNss();
  const databases = labels.map((label, index) => ({ label, folder: join(room, id, String(index)) }));
  for (const text of databases.flatMap(({ label, folder }) => [label, folder])) {
    if (PLAIN.test(text)) continue;
    throw new UsageError(
      `“${text}” cannot stand in the library parameters of NSS`,
      'Nothing was run. For NSS, folders and token labels have only letters, digits, blanks and / . _ + @ : = -',
    );
  }
  for (const { folder } of databases) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const tokens = databases.map(
    ({ label, folder }, index) =>
      `0x${(FIRST_SLOT + index).toString(16)}=[configDir='sql:${folder}' tokenDescription='${label}']`,
  );
  return {
    id,
    path,
    sha256: fileSha256(path),
    libraryParameters: `configdir='' certPrefix='' keyPrefix='' secmod='' flags=noCertDB,noModDB tokens=<${tokens.join(' ')}>`,
    environment: [],
    files: [],
    links: [],
  };
}
