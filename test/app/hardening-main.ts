/**
 * The app as far as its defences go, built by the tests in place of src-main/main.ts: the same beginning, the same window,
 * the same contract, over pages that attack and a controller that only counts what reaches it.
 */
import { app, BrowserWindow, dialog, type Session } from 'electron';
import { MAIN_WINDOW, type MainWindow } from '../../ipc/contract';
import type { Handlers } from '../../ipc/define';
import type { AppView } from '../../ipc/view';
import { boot } from '../../src-main/boot';
import { fuseDifferences, readFuseWire } from '../../src-main/fuses';
import { hardeningFindings } from '../../src-main/hardening-findings';
import { openHardenedWindow } from '../../src-main/hardened-window';
import { MainWindowKeeper, openMainWindow } from '../../src-main/main-window';

/** What tests reach from outside, by Playwright's `evaluate` in main. */
declare global {
  var trial: {
    /** Names of the handlers that were called, in order. */
    readonly calls: string[];
    readonly view: AppView;
    changed(): void;
    openOther(partition: string): BrowserWindow;
    findings(): unknown;
  };
}

/** The defence that cannot be installed in this build; empty: all can. */
declare const TRIAL_FAILING: 'of a session' | 'of a window' | '';

/** Takes from a defence what it needs, before it comes to it. */
function breakDefence(): void {
  if (TRIAL_FAILING === 'of a session') {
    app.on('session-created', (session: Session) => {
      session.isSpellCheckerEnabled = () => true;
    });
  } else if (TRIAL_FAILING === 'of a window') {
    app.on('web-contents-created', (_event, contents) => {
      contents.setWindowOpenHandler = () => {
        throw new Error('new windows cannot be refused');
      };
    });
  }
  // The system's box waits for somebody who reads it.
  dialog.showErrorBox = (_title, words) => {
    const shown = BrowserWindow.getAllWindows().filter((window) => window.isVisible()).length;
    process.stderr.write(`BOX ${words} (${String(shown)} windows shown)\n`);
  };
}
if (TRIAL_FAILING !== '') breakDefence();

boot({
  testBuild: KEYRITE_TEST_BUILD,
  testRuntime: KEYRITE_TEST_RUNTIME,
  start: (standing, fail) => {
    const { electron, chrome, node } = process.versions;
    const wire = readFuseWire(process.execPath);
    const differences = fuseDifferences(wire, Number(electron.split('.')[0]), { inspectable: KEYRITE_TEST_BUILD });
    const runtime = {
      version: KEYRITE_VERSION,
      electron,
      chrome,
      node,
      standing,
      packaged: false,
      testBuild: true,
      fit: false,
    };
    const view: AppView = {
      runtime,
      theme: 'system',
      room: [],
      ceremonies: [],
      ceremoniesFolder: '/nowhere',
      examples: [],
      screen: { kind: 'home' },
      busy: null,
    };
    const calls: string[] = [];
    const changed: (() => void)[] = [];
    const counted = Object.keys(MAIN_WINDOW).map((name) => [
      name,
      (): unknown => {
        calls.push(name);
        if (name === 'room.look-again') throw new Error('PIN 271828 in the text of an error');
        return name === 'app.view' ? view : null;
      },
    ]);
    const handlers = Object.fromEntries(counted) as Handlers<MainWindow>;
    const keeper = new MainWindowKeeper({
      window: openMainWindow(),
      controller: { handlers, view: () => view, onChange: (listener) => changed.push(listener) },
      onFailure: fail,
      onClosed: () => {
        app.quit();
      },
      showSecretWindow: () => false,
    });
    globalThis.trial = {
      calls,
      view,
      changed: () => {
        for (const listener of changed) listener();
      },
      openOther: (partition) =>
        openHardenedWindow({
          page: 'secret.html',
          preload: 'preload.cjs',
          partition,
          width: 400,
          height: 300,
          title: 'Another',
        }),
      findings: () =>
        hardeningFindings({
          runtime,
          testBuild: KEYRITE_TEST_BUILD,
          fuseDifferences: differences,
          main: process.pid,
          renderers: BrowserWindow.getAllWindows().map((window) => window.webContents.getOSProcessId()),
        }),
    };
    return {
      show: () => {
        calls.push('(shown)');
        keeper.show();
      },
      end: () => Promise.resolve(),
    };
  },
});
