/** A SoftHSM2 store of its own for one test file. The module reads its environment once: make it before loading. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian installs the module. */
export const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so';

/** A store and the tool to look at it from outside. */
export interface Store {
  readonly folder: string;
  readonly conf: string;
  /** Runs pkcs11-tool of OpenSC on the store and returns what it prints. */
  tool(...args: readonly string[]): string;
  remove(): void;
}

/** Makes an empty store and names it in SOFTHSM2_CONF. */
export function makeStore(): Store {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-softhsm-'));
  mkdirSync(join(folder, 'tokens'));
  const conf = join(folder, 'softhsm2.conf');
  writeFileSync(
    conf,
    `directories.tokendir = ${join(folder, 'tokens')}/\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`,
  );
  process.env['SOFTHSM2_CONF'] = conf;
  return {
    folder,
    conf,
    tool: (...args) =>
      execFileSync('pkcs11-tool', ['--module', SOFTHSM, ...args], {
        env: { ...process.env, SOFTHSM2_CONF: conf },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** SHA-256 of a file, lower-case hex. */
export function fileSha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
