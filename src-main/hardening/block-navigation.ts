/** A window shows the page it was opened for, as long as it lives. */
import type { WebContents } from 'electron';

/** Refuses to go elsewhere, in the window or in a frame, by itself or by redirect. */
export function blockNavigation(contents: WebContents): void {
  // SECURITY(K-47): whatever page is shown in our window is believed to be ours.
  contents.on('will-navigate', (event) => {
    event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    event.preventDefault();
  });
}

/** Refuses windows that a page opens, and pages inside pages. */
export function blockNewWindows(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
}
