/** Programs of ours for tests, as one file outside the checkout that finds the addons of the checkout. */
import { resolve } from 'node:path';
import { buildSync } from 'esbuild';

/** Bundles a program (path from the top of the tree) into a module of Node. */
export function bundleProgram(entry: string, outfile: string): void {
  buildSync({
    entryPoints: [resolve(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The companion is looked for beside its sources, and found where the build puts it.
    define: { __dirname: JSON.stringify(resolve('hsm/native')) },
    alias: { pkcs11js: resolve('node_modules/pkcs11js/index.js') },
    external: ['*.node', resolve('node_modules/pkcs11js/index.js')],
  });
}
