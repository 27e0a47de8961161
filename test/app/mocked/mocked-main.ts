/**
 * A main process for tests of the window: the app's own hardening, windows and end of the contract, and behind them a
 * double instead of ceremonies. The driver (mocked-app.ts) opens the window and says what it shows.
 */
import { type MainWindow, MAIN_WINDOW } from '../../../ipc/contract';
import type { InvokeName } from '../../../ipc/define';
import type { AppView } from '../../../ipc/view';
import { openHardenedWindow } from '../../../src-main/hardened-window';
import { hardenAfterReady, hardenBeforeReady } from '../../../src-main/hardening/harden-everything';
import { type Teller, serveContract } from '../../../src-main/serve-contract';
import { type Call, type DoubleAnswer, ContractDouble } from './contract-double';

/** What the driver does in this process. */
export interface MockedMain {
  /** Opens the window; after `ready`. */
  open(first: AppView): void;
  /** Shows another view. */
  show(view: AppView): void;
  answer(name: InvokeName<MainWindow>, answer: DoubleAnswer): void;
  /** What was asked since the last time. */
  takeCalls(): Call[];
}

declare global {
  var mocked: MockedMain | undefined;
}

hardenBeforeReady((error) => {
  throw error;
});

const double = new ContractDouble(MAIN_WINDOW);
let teller: Teller<MainWindow> | null = null;

globalThis.mocked = {
  open(first) {
    hardenAfterReady();
    double.answer('app.view', { value: first });
    const window = openHardenedWindow({
      page: 'index.html',
      preload: 'preload.cjs',
      partition: 'main-window',
      width: 1280,
      height: 800,
      title: 'Keyrite',
    });
    teller = serveContract(window, MAIN_WINDOW, double.handlers);
  },
  show(view) {
    double.answer('app.view', { value: view });
    teller?.tell('view.changed', view);
  },
  answer: (name, answer) => double.answer(name, answer),
  takeCalls: () => double.calls.splice(0),
};
