/** How the app begins and ends, whatever it is that it does in between: defences first, and no half of them. */
import { app, dialog } from 'electron';
import { join } from 'node:path';
import { EXIT } from './exit-codes';
import { clearEnvironment } from './hardening/clear-environment';
import { hardenAfterReady, hardenBeforeReady } from './hardening/harden-everything';
import { refuseArguments } from './hardening/refuse-arguments';
import { beTheOnlyInstance } from './hardening/single-instance';
import { knownRuntimes, standingOf, type Standing } from './runtime';
import { faultWords, StartRefused, startFailureWords, tellTerminal, unforeseen } from './start-failure';

/** The app's name, which is also that of its folders. */
export const NAME = 'Keyrite';

/** How long the work may take to end, in milliseconds; then the app ends without it. Processes are killed after 5 s. */
const END_MS = 20_000;

/** What {@link boot} starts. */
export interface Work {
  /** Brings the main window to the front. */
  show(): void;
  /** Ends everything that was started. */
  end(): Promise<void>;
}

/** What a build is, and what it does once all defences stand. */
export interface BootOptions {
  /** Compile-time constants of the build. */
  readonly testBuild: boolean;
  readonly testRuntime: string;
  /**
   * Opens the window and starts the work, once the app is ready.
   *
   * @param standing of the Electron that runs
   * @param fail ends the app: something must not go on
   */
  readonly start: (standing: Standing, fail: (error: unknown) => void) => Promise<Work> | Work;
}

/** Begins. Call it as the first thing of the program: the debugging port opens soon after. */
export function boot({ testBuild, testRuntime, start }: BootOptions): void {
  let work: Work | null = null;
  let ending = false;

  /** `words`: shown in a box of the system's once everything has ended; null: none. */
  const end = (exitCode: number, words: string | null = null): void => {
    if (ending) return;
    ending = true;
    const exit = (): void => {
      try {
        // It returns when somebody has read it: only then, so that nothing is under way meanwhile.
        if (words !== null) dialog.showErrorBox(NAME, words);
      } finally {
        app.exit(exitCode);
      }
    };
    if (work === null) exit();
    else void withinLimit(work).then(exit);
  };
  const fail = (error: unknown): void => {
    if (ending) return;
    const words = work === null ? startFailureWords(error) : faultWords(error);
    tellTerminal(words);
    if (error instanceof StartRefused) end(error.exitCode);
    else end(EXIT.failed, app.isReady() ? words : null);
  };
  const failUnforeseen = (error: unknown): void => {
    fail(unforeseen(error));
  };

  // Electron would show a box with the stack, and go on with whatever state is left.
  process.on('uncaughtException', failUnforeseen);
  process.on('unhandledRejection', failUnforeseen);

  // Without a listener Electron quits by itself; with one, it is said here that this is what is wanted.
  app.on('window-all-closed', () => {
    app.quit();
  });
  app.on('will-quit', (event) => {
    event.preventDefault();
    end(0);
  });
  try {
    refuseArguments(process.argv, { byPath: process.defaultApp, testBuild });
    clearEnvironment(process.env);
    const standing = vouchedFor(testRuntime);
    app.setName(NAME);
    app.setPath('userData', join(app.getPath('appData'), NAME));
    beTheOnlyInstance(() => work?.show());
    // SECURITY(K-134): a step that cannot be installed throws, and nothing is shown.
    hardenBeforeReady(fail);
    app
      .whenReady()
      .then(() => {
        hardenAfterReady();
        return start(standing, fail);
      })
      .then((started) => (work = started))
      .catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** Ends the work; does not wait for ever. Never rejects. */
async function withinLimit(work: Work): Promise<void> {
  const limit = new Promise<void>((resolve) => setTimeout(resolve, END_MS));
  try {
    await Promise.race([work.end(), limit]);
  } catch {
    // Nothing else can be done about it: the app ends all the same.
  }
}

/** What the Electron that runs is good for. @throws StartRefused when nobody has vouched for it */
function vouchedFor(testRuntime: string): Standing {
  const { electron } = process.versions;
  const standing = standingOf(electron, testRuntime);
  if (standing !== null) return standing;
  throw new StartRefused(
    `nobody has vouched for Electron ${electron}`,
    `Start it on Electron ${knownRuntimes()}.`,
    EXIT.refused,
  );
}
