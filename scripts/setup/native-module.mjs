/**
 * Compiles pkcs11js with the compiler of the system and the pinned Node-API headers. Not node-gyp: that wants to download
 * headers. Node-API is stable across Node versions, so the result depends on nothing but sources, flags and compiler.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { contentHash, filesBelow, readIfThere, writeWhole } from './content-hash.mjs';
import { runCommand } from './run-command.mjs';
import { SetupFailure } from './step.mjs';

/** Sources that pkcs11js 2.1.7 names in its binding.gyp; the others are included by them. */
const SOURCES = ['src/dl.cpp', 'src/common.cpp', 'src/main.cpp'];

const FLAGS = [
  '-O2',
  '-fPIC',
  '-shared',
  '-std=c++17',
  '-fvisibility=hidden',
  '-fstack-protector-strong',
  '-D_FORTIFY_SOURCE=2',
  '-Wl,-z,relro,-z,now',
  '-DNAPI_DISABLE_CPP_EXCEPTIONS',
  '-DBUILDING_NODE_EXTENSION',
  '-DNODE_GYP_MODULE_NAME=pkcs11',
];

/**
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @returns {Promise<string>} the outcome in a few words
 * @throws SetupFailure when it does not compile or the result does not load
 */
export async function buildNativeModule(root, say) {
  const compiler = process.env['CXX'] ?? 'g++';
  const version = await runCommand(compiler, ['--version']);
  if (version.code !== 0) {
    throw new SetupFailure(
      `${compiler} does not run: ${version.output.trim()}`,
      'install g++ (or set CXX), and start again',
    );
  }
  const module = join(root, 'node_modules/pkcs11js');
  const headers = join(root, 'node_modules/node-api-headers/include');
  const folder = join(module, 'build/Release');
  const output = join(folder, 'pkcs11.node');
  const stampFile = join(folder, 'keyrite.stamp');

  const inputs = contentHash([
    ['compiler', `${compiler} ${version.output} ${process.arch}`],
    ['flags', FLAGS.join(' ')],
    ...filesBelow(join(module, 'src')),
    ...filesBelow(join(module, 'includes')),
    ...filesBelow(headers),
  ]);
  const built = readIfThere(output);
  const stamp = readIfThere(stampFile)?.toString('utf8');
  if (
    built !== null &&
    stamp ===
      contentHash([
        ['inputs', inputs],
        ['output', built],
      ])
  ) {
    await checkThatItLoads(root, output);
    return 'already compiled; it loads';
  }

  say(`${compiler} compiles ${String(SOURCES.length)} C++ files`);
  mkdirSync(folder, { recursive: true });
  const temporary = `${output}.${String(process.pid)}.tmp`;
  const includes = ['-I', headers, '-I', join(module, 'includes')];
  const compiled = await runCommand(compiler, [...FLAGS, ...includes, ...SOURCES, '-o', temporary], { cwd: module });
  if (compiled.code !== 0) {
    rmSync(temporary, { force: true });
    throw new SetupFailure(
      `pkcs11js does not compile:\n${compiled.output}`,
      `check that ${compiler} understands C++17 (any g++ since 8 does), and start again`,
    );
  }
  renameSync(temporary, output);
  await checkThatItLoads(root, output);
  const content = /** @type {Buffer} */ (readIfThere(output));
  writeWhole(
    stampFile,
    contentHash([
      ['inputs', inputs],
      ['output', content],
    ]),
  );
  return 'compiled; it loads';
}

/**
 * In a child, since a native module that is broken takes its process down.
 *
 * @param {string} root
 * @param {string} output
 */
async function checkThatItLoads(root, output) {
  const program = "const { PKCS11 } = require('pkcs11js'); new PKCS11();";
  const loaded = await runCommand(process.execPath, ['-e', program], { cwd: root });
  if (loaded.code === 0) return;
  throw new SetupFailure(
    `pkcs11js was compiled but does not load (code ${String(loaded.code)}):\n${loaded.output}`,
    `delete ${output} and start again; if it still fails, the compiler and this Node do not fit together`,
  );
}
