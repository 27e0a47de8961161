/** The programs that are built. Each is one CommonJS file that runs on Node 18 (Electron 25's) and later. */

/**
 * @typedef {object} Bundle
 * @property {string} entry source, relative to the checkout
 * @property {string} output relative to the checkout
 * @property {boolean} command started by people: gets a `#!` line and the right to be executed
 * @property {readonly string[]} external packages that stay outside
 */

/** @type {readonly Bundle[]} */
export const BUNDLES = [
  { entry: 'cli/keyrite.ts', output: 'build/keyrite.cjs', command: true, external: [] },
  { entry: 'hsm/worker.ts', output: 'build/worker.cjs', command: false, external: ['pkcs11js'] },
  { entry: 'hsm/shares/process.ts', output: 'build/share-process.cjs', command: false, external: [] },
  { entry: 'cli/person/process.ts', output: 'build/person.cjs', command: false, external: [] },
  {
    entry: 'connected/keyrite-connect.ts',
    output: 'connected/build/keyrite-connect.cjs',
    command: true,
    external: [],
  },
];
