/**
 * Electron's fuses: switches in the binary, set when the app is packaged. Which there are depends on Electron's major
 * version. Every one that there is has a value and a reason in src-main/fuses.json, by which the app itself judges the
 * program that it runs on.
 */
import { readFileSync } from 'node:fs';
import { FuseV1Options, FuseVersion, flipFuses, getCurrentFuseWire } from '@electron/fuses';

/**
 * @typedef {object} Fuse
 * @property {number} at index in the wire
 * @property {keyof typeof FuseV1Options} name as `@electron/fuses` calls it
 * @property {boolean} on
 * @property {number} since first major version of Electron that has it
 * @property {string} why
 */

/** In the order of the wire. */
export const FUSES = readTable();

/** @returns {readonly Fuse[]} */
function readTable() {
  const file = new URL('../../src-main/fuses.json', import.meta.url);
  const { fuses } = /** @type {{ fuses: readonly Fuse[] }} */ (JSON.parse(readFileSync(file, 'utf8')));
  fuses.forEach(({ at, name, on, since, why }, index) => {
    if (at === index && FuseV1Options[at] === name && typeof on === 'boolean' && since > 0 && why !== '') return;
    throw new RangeError(
      `src-main/fuses.json, fuse ${String(index)}: expected at, name, on, since and why, got ${name}`,
    );
  });
  return fuses;
}

/** The one that Playwright needs on: see test-package.mjs. */
const INSPECT = 'EnableNodeCliInspectArguments';

/** Bytes of the wire: the digits 0 and 1; `r` is a fuse that Electron has retired. */
const STATES = { [0x30]: false, [0x31]: true };

/**
 * The fuses that a version of Electron has.
 *
 * @param {number} major
 */
export function fusesOf(major) {
  return FUSES.filter((fuse) => fuse.since <= major);
}

/**
 * Sets every fuse of a program; fails when the program has one more or less than the table says.
 *
 * @param {string} program
 * @param {number} major of its Electron
 * @param {{ inspectable: boolean }} purpose whether tests may attach a debugger
 */
export async function setFuses(program, major, { inspectable }) {
  const settings = Object.fromEntries(
    fusesOf(major).map(({ at, name, on }) => [at, on || (inspectable && name === INSPECT)]),
  );
  // The type wants all that the newest Electron has; what a program lacks must not be named.
  const config = /** @type {import('@electron/fuses').FuseConfig} */ (
    /** @type {unknown} */ ({ version: FuseVersion.V1, strictlyRequireAllFuses: true, ...settings })
  );
  await flipFuses(program, config);
}

/**
 * What the fuses of a program are.
 *
 * @param {string} program
 * @returns {Promise<Record<string, boolean | string>>} by name; a fuse that the table does not know is `fuse 9`, one in
 *   another state than on and off has that state's code
 */
export async function readFuses(program) {
  const { version: _, ...wire } = await getCurrentFuseWire(program);
  /** @type {[string, boolean | string][]} */
  const entries = Object.entries(wire).map(([index, code]) => {
    const state = STATES[/** @type {keyof typeof STATES} */ (Number(code))];
    return [FuseV1Options[Number(index)] ?? `fuse ${index}`, state ?? `state ${String(code)}`];
  });
  return Object.fromEntries(entries);
}

/**
 * In what a program's fuses differ from the table.
 *
 * @param {Record<string, boolean | string>} read as {@link readFuses} gives them
 * @param {number} major of its Electron
 * @param {{ inspectable?: boolean }} [purpose] whether it is a package that tests drive
 * @returns {string[]} empty when they are as they should be
 */
export function fuseDifferences(read, major, { inspectable = false } = {}) {
  const wanted = new Map(fusesOf(major).map(({ name, on }) => [/** @type {string} */ (name), on]));
  if (inspectable) wanted.set(INSPECT, true);
  const names = new Set([...wanted.keys(), ...Object.keys(read)]);
  return [...names]
    .filter((name) => wanted.get(name) !== read[name])
    .map((name) => `${name}: expected ${describe(wanted.get(name))}, got ${describe(read[name])}`);
}

/** @param {boolean | string | undefined} state */
function describe(state) {
  if (typeof state === 'string') return state;
  return state === undefined ? 'no such fuse' : state ? 'on' : 'off';
}
