/**
 * Completes build/app, where main, preloads and windows have been built to, to an app that lacks nothing but Electron:
 * the programs of the other processes, the bridge to PKCS#11 and our companion to it, the example plans, the app's own
 * package.json.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLES } from './bundles.mjs';
import { RENDERER } from './renderer.mjs';
import { filesBelow, readIfThere, writeWhole } from './setup/content-hash.mjs';
import { COMPANION } from './setup/native-module.mjs';
import { SetupFailure } from './setup/step.mjs';

/** The app, complete but for Electron; relative to the checkout. */
export const APP = 'build/app';

/** The same with a main that lets tests in. */
export const TEST_APP = 'build/app-for-tests';

/** Programs that the app starts as processes of their own: the same as the command line's. */
const PROGRAMS = ['worker.cjs', 'share-process.cjs', 'key-file.cjs', 'player.cjs'];

/** Of pkcs11js only what runs: neither its sources nor what compiled them. */
const PKCS11JS = ['package.json', 'index.js', 'LICENSE', 'build/Release/pkcs11.node'];

/**
 * Completes the app.
 *
 * @param {string} root folder of the checkout
 * @returns {boolean} whether anything was missing or old
 * @throws SetupFailure when a part has not been built
 */
export function completeAppFolder(root) {
  return complete(root, APP, [
    ['package.json', manifest(root)],
    ['LICENSE', part(root, 'LICENSE')],
    named(COMPANION.replace('build/', ''), part(root, COMPANION)),
    ...PROGRAMS.map((name) => named(name, part(root, `build/${name}`))),
    ...PKCS11JS.map((name) => `node_modules/pkcs11js/${name}`).map((path) => named(path, part(root, path))),
    ...filesBelow(join(root, 'examples')).map(([name, content]) => named(`examples/${name}`, content)),
  ]);
}

/**
 * Completes the app for tests: its main is compiled for tests, the rest is the app's.
 *
 * @param {string} root folder of the checkout
 * @returns {boolean} whether anything was missing or old
 */
export function completeTestApp(root) {
  const rest = filesBelow(join(root, APP)).filter(([name]) => name !== 'main.cjs');
  return complete(root, TEST_APP, rest);
}

/**
 * @param {string} root
 * @param {string} app
 * @param {readonly (readonly [name: string, content: Buffer])[]} parts what has to be there, besides what is built there
 */
function complete(root, app, parts) {
  let changed = 0;
  for (const [name, content] of parts) {
    const file = join(root, app, name);
    if (readIfThere(file)?.equals(content) === true) continue;
    writeWhole(file, content);
    changed += 1;
  }
  return removeOthers(root, app, new Set(parts.map(([name]) => name))) || changed > 0;
}

/**
 * @param {string} name
 * @param {Buffer} content
 */
function named(name, content) {
  return /** @type {const} */ ([name, content]);
}

/**
 * The app's own package.json. It names what is in node_modules, or electron-builder leaves it out.
 *
 * @param {string} root
 */
function manifest(root) {
  const { version, description, license, dependencies } =
    /** @type {{ version: string, description: string, license: string, dependencies: Record<string, string> }} */ (
      JSON.parse(part(root, 'package.json').toString('utf8'))
    );
  const app = {
    name: 'keyrite',
    productName: 'Keyrite',
    version,
    description,
    license,
    private: true,
    author: 'Keyrite',
    main: 'main.cjs',
    dependencies: { pkcs11js: dependencies['pkcs11js'] },
  };
  return Buffer.from(`${JSON.stringify(app, null, 2)}\n`);
}

/**
 * @param {string} root
 * @param {string} name
 */
function part(root, name) {
  const content = readIfThere(join(root, name));
  if (content !== null) return content;
  throw new SetupFailure(
    `${name} is missing, so ${APP} is not complete`,
    'start again; if that does not help, delete build',
  );
}

/**
 * Removes what earlier versions left behind: everything in the folder ships.
 *
 * @param {string} root
 * @param {string} app
 * @param {ReadonlySet<string>} parts
 * @returns {boolean} whether there was something
 */
function removeOthers(root, app, parts) {
  const built = new Set(BUNDLES.map((bundle) => bundle.output));
  const others = readdirSync(join(root, app), { recursive: true, encoding: 'utf8' }).filter((name) => {
    const path = `${app}/${name}`;
    if (parts.has(name) || built.has(path) || path.startsWith(`${RENDERER}/`)) return false;
    return statSync(join(root, path)).isFile();
  });
  for (const name of others) rmSync(join(root, app, name));
  return others.length > 0;
}
