/**
 * Compiles pkcs11js, and Keyrite's own companion to it, with the compiler of the system and the pinned Node-API headers.
 * Not node-gyp: that wants to download headers. Node-API is stable across Node versions, so the results depend on nothing
 * but sources, flags and compiler, and load in Node and Electron alike.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contentHash, filesBelow, readIfThere, writeWhole } from './content-hash.mjs';
import { runCommand } from './run-command.mjs';
import { SetupFailure } from './step.mjs';

/** Keyrite's own native module, relative to the checkout. Programs look for it beside themselves. */
export const COMPANION = 'build/keyrite-native.node';

/** What both are compiled with. */
const HARDENED = [
  '-O2',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  '-fstack-protector-strong',
  '-D_FORTIFY_SOURCE=2',
  '-Wl,-z,relro,-z,now',
  '-DBUILDING_NODE_EXTENSION',
];

const HEADERS = 'node_modules/node-api-headers/include';
const PKCS11_HEADERS = 'node_modules/pkcs11js/includes';

/**
 * @typedef {object} Native
 * @property {string} name
 * @property {string} folder where it is compiled, relative to the checkout
 * @property {readonly string[]} sources relative to that folder
 * @property {readonly string[]} flags
 * @property {readonly string[]} dependsOn folders and files whose content goes into it, relative to the checkout
 * @property {string} output relative to the checkout
 * @property {string} stamp relative to the checkout
 * @property {string} trial program that loads it, for `node -e`, run in the checkout
 */

/** @type {Native} */
const PKCS11JS = {
  name: 'pkcs11js',
  folder: 'node_modules/pkcs11js',
  // Those that pkcs11js 2.1.7 names in its binding.gyp; the others are included by them.
  sources: ['src/dl.cpp', 'src/common.cpp', 'src/main.cpp'],
  flags: ['-std=c++17', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_GYP_MODULE_NAME=pkcs11'],
  dependsOn: ['node_modules/pkcs11js/src', PKCS11_HEADERS, HEADERS],
  output: 'node_modules/pkcs11js/build/Release/pkcs11.node',
  stamp: 'node_modules/pkcs11js/build/Release/keyrite.stamp',
  trial: "const { PKCS11 } = require('pkcs11js'); new PKCS11();",
};

/** @type {Native} */
const OURS = {
  name: 'keyrite-native',
  folder: 'hsm/native',
  sources: ['keyrite-native.c'],
  flags: ['-x', 'c', '-std=c11', '-Wall', '-Wextra', '-Werror', '-Wl,-z,noexecstack'],
  dependsOn: ['hsm/native/keyrite-native.c', PKCS11_HEADERS, HEADERS],
  output: COMPANION,
  stamp: 'build/stamps/keyrite-native.stamp',
  trial: `process.dlopen({ exports: {} }, require('node:path').resolve('${COMPANION}'));`,
};

/**
 * The bridge to PKCS#11.
 *
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @returns {Promise<string>} the outcome in a few words
 * @throws SetupFailure when it does not compile or the result does not load
 */
export function buildPkcs11js(root, say) {
  return build(root, PKCS11JS, say);
}

/**
 * Keyrite's own: PINs that are wiped or come from a pad, and memory that is kept from others.
 *
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @returns {Promise<string>} the outcome in a few words
 * @throws SetupFailure when it does not compile or the result does not load
 */
export function buildCompanion(root, say) {
  return build(root, OURS, say);
}

/**
 * @param {string} root
 * @param {Native} native
 * @param {(text: string) => void} say
 */
async function build(root, native, say) {
  const compiler = process.env['CXX'] ?? 'g++';
  const version = await runCommand(compiler, ['--version']);
  if (version.code !== 0) {
    throw new SetupFailure(
      `${compiler} does not run: ${version.output.trim()}`,
      'install g++ (or set CXX), and start again',
    );
  }
  const flags = [...HARDENED, ...native.flags];
  const output = join(root, native.output);
  const stampFile = join(root, native.stamp);
  const inputs = contentHash([
    ['compiler', `${compiler} ${version.output} ${process.arch}`],
    ['flags', flags.join(' ')],
    ...native.dependsOn.flatMap((path) => contentBelow(join(root, path))),
  ]);
  const built = readIfThere(output);
  if (built !== null && readIfThere(stampFile)?.toString('utf8') === stampOf(inputs, built)) {
    await checkThatItLoads(root, native);
    return 'already compiled; it loads';
  }

  say(`${compiler} compiles ${native.sources.join(', ')}`);
  mkdirSync(dirname(output), { recursive: true });
  const temporary = `${output}.${String(process.pid)}.tmp`;
  // Of system headers no warnings are told.
  const includes = [HEADERS, PKCS11_HEADERS].flatMap((path) => ['-isystem', join(root, path)]);
  const compiled = await runCommand(compiler, [...flags, ...includes, ...native.sources, '-o', temporary], {
    cwd: join(root, native.folder),
  });
  if (compiled.code !== 0) {
    rmSync(temporary, { force: true });
    throw new SetupFailure(
      `${native.name} does not compile:\n${compiled.output}`,
      `check that ${compiler} understands C++17 and C11 (any g++ since 8 does), and start again`,
    );
  }
  renameSync(temporary, output);
  await checkThatItLoads(root, native);
  writeWhole(stampFile, stampOf(inputs, /** @type {Buffer} */ (readIfThere(output))));
  return 'compiled; it loads';
}

/**
 * The files of a folder, or a file, with their content.
 *
 * @param {string} path
 * @returns {(readonly [string, Buffer])[]}
 */
function contentBelow(path) {
  const file = readIfThere(path);
  return file === null ? filesBelow(path) : [[path.slice(path.lastIndexOf('/') + 1), file]];
}

/**
 * @param {string} inputs
 * @param {Buffer} output
 */
function stampOf(inputs, output) {
  return contentHash([
    ['inputs', inputs],
    ['output', output],
  ]);
}

/**
 * In a child, since a native module that is broken takes its process down.
 *
 * @param {string} root
 * @param {Native} native
 */
async function checkThatItLoads(root, { name, output, trial }) {
  const loaded = await runCommand(process.execPath, ['-e', trial], { cwd: root });
  if (loaded.code === 0) return;
  throw new SetupFailure(
    `${name} was compiled but does not load (code ${String(loaded.code)}):\n${loaded.output}`,
    `delete ${join(root, output)} and start again; if it still fails, the compiler and this Node do not fit together`,
  );
}
