/** Bundles programs for tests as the build does, into a folder that is removed afterwards. */
import { build } from 'esbuild';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { COMPANION } from '../../scripts/setup/native-module.mjs';

const ROOT = new URL('../../', import.meta.url).pathname;

/** Bundles each entry (path from the top of the tree) to `<name>.cjs`; returns the folder and how to remove it. */
export async function buildPrograms(
  entries: Readonly<Record<string, string>>,
): Promise<{ folder: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-programs-'));
  copyFileSync(join(ROOT, COMPANION), join(folder, basename(COMPANION)));
  await build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, join(ROOT, entry)])),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    logLevel: 'silent',
  });
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
