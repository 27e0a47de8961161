/** Runs in the main window before its page: gives it the bridge to main, and nothing else. */
import { contextBridge, ipcRenderer } from 'electron';
import { MAIN_WINDOW } from '../ipc/contract';
import { BRIDGE } from '../ipc/define';
import { bridgeOf } from './preload-bridge';

contextBridge.exposeInMainWorld(BRIDGE, bridgeOf(MAIN_WINDOW, ipcRenderer));
