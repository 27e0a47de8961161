/**
 * The Electron that package-lock.json pins. Its npm package holds no binary, but a program that fetches it and checks it
 * against the checksums in the package. Where that fails, it is not tried again for a day.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { contentHash, readIfThere, writeWhole } from './content-hash.mjs';
import { fileHash, listing, sizeBelow } from './file-facts.mjs';

/** @typedef {import('./electron-runtime.mjs').Runtime} Runtime */

/** How long nothing may arrive before we stop waiting: a slow line is waited for, a dead one is not. */
const SILENCE_MS = 20_000;
/** How long a failure is remembered. */
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @param {{ retry: boolean, silenceMs?: number }} options `retry`: also when it failed within the last day
 * @returns {Promise<Runtime | null>} null when it can't be had here, which has been said
 */
export async function fetchPinnedElectron(root, say, { retry, silenceMs = SILENCE_MS }) {
  const source = join(root, 'node_modules/electron');
  const { version } = /** @type {{ version: string }} */ (
    JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
  );
  const folder = join(source, 'dist');
  const state = join(root, 'build/runtime');
  const stampFile = join(state, `electron-${version}.stamp`);
  if (await isIntact(folder, stampFile)) return { kind: 'pinned', version, folder };

  const failureFile = join(state, `electron-${version}.failed`);
  const failed = Number(readIfThere(failureFile)?.toString('utf8') ?? 0);
  if (!retry && Date.now() - failed < DAY_MS) {
    say(`Electron ${version} could not be had lately; npm start -- --fetch-electron tries again`);
    return null;
  }
  say(`fetches Electron ${version}`);
  rmSync(folder, { recursive: true, force: true });
  const failure = await fetchBinary(source, state, silenceMs);
  if (failure !== null) {
    writeWhole(failureFile, String(Date.now()));
    say(`Electron ${version} can't be had here (${failure}); it is tried again after a day`);
    return null;
  }
  rmSync(failureFile, { force: true });
  writeWhole(stampFile, await stamp(folder));
  return { kind: 'pinned', version, folder };
}

/**
 * @param {string} folder
 * @param {string} stampFile
 */
async function isIntact(folder, stampFile) {
  const kept = readIfThere(stampFile)?.toString('utf8');
  return kept !== undefined && readIfThere(join(folder, 'version')) !== null && kept === (await stamp(folder));
}

/**
 * The libraries beside the program are known by size and time, the program itself by its hash, each time.
 *
 * @param {string} folder
 */
async function stamp(folder) {
  const program = await fileHash(join(folder, 'electron'), 'sha256', 'hex').catch(() => 'missing');
  return contentHash([
    ['program', program],
    ['files', listing(folder)],
  ]);
}

/**
 * Runs the package's own program, and watches whether bytes arrive.
 *
 * @param {string} source folder of the npm package
 * @param {string} state folder of ours
 * @param {number} silenceMs
 * @returns {Promise<string | null>} why it failed, in a few words; null when it is there
 */
async function fetchBinary(source, state, silenceMs) {
  mkdirSync(state, { recursive: true });
  const work = mkdtempSync(join(state, 'fetch-'));
  try {
    return await new Promise((resolve) => {
      const child = spawn(process.execPath, [join(source, 'install.js')], {
        cwd: source,
        env: { ...process.env, TMPDIR: work },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text));
      }
      let size = -1;
      let since = Date.now();
      let silent = false;
      const watch = setInterval(
        () => {
          const now = sizeBelow(work) + sizeBelow(join(source, 'dist'));
          if (now !== size) {
            size = now;
            since = Date.now();
          } else if (Date.now() - since > silenceMs) {
            silent = true;
            child.kill('SIGKILL');
          }
        },
        Math.min(500, silenceMs),
      );
      const end = (/** @type {string | null} */ failure) => {
        clearInterval(watch);
        resolve(failure);
      };
      child.on('error', (error) => end(error.message));
      child.on('close', (code) => {
        if (silent) end(`nothing arrived for ${String(silenceMs / 1000)} s`);
        else end(code === 0 ? null : firstLine(output));
      });
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {string} output */
function firstLine(output) {
  return output.trim().split('\n')[0]?.slice(0, 200) || 'it said nothing';
}
