/**
 * Builds what the app's windows show: src-renderer/, by Vite, into a folder of plain files. They are served from an exact
 * list under a strict content policy, so nothing is inlined, and nothing may point outside.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentHash, filesBelow, readIfThere, writeWhole } from './setup/content-hash.mjs';
import { SetupFailure } from './setup/step.mjs';

/** Pages of src-renderer/: the main window's, and that of a window that takes or shows a secret. */
const PAGES = ['index.html', 'secret.html'];

/** What the windows are made from, besides the packages that package-lock.json names. */
const SOURCES = [
  'src-renderer',
  'ipc',
  'ceremony',
  'hsm/dialogue.ts',
  'hsm/sealed-exchange.ts',
  'hsm/secret-port.ts',
  'package-lock.json',
  'scripts/renderer.mjs',
];

const STAMP = 'build/stamps/renderer.txt';

/** Folder of the built windows, relative to the checkout. */
export const RENDERER = 'build/app/renderer';

/**
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @returns {Promise<boolean>} whether it had to be built
 * @throws SetupFailure when it does not build, or asks for anything from outside
 */
export async function buildRenderer(root, say) {
  for (const page of PAGES) {
    if (existsSync(join(root, 'src-renderer', page))) continue;
    throw new SetupFailure(
      `src-renderer/${page} does not exist, so ${RENDERER} was not built`,
      'put the file right, and start again',
    );
  }
  const sources = contentHash(SOURCES.flatMap((name) => contents(root, name)));
  if (readIfThere(join(root, STAMP))?.toString('utf8') === `${sources} ${built(root)}`) return false;
  say(`src-renderer → ${RENDERER}`);
  const { build } = await import('vite');
  const before = process.env['NODE_ENV'];
  // Vite takes React's development build wherever the environment says so, as under a test runner.
  process.env['NODE_ENV'] = 'production';
  try {
    await build(config(root));
  } catch (error) {
    throw new SetupFailure(
      `src-renderer does not build:\n${error instanceof Error ? error.message : String(error)}`,
      'put the files named right, and start again; npm run check says more',
    );
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
  refuseOutsideAddresses(root);
  writeWhole(join(root, STAMP), `${sources} ${built(root)}`);
  return true;
}

/**
 * @param {string} root
 * @returns {import('vite').InlineConfig}
 */
function config(root) {
  const { version } = /** @type {{ version: string }} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const folder = join(root, 'src-renderer');
  return {
    configFile: false,
    envDir: false,
    publicDir: false,
    root: folder,
    base: '/',
    mode: 'production',
    logLevel: 'warn',
    cacheDir: join(root, 'build/vite'),
    define: { KEYRITE_VERSION: JSON.stringify(version) },
    oxc: { jsx: { runtime: 'automatic' } },
    // Packages that we only use tell us nothing that we could put right.
    css: { preprocessorOptions: { scss: { quietDeps: true } } },
    build: {
      outDir: join(root, RENDERER),
      emptyOutDir: true,
      target: 'chrome114',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      sourcemap: false,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 4096,
      rolldownOptions: {
        input: PAGES.map((page) => join(folder, page)),
        checks: { pluginTimings: false },
        onwarn: (warning, show) => {
          // "use client" says nothing where there is no server.
          if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') show(warning);
        },
        output: {
          entryFileNames: 'assets/[name].js',
          chunkFileNames: 'assets/[name].js',
          assetFileNames: 'assets/[name][extname]',
        },
      },
    },
  };
}

/**
 * A style sheet that loads a font from somewhere would be blocked in the app, and show that we overlooked it.
 *
 * @param {string} root
 * @throws SetupFailure
 */
function refuseOutsideAddresses(root) {
  for (const [name, content] of filesBelow(join(root, RENDERER))) {
    if (!/\.(?:css|html)$/.test(name)) continue;
    const found = /(?:url\(\s*["']?|@import\s*["']|(?:src|href)=["'])(?:https?:)?\/\/[^"')\s]*/.exec(
      content.toString('utf8'),
    );
    if (found === null) continue;
    throw new SetupFailure(
      `${RENDERER}/${name} asks for something from outside: ${found[0]}`,
      'leave it out of the sources (for Carbon: $css--font-face: false), and start again',
    );
  }
}

/**
 * @param {string} root
 * @param {string} name file or folder
 * @returns {[string, Buffer][]}
 */
function contents(root, name) {
  const file = join(root, name);
  if (/\.[a-z]+$/.test(name)) return [[name, readFileSync(file)]];
  return filesBelow(file).map(([path, content]) => [`${name}/${path}`, content]);
}

/** @param {string} root */
function built(root) {
  const folder = join(root, RENDERER);
  return existsSync(folder) ? contentHash(filesBelow(folder)) : 'missing';
}
