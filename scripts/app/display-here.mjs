/** Whether windows can be shown here. */

/**
 * How people see windows here: what the app is told, or why it can't be shown.
 *
 * @param {Record<string, string | undefined>} environment
 * @param {boolean} root whether we are root
 * @returns {{ args: readonly string[] } | { missing: string }}
 */
export function displayHere(environment, root) {
  if (environment['DISPLAY']) return { args: [] };
  if (!environment['WAYLAND_DISPLAY']) return { missing: 'there is no display here' };
  // The socket of a Wayland session is open to its owner alone, and root's app does not run as root.
  if (root) return { missing: 'root has no X display here, and the app can be shown on no other' };
  return { args: ['--ozone-platform=wayland'] };
}
