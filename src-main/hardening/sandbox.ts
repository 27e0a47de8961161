/** Chromium's sandbox and the scheme of our pages: what can only be settled before `ready`. */
import { app, protocol, type WebPreferences } from 'electron';
import { SCHEME } from '../page-address';

/** Puts every renderer into the sandbox, whatever a window asks for. @throws Error once `ready` is past */
export function enableSandbox(): void {
  // SECURITY(K-40): a page that was taken over stays in a process that can open no file, socket or device.
  app.enableSandbox();
}

/** Our scheme has an origin of its own and counts as secure; it may do nothing else. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }]);
}

/** What every window's renderer may do. */
export const HARDENED_PREFERENCES = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  plugins: false,
  webgl: false,
  devTools: false,
  spellcheck: false,
  navigateOnDragDrop: false,
  disableDialogs: true,
  // Not asked for, not there: see PERMISSIONS_POLICY in page-headers.ts.
  disableBlinkFeatures: 'WebUSB,WebHID,Serial,WebBluetooth',
} as const satisfies WebPreferences;
