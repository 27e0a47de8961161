/** Brings a window to the person at the keyboard. */
import type { BrowserWindow } from 'electron';

/** Shows a window in front of all others and gives it the keyboard, also where no window manager does either. */
export function toFront(window: BrowserWindow): void {
  if (window.isDestroyed()) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.moveTop();
  window.focus();
}
