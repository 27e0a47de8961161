/** Larger and smaller, by the usual keys: without a menu there are none. For the main window only. */
import type { BrowserWindow, Input } from 'electron';

const STEP = 0.5;
/** Zoom levels of Chromium: 0 is 100 %, each whole step 20 % more or less. */
const RANGE = { least: -1, most: 3 } as const;

/**
 * Ctrl with plus, minus and 0 zoom a window. Never for a secret window: whoever listens to its keys has what is typed
 * there in main's memory.
 */
export function zoomByKeys(window: BrowserWindow): void {
  window.webContents.on('before-input-event', (event, input) => {
    const level = levelAfter(input, window.webContents.getZoomLevel());
    if (level === null) return;
    event.preventDefault();
    window.webContents.setZoomLevel(level);
  });
}

/** The level after a key; null for a key that does not zoom. */
function levelAfter({ type, control, alt, meta, key }: Input, level: number): number | null {
  if (type !== 'keyDown' || !control || alt || meta) return null;
  if (key === '0') return 0;
  if (key === '+' || key === '=') return Math.min(RANGE.most, level + STEP);
  if (key === '-') return Math.max(RANGE.least, level - STEP);
  return null;
}
