import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vitest/config';

const deep = process.env['KEYRITE_DEEP'] === '1';
/** `npm run screens` runs what takes the pictures, and no test. */
const screens = process.env['KEYRITE_SCREENS'] === '1';
const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string };

/** Shell scripts are imported as text, as scripts/build.mjs does. */
const shellAsText: Plugin = {
  name: 'keyrite-shell-as-text',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('.sh') ? { code: `export default ${JSON.stringify(code)};`, map: null } : null),
};

/** Fonts are imported as bytes, likewise. */
const fontsAsBytes: Plugin = {
  name: 'keyrite-fonts-as-bytes',
  enforce: 'pre',
  resolveId: (id) => (id.endsWith('.woff') ? `\0${id}.bytes` : null),
  load: (id) => {
    if (!id.startsWith('\0') || !id.endsWith('.woff.bytes')) return null;
    const font = new URL(`node_modules/${id.slice(1, -'.bytes'.length)}`, import.meta.url);
    return `export default Buffer.from(${JSON.stringify(readFileSync(font).toString('base64'))}, 'base64');`;
  },
};

/** The pdfkit that the programs contain; see scripts/build.mjs. */
const pdfkit = new URL('node_modules/pdfkit/js/pdfkit.browser.js', import.meta.url).pathname;

export default defineConfig({
  plugins: [shellAsText, fontsAsBytes],
  resolve: { alias: { pdfkit } },
  define: { KEYRITE_VERSION: JSON.stringify(manifest.version) },
  test: {
    include: screens ? ['test/app/screens-shots.ts'] : ['test/**/*.test.ts'],
    exclude: deep ? [] : ['test/**/*.deep.test.ts'],
    globals: false,
    pool: 'forks',
    // Three on two cores: much of a ceremony is waiting for a disk or for another process.
    maxWorkers: 3,
    // What is slow is found by the bench; a limit here only ends what hangs, on a machine with both cores busy too.
    testTimeout: deep ? 600_000 : 240_000,
    hookTimeout: deep ? 600_000 : 240_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
