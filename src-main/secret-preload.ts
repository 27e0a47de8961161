/**
 * Runs in a secret window before its page: gives it a way to ask main, and passes on the port to whoever asks for the
 * secret. Main hands the port over once.
 */
import { contextBridge, ipcRenderer } from 'electron';
import { PORT_CHANNEL } from '../hsm/secret-port';
import { SECRET_WINDOW } from '../ipc/contract';
import { BRIDGE } from '../ipc/define';
import { bridgeOf } from './preload-bridge';

/** What of the page's own world is used here. */
declare const window: {
  postMessage(message: unknown, targetOrigin: string, transfer: readonly unknown[]): void;
};
declare const location: { readonly origin: string };

const bridge = bridgeOf(SECRET_WINDOW, ipcRenderer);
contextBridge.exposeInMainWorld(BRIDGE, { ask: (name: string, args: unknown) => bridge.ask(name, args) });

ipcRenderer.once(PORT_CHANNEL, (event, handed: { readonly exchange: string }) => {
  const [port] = event.ports as readonly unknown[];
  if (port === undefined) return;
  // SECURITY(K-60): to our own page only, and nothing else of Electron's with it.
  window.postMessage({ channel: PORT_CHANNEL, exchange: handed.exchange }, location.origin, [port]);
});
