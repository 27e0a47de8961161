/** Entry of the main window's page. */
import './styles/foundation.scss';
import { createRoot } from 'react-dom/client';
import { MAIN_WINDOW } from '../ipc/contract';
import type { Bridge } from '../ipc/define';
import { App } from './app';
import { callerOf } from './bridge';
import { connectStore } from './store';

declare global {
  interface Window {
    /** What the preload gave: ipc/define.ts, `BRIDGE`. */
    readonly keyrite: Bridge;
  }
}

const place = document.getElementById('app');
if (place === null) throw new RangeError('page: expected an element #app, got none');
createRoot(place).render(<App />);
void connectStore(callerOf(MAIN_WINDOW, window.keyrite)).then(() => {
  // When the first view is painted: `npm run bench` reads the mark.
  requestAnimationFrame(() => setTimeout(() => performance.mark('usable')));
});
