import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vitest/config';

const deep = process.env['KEYRITE_DEEP'] === '1';
const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string };

/** Shell scripts are imported as text, as scripts/build.mjs does. */
const shellAsText: Plugin = {
  name: 'keyrite-shell-as-text',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('.sh') ? { code: `export default ${JSON.stringify(code)};`, map: null } : null),
};

export default defineConfig({
  plugins: [shellAsText],
  define: { KEYRITE_VERSION: JSON.stringify(manifest.version) },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: deep ? [] : ['test/**/*.deep.test.ts'],
    globals: false,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: deep ? 600_000 : 60_000,
    hookTimeout: deep ? 600_000 : 60_000,
  },
});
