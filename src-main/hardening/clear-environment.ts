/** What of the environment the app was started in it keeps. */
import { EXIT } from '../exit-codes';
import { StartRefused } from '../start-failure';

/** Variables that have had their effect by the time our first line runs: other code may be in this process. */
const REFUSED = /^(?:LD_.*|NODE_.*|ELECTRON_.*|GLIBC_TUNABLES|MALLOC_.*|CHROME_DEVEL_SANDBOX|V8_.*)$/;

/** Variables of no use to an attacker beyond what it is to be that person, without which there is no screen. */
const KEPT =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z_]+|TZ|TMPDIR|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|XDG_[A-Z_]+|DESKTOP_SESSION|GTK_THEME|GTK_IM_MODULE|XMODIFIERS|GDK_SCALE|GDK_DPI_SCALE|GDK_BACKEND|CHROME_DESKTOP|ORIGINAL_XDG_CURRENT_DESKTOP)$/;

/**
 * Refuses an environment that steers the process, and drops everything of it that the app does not need: what GTK would
 * load (`GTK_MODULES`), where TLS keys would be written, what belongs to others.
 *
 * @param environment is changed; deleting from `process.env` takes the variable from Chromium and GTK, too
 * @throws StartRefused naming the variable
 */
export function clearEnvironment(environment: NodeJS.ProcessEnv): void {
  // SECURITY(K-39): NODE_OPTIONS, LD_PRELOAD, ELECTRON_RUN_AS_NODE and their like put other code into this process.
  const names = Object.keys(environment);
  const refused = names.find((name) => REFUSED.test(name) && environment[name] !== '');
  if (refused !== undefined) {
    throw new StartRefused(
      `the environment sets ${refused.replace(/[^ -~]/g, '?').slice(0, 60)}, which steers what runs in it`,
      'Start it with that variable unset.',
      EXIT.refused,
    );
  }
  for (const name of names) if (!KEPT.test(name)) Reflect.deleteProperty(environment, name);
}
