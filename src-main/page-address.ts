/** Where our pages are: the one scheme that windows load from, and which window shows which page. */
import type { BrowserWindow } from 'electron';

/** The pages that windows are opened with. */
export type PageName = 'index.html' | 'secret.html';

/** Scheme of our pages; it exists in the sessions of our windows only. */
export const SCHEME = 'keyrite';
/** Every address of ours begins so. */
export const ORIGIN = `${SCHEME}://app/`;

const shown = new WeakMap<BrowserWindow, string>();

/** Address of a page. */
export function addressOf(page: PageName): string {
  return ORIGIN + page;
}

/** Notes which page a window was opened for. */
export function rememberPage(window: BrowserWindow, page: PageName): void {
  shown.set(window, addressOf(page));
}

/** Address of the page that a window was opened for; null for a window that is not ours. */
export function pageOf(window: BrowserWindow): string | null {
  return shown.get(window) ?? null;
}
