/**
 * What every child gets of the environment: where programs are, and how words and times are written. No HOME, no
 * NODE_OPTIONS, no LD_*: what steers a module stands in the binding.
 */
export const FOR_EVERY_CHILD: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ...inherited('LANG', 'LC_ALL', 'LC_CTYPE', 'TZ'),
};

/** Those variables of our own environment that are set. */
export function inherited(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Names the ceremony in the environment of a utility process, whose arguments no other process can read. */
export const CEREMONY_VARIABLE = 'KEYRITE_CEREMONY';
