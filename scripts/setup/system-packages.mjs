/**
 * Programs and libraries that come from the operating system. They are looked for as files, never in the package
 * manager's list: what counts is whether they are there.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand, runCommand } from './run-command.mjs';
import { SetupFailure } from './step.mjs';

/**
 * @typedef {object} SystemPackage
 * @property {string} name Debian's name for it
 * @property {string} why
 * @property {readonly string[]} commands programs that must be there
 * @property {readonly (readonly string[])[]} files of each group one must be there; `*` stands for one folder
 * @property {'always' | 'app' | 'tests'} neededFor `app`: also for tests, which start it
 */

/** @type {readonly SystemPackage[]} */
export const SYSTEM_PACKAGES = [
  {
    name: 'softhsm2',
    why: 'the throw-away tokens of a rehearsal',
    commands: ['softhsm2-util'],
    files: [
      ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/*/softhsm/libsofthsm2.so', '/usr/lib64/pkcs11/libsofthsm2.so'],
    ],
    neededFor: 'always',
  },
  {
    name: 'opensc',
    why: 'pkcs11-tool, which looks at tokens without any code of ours',
    commands: ['pkcs11-tool'],
    files: [],
    neededFor: 'always',
  },
  {
    name: 'g++',
    why: 'compiles pkcs11js, the bridge to PKCS#11 modules',
    commands: ['g++'],
    files: [],
    neededFor: 'always',
  },
  { name: 'jq', why: 'verify.sh reads the transcript with it', commands: ['jq'], files: [], neededFor: 'always' },
  {
    name: 'openssl',
    why: 'verify.sh checks signatures with it',
    commands: ['openssl'],
    files: [],
    neededFor: 'always',
  },
  {
    name: 'libnss3',
    why: 'a second PKCS#11 module (NSS), so that not only SoftHSM is rehearsed on',
    commands: [],
    files: [['/usr/lib/*/libsoftokn3.so', '/usr/lib/*/nss/libsoftokn3.so', '/usr/lib64/libsoftokn3.so']],
    neededFor: 'always',
  },
  {
    name: 'libgtk-3-0',
    why: 'windows, and most libraries below them',
    commands: [],
    files: library('libgtk-3.so.0'),
    neededFor: 'app',
  },
  {
    name: 'libgbm1',
    why: 'what the windows show is drawn into its buffers',
    commands: [],
    files: library('libgbm.so.1'),
    neededFor: 'app',
  },
  {
    name: 'libasound2',
    why: 'Electron does not start without it, though the app makes no sound',
    commands: [],
    files: library('libasound.so.2'),
    neededFor: 'app',
  },
  {
    name: 'opencryptoki',
    why: 'a third PKCS#11 module: the tests rehearse on its soft token',
    commands: [],
    files: [['/usr/lib/*/opencryptoki/stdll/libpkcs11_sw.so', '/usr/lib64/opencryptoki/stdll/libpkcs11_sw.so']],
    neededFor: 'tests',
  },
  {
    name: 'libopencryptoki0',
    why: 'the library of opencryptoki',
    commands: [],
    files: [['/usr/lib/*/pkcs11/libopencryptoki.so', '/usr/lib64/pkcs11/libopencryptoki.so']],
    neededFor: 'tests',
  },
  {
    name: 'shellcheck',
    why: 'the tests check verify.sh with it',
    commands: ['shellcheck'],
    files: [],
    neededFor: 'tests',
  },
  {
    name: 'python3',
    why: 'a verifier of bundles, written from the document alone, whose verdicts the tests compare with ours',
    commands: ['python3'],
    files: [],
    neededFor: 'tests',
  },
  {
    name: 'poppler-utils',
    why: 'the tests read PDFs with it: text, structure, pages as pictures',
    commands: ['pdftotext', 'pdftoppm', 'pdfinfo'],
    files: [],
    neededFor: 'tests',
  },
  {
    name: 'age',
    why: 'the tests open with it the shares that Keyrite wrote as age files',
    commands: ['age', 'age-keygen'],
    files: [],
    neededFor: 'tests',
  },
  {
    name: 'zbar-tools',
    why: 'the tests read the QR codes of printed shares with it',
    commands: ['zbarimg'],
    files: [],
    neededFor: 'tests',
  },
  {
    name: 'ghostscript',
    why: 'the tests see with it what a PostScript printer would print of a share',
    commands: ['gs'],
    files: [],
    neededFor: 'tests',
  },
  {
    name: 'cups-client',
    why: 'lp and lpstat, by which the app prints: the tests print',
    commands: ['lp', 'lpstat'],
    files: [],
    neededFor: 'tests',
  },
  {
    name: 'cups-daemon',
    why: 'the tests print with a print system of their own, which is this one',
    commands: ['cupsd'],
    files: [],
    neededFor: 'tests',
  },
  {
    name: 'strace',
    why: 'a test sees with it that nothing secret is on a command line, and that the offline program opens no socket',
    commands: ['strace'],
    files: [],
    neededFor: 'tests',
  },
  {
    name: 'xvfb',
    why: 'the tests show the app on a display of their own',
    commands: ['Xvfb'],
    files: [],
    neededFor: 'tests',
  },
  { name: 'xauth', why: 'only the tests may look at that display', commands: ['xauth'], files: [], neededFor: 'tests' },
  {
    name: 'xdotool',
    why: 'the tests press real keys, since what a browser makes up is not what a keyboard sends',
    commands: ['xdotool'],
    files: [],
    neededFor: 'tests',
  },
];

/**
 * Where a library of the system can be.
 *
 * @param {string} name
 */
function library(name) {
  return [[`/usr/lib/*/${name}`, `/lib/*/${name}`, `/usr/lib64/${name}`, `/usr/lib/${name}`]];
}

/**
 * Which packages are not there.
 *
 * @param {readonly SystemPackage[]} packages
 * @param {{ command: (name: string) => boolean, file: (pattern: string) => boolean }} [probe] how to look
 * @returns {SystemPackage[]}
 */
export function missingPackages(packages, probe = { command: (name) => findCommand(name) !== null, file: fileExists }) {
  return packages.filter(
    (one) => !one.commands.every((name) => probe.command(name)) || !one.files.every((group) => group.some(probe.file)),
  );
}

/**
 * The packages that something needs.
 *
 * @param {{ forApp: boolean, forTests: boolean }} purpose
 */
export function packagesFor({ forApp, forTests }) {
  const needs = new Set(['always', ...(forApp || forTests ? ['app'] : []), ...(forTests ? ['tests'] : [])]);
  return SYSTEM_PACKAGES.filter((one) => needs.has(one.neededFor));
}

/**
 * What this machine can do about missing packages.
 *
 * @param {readonly string[]} names Debian's names
 * @param {{ apt: boolean, root: boolean, sudo: boolean }} machine whether there is `apt-get`, we are root, and sudo asks
 *   for no password
 * @returns {{ prefix: readonly string[] } | { remedy: string }} how to begin the commands, or what a person must do
 */
export function installPlan(names, machine) {
  if (!machine.apt) {
    return { remedy: `this is not Debian or Ubuntu: install what those call ${names.join(', ')}, and start again` };
  }
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  if (machine.root) return { prefix: environment };
  if (machine.sudo) return { prefix: ['sudo', '-n', ...environment] };
  const install = `apt-get install -y --no-install-recommends ${names.join(' ')}`;
  return { remedy: `run this line, and start again:\n  sudo sh -c 'apt-get update && ${install}'` };
}

/**
 * Installs what is missing.
 *
 * @param {(text: string) => void} say
 * @param {{ forApp: boolean, forTests: boolean }} purpose
 * @returns {Promise<string>} the outcome in a few words
 * @throws SetupFailure when a package is missing and can't be installed here
 */
export async function installSystemPackages(say, purpose) {
  const wanted = packagesFor(purpose);
  const missing = missingPackages(wanted);
  if (missing.length === 0) return `all ${String(wanted.length)} are there`;
  for (const one of missing) say(`${one.name} is missing: ${one.why}`);

  const names = missing.map((one) => one.name);
  const plan = installPlan(await Promise.all(names.map(nameHere)), await thisMachine());
  if ('remedy' in plan) throw new SetupFailure(`system packages are missing: ${names.join(', ')}`, plan.remedy);

  // A mirror that is partly out of reach fails `update` though the packages can still be had: `install` decides.
  await apt(plan.prefix, ['update', '-qq'], say);
  const present = await Promise.all(names.map(nameHere)); // only now do fresh lists tell
  const installed = await apt(plan.prefix, ['install', '-y', '-qq', '--no-install-recommends', ...present], say);
  const still = missingPackages(missing).map((one) => one.name);
  if (installed !== 0 || still.length > 0) {
    throw new SetupFailure(
      `apt-get ended with code ${String(installed)}; still missing: ${still.join(', ') || 'nothing'}`,
      'read what apt-get says above (often: no network, or a mirror that is down), put it right, and start again',
    );
  }
  return `installed ${names.join(', ')}`;
}

/**
 * A package's name on this system: libraries were renamed when time became 64 bits wide (Debian 13, Ubuntu 24.04).
 *
 * @param {string} name
 */
async function nameHere(name) {
  const renamed = `${name}t64`;
  const { code, output } = await runCommand('apt-cache', ['show', '--no-all-versions', renamed]);
  return code === 0 && output.includes(`Package: ${renamed}\n`) ? renamed : name;
}

async function thisMachine() {
  const root = process.getuid?.() === 0;
  const apt = findCommand('apt-get') !== null;
  const sudo = !root && findCommand('sudo') !== null && (await runCommand('sudo', ['-n', 'true'])).code === 0;
  return { apt, root, sudo };
}

/**
 * @param {readonly string[]} prefix
 * @param {readonly string[]} args
 * @param {(text: string) => void} say
 */
async function apt(prefix, args, say) {
  const line = [...prefix, 'apt-get', '-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=300', ...args];
  say(line.join(' '));
  const { code } = await runCommand(/** @type {string} */ (line[0]), line.slice(1), { output: 'show' });
  return code;
}

/**
 * Whether a file is there; `*` in the pattern stands for one folder's name.
 *
 * @param {string} pattern
 */
export function fileExists(pattern) {
  const star = pattern.indexOf('/*/');
  if (star < 0) return existsSync(pattern);
  const folder = pattern.slice(0, star);
  const rest = pattern.slice(star + 3);
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some((name) => existsSync(join(folder, name, rest)));
}
