/** Which arguments the app may be started with: a short list, since Chromium and V8 know hundreds that undo defences. */
import { EXIT } from '../exit-codes';
import { StartRefused } from '../start-failure';

/** What people may give: how it looks. */
const ALLOWED = [
  // SECURITY(K-75): not --force-renderer-accessibility, which copies the text of every window into main.
  /^--force-device-scale-factor=[0-9.]{1,5}$/,
  /^--ozone-platform(?:-hint)?=(?:auto|x11|wayland)$/,
];

/** What a test driver gives. */
const ALLOWED_IN_TEST_BUILDS = [/^--inspect=0$/, /^--remote-debugging-port=0$/];

/** Longest part of a refused argument that is repeated, in UTF-16 code units. */
const MAX_SHOWN = 60;

/**
 * Refuses every argument that is not on the list: `--no-sandbox`, `--remote-debugging-port`, `--load-extension`,
 * `--js-flags`, files, and whatever later versions of Chromium bring. Runs before the debugging port would open.
 *
 * @param argv of the process: first the program, and where Electron runs an unpackaged app by its path, that path
 * @param options `byPath`: argv[1] is the app's own folder; `testBuild`: compile-time constant of the build
 * @throws StartRefused naming the first argument that is refused
 */
export function refuseArguments(
  argv: readonly string[],
  { byPath, testBuild }: { byPath: boolean; testBuild: boolean },
): void {
  // SECURITY(K-38): a switch can take the sandbox away, open a debugging port, or load code; fuses do not stop these.
  const allowed = testBuild ? [...ALLOWED, ...ALLOWED_IN_TEST_BUILDS] : ALLOWED;
  const refused = argv.slice(byPath ? 2 : 1).find((argument) => !allowed.some((form) => form.test(argument)));
  if (refused === undefined) return;
  throw new StartRefused(
    `it was started with ${shown(refused)}, which it does not take`,
    'Start it without arguments.',
    EXIT.refused,
  );
}

/** An argument as it may be shown: what it is set to can be anything, and is left out. */
function shown(argument: string): string {
  const name = argument.split('=', 1)[0] ?? '';
  return name.replace(/[^ -~]/g, '?').slice(0, MAX_SHOWN);
}
