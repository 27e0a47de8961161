/**
 * The npm packages, exactly as package-lock.json names them, installed with scripts off. npm leaves a copy of what it
 * installed in node_modules/.package-lock.json as its very last act: that copy is the stamp.
 */
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from './content-hash.mjs';
import { runNpm } from './run-command.mjs';
import { SetupFailure } from './step.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean,
 *   dependencies?: Record<string, string>, devDependencies?: Record<string, string> }} LockEntry
 * @typedef {{ packages: Record<string, LockEntry> }} Lockfile
 */

/**
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @returns {Promise<string>} the outcome in a few words
 * @throws SetupFailure when npm fails
 */
export async function installNpmPackages(root, say) {
  const reason = whyInstall(root);
  if (reason === null) return 'as package-lock.json says';
  say(`${reason}; npm ci, with the packages' scripts off`);
  const args = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const { code } = await runNpm(args, { cwd: root, output: 'show' });
  const still = code === 0 ? whyInstall(root) : null;
  if (code !== 0 || still !== null) {
    throw new SetupFailure(
      `npm ci ended with code ${String(code)}${still === null ? '' : `, and yet ${still}`}`,
      'read what npm says above (often: no network, or a proxy that npm was not told of), put it right, and start again',
    );
  }
  return 'installed';
}

/** @param {string} root */
function whyInstall(root) {
  const read = (/** @type {string} */ name) => {
    const bytes = readIfThere(join(root, name));
    return bytes === null ? null : /** @type {unknown} */ (JSON.parse(bytes.toString('utf8')));
  };
  const wanted = /** @type {Lockfile | null} */ (read('package-lock.json'));
  const manifest = /** @type {LockEntry | null} */ (read('package.json'));
  if (wanted === null || manifest === null) {
    throw new SetupFailure(
      'package.json or package-lock.json is missing',
      'check out the whole repository, and start again',
    );
  }
  const installed = /** @type {Lockfile | null} */ (read('node_modules/.package-lock.json'));
  return lockDifference(manifest, wanted, installed, (path) => isThere(join(root, path)));
}

/**
 * Why `npm ci` must run, or null when it need not.
 *
 * @param {LockEntry} manifest package.json
 * @param {Lockfile} wanted package-lock.json
 * @param {Lockfile | null} installed node_modules/.package-lock.json, null when there is none
 * @param {(path: string) => boolean} there whether a package's folder or link is there
 * @returns {string | null}
 */
export function lockDifference(manifest, wanted, installed, there) {
  const root = wanted.packages[''] ?? {};
  if (
    !sameRecord(manifest.dependencies, root.dependencies) ||
    !sameRecord(manifest.devDependencies, root.devDependencies)
  ) {
    return 'package.json asks for other packages than package-lock.json';
  }
  if (installed === null) return 'node_modules is missing or was not finished';
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (!path.includes('node_modules/')) continue;
    const found = installed.packages[path];
    // npm leaves out optional packages made for other systems.
    if (found === undefined && (entry.optional === true || entry.devOptional === true)) continue;
    if (found === undefined || !there(path)) return `${path} is missing`;
    if (found.version !== entry.version || found.integrity !== entry.integrity) return `${path} is another version`;
  }
  const extra = Object.keys(installed.packages).find((path) => wanted.packages[path] === undefined);
  return extra === undefined ? null : `${extra} is not in package-lock.json`;
}

/**
 * @param {Record<string, string> | undefined} left
 * @param {Record<string, string> | undefined} right
 */
function sameRecord(left = {}, right = {}) {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => left[name] === right[name]);
}

/** @param {string} path */
function isThere(path) {
  return existsSync(join(path, 'package.json')) || (existsSync(path) && lstatSync(path).isSymbolicLink());
}
