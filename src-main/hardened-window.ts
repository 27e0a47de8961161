/** The only way that a window is opened here. */
import { BrowserWindow, nativeTheme, session } from 'electron';
import { leavesNoCoreDump } from './hardening/forbid-core-dumps';
import { HARDENED_PREFERENCES } from './hardening/sandbox';
import { readPages, servePages, type Pages } from './hardening/serve-pages';
import { addressOf, rememberPage, type PageName } from './page-address';
import { preloadFile, programFiles, type PreloadName } from './program-files';
import { toFront } from './to-front';

/** What a window is. Sizes in pixels of the screen at 100 %. */
export interface WindowOptions {
  readonly page: PageName;
  readonly preload: PreloadName;
  /** Name of its session, which lives in memory; of its own for every secret window, so that its process is its own. */
  readonly partition: string;
  readonly width: number;
  readonly height: number;
  readonly minWidth?: number;
  readonly minHeight?: number;
  readonly title: string;
  readonly alwaysOnTop?: boolean;
  /** How it is shown once it has something to show; to the front and with the keyboard, unless told. */
  readonly onReady?: (window: BrowserWindow) => void;
  /** Zoom level of Chromium; 0, which is 100 %, unless told. */
  readonly zoomLevel?: number;
}

/** Backgrounds of the pages, so that nothing flashes before they are drawn: Carbon's gray 100 and gray 10. */
const BACKGROUND = { dark: '#161616', light: '#f4f4f4' } as const;

/** Sessions that serve pages already; a session lives as long as the app. */
const served = new Set<string>();
let pages: Pages | null = null;

/**
 * Opens a window with all defences and loads its page. It is shown once it has something to show. It is destroyed when
 * its page cannot be loaded, or when its process would leave a core dump: then nobody has typed anything yet. A page that
 * gets itself elsewhere all the same is killed (`render-process-gone`).
 *
 * @throws RangeError for a partition that would be written to disk; and what reading the pages throws
 */
export function openHardenedWindow(options: WindowOptions): BrowserWindow {
  const { page, preload, partition, alwaysOnTop = false, zoomLevel = 0, onReady = toFront, ...look } = options;
  const window = new BrowserWindow({
    ...look,
    alwaysOnTop,
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: { ...HARDENED_PREFERENCES, preload: preloadFile(preload), session: sessionFor(partition, page) },
  });
  rememberPage(window, page);
  window.once('ready-to-show', () => {
    if (!window.isDestroyed()) onReady(window);
  });
  // The page's own title would replace ours.
  window.on('page-title-updated', (event) => {
    event.preventDefault();
  });
  const { webContents } = window;
  webContents.on('did-navigate', (_event, url) => {
    // It is told of a window, too, that was destroyed while its page was on the way.
    if (window.isDestroyed()) return;
    // Chromium asks nobody before it goes to about:blank: a page that went there is put down like one that crashed.
    if (url !== addressOf(page)) webContents.forcefullyCrashRenderer();
    else if (leavesNoCoreDump(webContents.getOSProcessId())) webContents.setZoomLevel(zoomLevel);
    else window.destroy();
  });
  window.loadURL(addressOf(page)).catch(() => {
    if (!window.isDestroyed()) window.destroy();
  });
  return window;
}

/** The session of a window, which serves its page and nothing else. */
function sessionFor(partition: string, page: PageName): Electron.Session {
  if (partition === '' || partition.startsWith('persist:')) {
    throw new RangeError(`partition: expected the name of a session in memory, got ${JSON.stringify(partition)}`);
  }
  // SECURITY(K-55): what a page stored, cached or logged would outlive it on disk.
  const own = session.fromPartition(partition, { cache: false });
  if (own.isPersistent()) throw new Error(`the session ${partition} would be kept on disk`);
  if (!served.has(partition)) {
    pages ??= readPages(programFiles().pages);
    servePages(own, pages, page);
    served.add(partition);
  }
  return own;
}
