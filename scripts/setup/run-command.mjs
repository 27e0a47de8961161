/** Child programs of the scripts: always without a shell, always with standard input closed. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, output?: 'show' | 'keep' }} [options] `show` lets the program write
 *   to our own output, `keep` (the default) collects it
 * @returns {Promise<{ code: number, output: string }>} exit code (128 + number of the signal that ended it; 127 when it
 *   could not be started) and what was collected
 */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve) => {
    const show = options.output === 'show';
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output += text;
      });
    }
    child.on('error', (error) => {
      resolve({ code: 127, output: error.message });
    });
    child.on('close', (code, signal) => {
      resolve({ code: code ?? 128 + signalNumber(signal), output });
    });
  });
}

/**
 * Runs `npm`, the same one that started us where npm did.
 *
 * @param {readonly string[]} args
 * @param {{ cwd?: string, output?: 'show' | 'keep' }} options
 */
export function runNpm(args, options) {
  const npm = process.env['npm_execpath'];
  return npm?.endsWith('npm-cli.js') === true
    ? runCommand(process.execPath, [npm, ...args], options)
    : runCommand('npm', args, options);
}

/**
 * Where a program is, looked up in `PATH` and in the system's own folders.
 *
 * @param {string} name
 * @param {string} [path]
 * @returns {string | null}
 */
export function findCommand(name, path = process.env['PATH'] ?? '') {
  const folders = [
    ...path.split(delimiter).filter((folder) => folder !== ''),
    '/usr/bin',
    '/usr/sbin',
    '/bin',
    '/sbin',
  ];
  for (const folder of folders) {
    const file = join(folder, name);
    if (isProgram(file)) return file;
  }
  return null;
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** @param {NodeJS.Signals | null} signal */
function signalNumber(signal) {
  return { SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 }[/** @type {string} */ (signal)] ?? 1;
}
