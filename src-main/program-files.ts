/** Where the app's own files are: beside main.cjs, in the folder or archive that it was started from. */
import { join } from 'node:path';

/** Absolute paths of the programs and of what else the app brings along. */
export interface ProgramFiles {
  /** This program, whose SHA-256 stands for the app in line 0. */
  readonly main: string;
  readonly worker: string;
  readonly shareProcess: string;
  readonly keyFile: string;
  readonly player: string;
  /** Folder of the pages. */
  readonly pages: string;
  /** Folder of the example plans. */
  readonly examples: string;
}

/** Files that windows run before their page. */
export type PreloadName = 'preload.cjs' | 'secret-preload.cjs';

/** The files beside this program. */
export function programFiles(folder = __dirname): ProgramFiles {
  return {
    main: join(folder, 'main.cjs'),
    worker: join(folder, 'worker.cjs'),
    shareProcess: join(folder, 'share-process.cjs'),
    keyFile: join(folder, 'key-file.cjs'),
    player: join(folder, 'player.cjs'),
    pages: join(folder, 'renderer'),
    examples: join(folder, 'examples'),
  };
}

/** Absolute path of a preload. */
export function preloadFile(name: PreloadName, folder = __dirname): string {
  return join(folder, name);
}
