/** The programs that are built. Each is one CommonJS file that runs on Node 18 (Electron 25's) and later. */

/**
 * @typedef {object} Bundle
 * @property {string} entry source, relative to the checkout
 * @property {string} output relative to the checkout
 * @property {'node' | 'preload'} runsIn `preload`: the script of a sandboxed window, which has no modules of Node
 * @property {boolean} command started by people: gets a `#!` line and the right to be executed
 * @property {readonly string[]} external packages that stay outside
 * @property {Readonly<Record<string, string | boolean>>} constants what the program is compiled with, besides its version
 */

/** @type {readonly Bundle[]} */
export const BUNDLES = [
  program('cli/keyrite.ts', 'build/keyrite.cjs', { command: true }),
  program('hsm/worker.ts', 'build/worker.cjs', { external: ['pkcs11js'] }),
  program('hsm/shares/process.ts', 'build/share-process.cjs'),
  program('hsm/key-file/process.ts', 'build/key-file.cjs'),
  program('cli/person/process.ts', 'build/person.cjs'),
  program('workstation/rehearsal/player-process.ts', 'build/player.cjs'),
  program('connected/keyrite-connect.ts', 'connected/build/keyrite-connect.cjs', { command: true }),
  app('main', 'build/app/main.cjs'),
  app('preload', 'build/app/preload.cjs', { runsIn: 'preload' }),
  app('secret-preload', 'build/app/secret-preload.cjs', { runsIn: 'preload' }),
  // The same main, but it lets the tests' debugger in: no file and no variable could make the other one do that.
  app('main', 'build/app-for-tests/main.cjs', { constants: { KEYRITE_TEST_BUILD: true, KEYRITE_TEST_RUNTIME: '' } }),
];

/**
 * A program of the app itself.
 *
 * @param {string} name
 * @param {string} output
 * @param {Partial<Bundle>} [more]
 * @returns {Bundle}
 */
function app(name, output, more = {}) {
  const constants = { KEYRITE_TEST_BUILD: false, KEYRITE_TEST_RUNTIME: '' };
  return program(`src-main/${name}.ts`, output, { external: ['electron'], constants, ...more });
}

/**
 * @param {string} entry
 * @param {string} output
 * @param {Partial<Bundle>} [more]
 * @returns {Bundle}
 */
function program(entry, output, more = {}) {
  return { entry, output, runsIn: 'node', command: false, external: [], constants: {}, ...more };
}
