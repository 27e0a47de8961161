/** All defences in their order: before `ready`, after it, and for each session and each window as it is made. */
import { app, type Session, type WebContents } from 'electron';
import { blockAccessibility } from './block-accessibility';
import { blockDeveloperTools, blockMenu, blockSpellCheck } from './block-browser-features';
import { blockDownloads } from './block-downloads';
import { blockNavigation, blockNewWindows } from './block-navigation';
import { blockHostResolver, blockNetwork, blockWebRtc } from './block-network';
import { blockDeviceChoice, blockPermissions } from './block-permissions';
import { blockRequests } from './block-requests';
import { forbidCoreDumps } from './forbid-core-dumps';
import { enableSandbox, registerScheme } from './sandbox';

/**
 * Installs what must stand before `ready`.
 *
 * @param onFailure a session or window that is made later could not be hardened: the app must end
 * @throws whatever keeps one of them from being installed: the app must not start
 */
export function hardenBeforeReady(onFailure: (error: unknown) => void): void {
  forbidCoreDumps();
  enableSandbox();
  registerScheme();
  blockNetwork();
  blockMenu();
  blockAccessibility();
  // Every session and every window, also one that Chromium makes by itself.
  app.on('session-created', (session) => {
    orFail(onFailure, () => {
      hardenSession(session);
    });
  });
  app.on('web-contents-created', (_event, contents) => {
    orFail(onFailure, () => {
      hardenContents(contents);
    });
  });
  app.on('certificate-error', (event, _contents, _url, _error, _certificate, callback) => {
    event.preventDefault();
    callback(false);
  });
  app.on('select-client-certificate', (event, _contents, _url, _list, callback) => {
    event.preventDefault();
    callback();
  });
  app.on('login', (event, _contents, _details, _proxy, callback) => {
    event.preventDefault();
    callback();
  });
}

/** Installs what can only stand after `ready`. @throws like {@link hardenBeforeReady} */
export function hardenAfterReady(): void {
  blockHostResolver();
}

function hardenSession(session: Session): void {
  blockRequests(session);
  blockPermissions(session);
  blockDownloads(session);
  blockSpellCheck(session);
}

function hardenContents(contents: WebContents): void {
  blockNavigation(contents);
  blockNewWindows(contents);
  blockDeviceChoice(contents);
  blockDeveloperTools(contents);
  blockWebRtc(contents);
}

function orFail(onFailure: (error: unknown) => void, install: () => void): void {
  try {
    install();
  } catch (error) {
    onFailure(error);
  }
}
