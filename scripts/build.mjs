/**
 * Builds Keyrite: one bundle per program, then the app's windows and its folder. What has not changed is left alone. Every
 * bundle is tried even when another fails.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { completeAppFolder, completeTestApp } from './app-folder.mjs';
import { BUNDLES } from './bundles.mjs';
import { isMain } from './is-main.mjs';
import { buildRenderer } from './renderer.mjs';
import { contentHash, readIfThere, writeWhole } from './setup/content-hash.mjs';
import { SetupFailure, step } from './setup/step.mjs';

/** @typedef {import('./bundles.mjs').Bundle} Bundle */

/**
 * First statements of every program: Node 18 has WebCrypto, but not as a global, and @noble/ciphers asks for that. A
 * window has it.
 */
const PRELUDES = {
  node: "'use strict';\nglobalThis.crypto ??= require('node:crypto').webcrypto;\n",
  preload: "'use strict';\n",
};

/** The pdfkit that programs contain: the one without anything of Node. */
const PDFKIT = './node_modules/pdfkit/js/pdfkit.browser.js';

/** Where each bundle's stamp is: the sources that went into it, and the hash of them and of the result. */
const STAMPS = 'build/stamps';

/**
 * Builds the app: main, preloads, windows, and all that goes with them into one folder. The programs must be built.
 *
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @returns {Promise<string>} the outcome in a few words
 * @throws SetupFailure when the windows do not build or a part is missing
 */
export async function buildApp(root, say) {
  const windows = await buildRenderer(root, say);
  const folder = completeAppFolder(root);
  const forTests = completeTestApp(root);
  return windows || folder || forTests ? 'built' : 'already built';
}

/**
 * Builds programs.
 *
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @param {readonly Bundle[]} [bundles]
 * @returns {Promise<string>} the outcome in a few words
 * @throws SetupFailure naming every bundle that can't be built; the others have been
 */
export async function build(root, say, bundles = BUNDLES) {
  const manifest = /** @type {{ version: string }} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  /** @type {string[]} */
  const failures = [];
  let built = 0;
  for (const bundle of bundles) {
    const options = buildOptions(root, bundle, manifest.version);
    if (isCurrent(root, bundle, options)) continue;
    if (readIfThere(join(root, bundle.entry)) === null) {
      failures.push(`${bundle.entry} does not exist, so ${bundle.output} was not built`);
      continue;
    }
    say(`${bundle.entry} → ${bundle.output}`);
    const problems = await buildOne(root, bundle, options);
    if (problems.length === 0) built += 1;
    else failures.push(`${bundle.entry} does not build:\n${problems.join('\n')}`);
  }
  if (failures.length > 0) {
    throw new SetupFailure(failures.join('\n'), 'put the files named right, and start again; npm run check says more');
  }
  return built === 0 ? 'already built' : `built ${String(built)} of ${String(bundles.length)} programs`;
}

/**
 * @param {string} root
 * @param {Bundle} bundle
 * @param {string} version
 * @returns {esbuild.BuildOptions}
 */
function buildOptions(root, bundle, version) {
  return {
    absWorkingDir: root,
    entryPoints: [bundle.entry],
    outfile: bundle.output,
    bundle: true,
    write: false,
    metafile: true,
    // In a sandboxed window a module of Node would be missing at run time: there, importing one does not build.
    ...(bundle.runsIn === 'preload'
      ? { platform: 'browser', target: 'chrome114' }
      : { platform: 'node', target: 'node18' }),
    format: 'cjs',
    charset: 'utf8',
    external: [...bundle.external],
    loader: { '.sh': 'text', '.woff': 'binary' },
    // pdfkit for Node reads files and packs with the zlib of the runtime: this one does neither, so that the bytes of a PDF
    // are the same in Node and in Electron.
    alias: { pdfkit: PDFKIT },
    define: Object.fromEntries(
      Object.entries({ KEYRITE_VERSION: version, ...bundle.constants }).map(([name, value]) => [
        name,
        JSON.stringify(value),
      ]),
    ),
    logLevel: 'silent',
  };
}

/**
 * @param {string} root
 * @param {Bundle} bundle
 * @param {esbuild.BuildOptions} options
 * @returns {Promise<string[]>} what is wrong; empty when the bundle has been written
 */
async function buildOne(root, bundle, options) {
  /** @type {esbuild.BuildResult | esbuild.BuildFailure} */
  let result;
  try {
    result = await esbuild.build(options);
  } catch (error) {
    if (!(error instanceof Error && 'errors' in error)) throw error;
    result = /** @type {esbuild.BuildFailure} */ (error);
  }
  // A warning is an error here: what esbuild warns of (such as import.meta in CommonJS) breaks the program later.
  const problems = await esbuild.formatMessages([...result.errors, ...result.warnings], { kind: 'error' });
  if (problems.length > 0 || !('outputFiles' in result)) return problems;

  const [file] = result.outputFiles ?? [];
  if (file === undefined) return ['esbuild made no file'];
  const code = file.text.replace(/^#!.*\n/, '');
  const content = `${bundle.command ? '#!/usr/bin/env node\n' : ''}${PRELUDES[bundle.runsIn]}${code}`;
  writeWhole(join(root, bundle.output), content, bundle.command ? 0o755 : 0o644);
  const inputs = Object.keys(result.metafile?.inputs ?? {}).sort();
  writeWhole(stampFile(root, bundle), JSON.stringify({ inputs, hash: stamp(root, bundle, options, inputs) }));
  return [];
}

/**
 * @param {string} root
 * @param {Bundle} bundle
 * @param {esbuild.BuildOptions} options
 */
function isCurrent(root, bundle, options) {
  const kept = readIfThere(stampFile(root, bundle));
  if (kept === null) return false;
  const { inputs, hash } = /** @type {{ inputs: string[], hash: string }} */ (JSON.parse(kept.toString('utf8')));
  return stamp(root, bundle, options, inputs) === hash;
}

/**
 * Hash of everything that makes a bundle, and of the bundle; null when one of them is missing.
 *
 * @param {string} root
 * @param {Bundle} bundle
 * @param {esbuild.BuildOptions} options
 * @param {readonly string[]} inputs
 */
function stamp(root, bundle, options, inputs) {
  /** @type {[string, Buffer][]} */
  const parts = [];
  for (const file of [...inputs, bundle.output, 'tsconfig.base.json']) {
    const content = readIfThere(join(root, file));
    if (content === null) return null;
    parts.push([file, content]);
  }
  const { absWorkingDir, ...relevant } = options;
  return contentHash([['options', JSON.stringify(relevant) + PRELUDES[bundle.runsIn] + esbuild.version], ...parts]);
}

/**
 * @param {string} root
 * @param {Bundle} bundle
 */
function stampFile(root, bundle) {
  return join(root, STAMPS, `${bundle.output.replaceAll('/', '-')}.json`);
}

if (isMain(import.meta.url)) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  try {
    await step('Keyrite', (say) => build(root, say));
    await step('app', (say) => buildApp(root, say));
  } catch {
    process.exitCode = 1; // the step has said why
  }
}
