/**
 * How electron-builder packages the app: an unpacked folder for Linux, the app in an archive, nothing fetched. Started as
 * a program of its own, since electron-builder writes to our output: `node electron-builder.mjs APP OUTPUT DIST VERSION`,
 * and `inspectable` at the end for a package that tests drive.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMain } from '../is-main.mjs';
import { setFuses } from './fuses.mjs';

/** Name of the packaged program. */
export const PROGRAM = 'keyrite-app';

/** Folder that electron-builder makes in the output folder. */
export const UNPACKED = 'linux-unpacked';

/** Files of Electron that the app does without: nothing reports crashes, since a dump of a process here may hold a key. */
const LEFT_OUT = ['chrome_crashpad_handler'];

/**
 * @param {object} what
 * @param {string} what.output where the unpacked folder is put
 * @param {string} what.dist folder of Electron's files; they are copied
 * @param {string} what.version of Electron
 * @param {boolean} what.inspectable
 * @returns {import('electron-builder').Configuration}
 */
function configuration({ output, dist, version, inspectable }) {
  return {
    appId: 'org.keyrite.app',
    productName: 'Keyrite',
    directories: { output },
    electronVersion: version,
    electronDist: dist,
    electronLanguages: ['en-GB', 'en-US'],
    npmRebuild: false,
    publish: null,
    files: ['**/*'],
    // Only what can't be loaded from inside the archive, a shared library, is outside.
    asar: { smartUnpack: false },
    asarUnpack: ['**/*.node'],
    linux: { target: ['dir'], executableName: PROGRAM, category: 'Utility' },
    afterPack: async ({ appOutDir }) => {
      for (const name of LEFT_OUT) rmSync(join(appOutDir, name), { force: true });
      await setFuses(join(appOutDir, PROGRAM), Number(version.split('.')[0]), { inspectable });
    },
  };
}

if (isMain(import.meta.url)) {
  const [projectDir = '', output = '', dist = '', version = '', more = ''] = process.argv.slice(2);
  const { Platform, build } = await import('electron-builder');
  const config = configuration({ output, dist, version, inspectable: more === 'inspectable' });
  await build({ projectDir, targets: Platform.LINUX.createTarget('dir'), config });
}
