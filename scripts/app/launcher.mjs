/**
 * The program that starts the app: a shell script, since it is also what Playwright starts, and since core dumps must be
 * off before Chromium's zygote is there. It gives the app an environment of named variables only, and, as root, leaves
 * root behind. It ends in `exec`: its process id is that of the app.
 */

/** Variables that the app gets, where they are set. */
const PASSED_ON = [
  'DISPLAY',
  'XAUTHORITY',
  'HOME',
  'PATH',
  'LANG',
  'XDG_CONFIG_HOME',
  'XDG_CACHE_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_DIRS',
  'XDG_DATA_DIRS',
];

/** Besides, for who runs the app in their own session. The session of root's caller is closed to the app's user. */
const OF_THE_SESSION = ['WAYLAND_DISPLAY', 'XDG_SESSION_TYPE', 'XDG_CURRENT_DESKTOP'];

/**
 * The launcher's text. `KEYRITE_APP_HOME` in its environment names another home for this run.
 *
 * @param {object} how
 * @param {string} how.program absolute path of Electron's program
 * @param {import('./app-user.mjs').AppUser | null} how.user null: whoever starts it
 * @param {'namespaces' | 'setuid'} how.sandbox what Chromium's sandbox rests on; a set-uid helper needs new privileges
 */
export function launcher({ program, user, sandbox }) {
  return [
    '#!/bin/sh',
    '# Made by scripts/app/launcher.mjs: starts Keyrite without core dumps, with the environment below.',
    'set -eu',
    // SECURITY(K-62): before any process of the app is there, the zygotes that windows come from among them.
    'ulimit -c 0',
    ...(user === null ? ownHome() : homeOf(user)),
    `set -- ${quote(program)} "$@"`,
    ...(user === null ? [] : [`set -- ${setpriv(user, sandbox)} -- "$@"`]),
    `for name in ${[...PASSED_ON, ...(user === null ? OF_THE_SESSION : [])].join(' ')}; do`,
    '  eval "value=\\${$name-}"',
    '  if [ -n "$value" ]; then set -- "$name=$value" "$@"; fi',
    'done',
    'exec env -i "$@"',
    '',
  ].join('\n');
}

/** The person's own home and folders, unless this run has a home of its own. */
function ownHome() {
  return [
    'if [ -n "${KEYRITE_APP_HOME-}" ]; then',
    ...foldersIn('"$KEYRITE_APP_HOME"').map((line) => `  ${line}`),
    'fi',
  ];
}

/**
 * The user's home; the cookie of the display goes there, since root's is for root's eyes. What is written there is
 * written by the user: root follows no link in a folder of theirs.
 *
 * @param {import('./app-user.mjs').AppUser} user
 */
function homeOf(user) {
  return [
    'cookie="${XAUTHORITY:-${HOME-}/.Xauthority}"',
    ...foldersIn(`"\${KEYRITE_APP_HOME:-${user.home}}"`),
    'XAUTHORITY="$HOME/.Xauthority"',
    'PATH=/usr/local/bin:/usr/bin:/bin',
    'cd /',
    'if [ ! -r "$cookie" ]; then cookie=/dev/null; fi',
    `setpriv --reuid=${user.name} --regid=${user.name} --init-groups -- env -i PATH="$PATH" sh -c '`,
    '  umask 077',
    '  mkdir -p "$1" && cat >"$2.$$" && mv -f "$2.$$" "$2"',
    '\' sh "$XDG_RUNTIME_DIR" "$XAUTHORITY" <"$cookie"',
    'cd "$HOME" 2>/dev/null || cd /',
  ];
}

/** @param {string} home */
function foldersIn(home) {
  return [
    `HOME=${home}`,
    'XDG_CONFIG_HOME="$HOME/.config"',
    'XDG_CACHE_HOME="$HOME/.cache"',
    'XDG_DATA_HOME="$HOME/.local/share"',
    'XDG_STATE_HOME="$HOME/.local/state"',
    'XDG_RUNTIME_DIR="$HOME/.run"',
  ];
}

/**
 * @param {import('./app-user.mjs').AppUser} user
 * @param {'namespaces' | 'setuid'} sandbox
 */
function setpriv(user, sandbox) {
  const more = sandbox === 'namespaces' ? ' --no-new-privs' : '';
  return `setpriv --reuid=${user.name} --regid=${user.name} --init-groups${more}`;
}

/** @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
