/** Electron's main process: what the app is made of. How it begins and ends is in boot.ts. */
import { app, BrowserWindow, clipboard, nativeTheme } from 'electron';
import { join } from 'node:path';
import type { RuntimeView } from '../ipc/view';
import { describeApp } from '../workstation/running-app';
import { endSurvivors } from '../workstation/survivors';
import { AppController } from './app/app-controller';
import { isProductionPackage } from './app/production';
import { boot, NAME, type Work } from './boot';
import { DIALOGS } from './dialogs';
import { fuseDifferences, readFuseWire } from './fuses';
import { hardeningFindings } from './hardening-findings';
import { openHardenedWindow } from './hardened-window';
import { MainWindowKeeper, openMainWindow } from './main-window';
import { cupsPrinting } from './printing/cups-printing';
import { SecretDesk } from './processes/secret-desk';
import { UtilityProcesses } from './processes/utility-processes';
import { programFiles } from './program-files';
import type { Standing } from './runtime';

boot({ testBuild: KEYRITE_TEST_BUILD, testRuntime: KEYRITE_TEST_RUNTIME, start });

function start(standing: Standing, fail: (error: unknown) => void): Work {
  // First of all: its process starts while the rest is made here.
  const window = openMainWindow();
  const { electron, chrome, node } = process.versions;
  const wire = readFuseWire(process.execPath);
  const differences = fuseDifferences(wire, Number(electron.split('.')[0]), { inspectable: KEYRITE_TEST_BUILD });
  const runtime: RuntimeView = {
    version: KEYRITE_VERSION,
    electron,
    chrome,
    node,
    standing,
    packaged: app.isPackaged,
    testBuild: KEYRITE_TEST_BUILD,
    fit: isProductionPackage({
      isPackaged: app.isPackaged,
      fusesAsTold: differences.length === 0,
      testBuild: KEYRITE_TEST_BUILD,
      standing,
    }),
  };
  const programs = programFiles();
  const desk = new SecretDesk({
    openWindow: (partition) =>
      // SECURITY(K-131): nobody's child: on Linux a window is destroyed with its parent, and what was typed in it is lost.
      openHardenedWindow({
        page: 'secret.html',
        preload: 'secret-preload.cjs',
        partition,
        width: 1180,
        height: 770,
        title: `${NAME}: for one person only`,
        alwaysOnTop: true,
        zoomLevel: keeper.window.webContents.getZoomLevel(),
      }),
    onEmpty: () => {
      keeper.show();
    },
  });
  const controller: AppController = new AppController({
    runtime,
    app: describeApp(programs.main, KEYRITE_VERSION, `electron ${electron} ${process.platform} ${process.arch}`),
    theme: 'system',
    ceremoniesFolder: join(app.getPath('home'), NAME),
    examplesFolder: programs.examples,
    dialogs: DIALOGS,
    startProcesses: ({ ceremony, playerFile, isPlayed, onPerson, onPad }) =>
      new UtilityProcesses({ ceremony, programs, playerFile, isPlayed, desk, onPerson, onPad }),
    endSurvivors,
    describe: (words) => {
      desk.describe(words);
    },
    setTheme: (theme) => {
      nativeTheme.themeSource = theme;
    },
    copyText: (text) => {
      void clipboard.writeText(text);
    },
    printing: cupsPrinting(),
    findings: () =>
      hardeningFindings({
        runtime,
        testBuild: KEYRITE_TEST_BUILD,
        fuseDifferences: differences,
        main: process.pid,
        renderers: BrowserWindow.getAllWindows().map((window) => window.webContents.getOSProcessId()),
      }),
  });
  const keeper: MainWindowKeeper = new MainWindowKeeper({
    window,
    controller,
    onFailure: fail,
    onClosed: () => {
      app.quit();
    },
    showSecretWindow: () => {
      desk.show();
      return desk.isTaken;
    },
  });
  keeper.window.webContents.once('did-finish-load', () => {
    controller.look().catch(fail);
  });
  return {
    show: () => {
      keeper.show();
    },
    end: () => controller.close(),
  };
}
