/**
 * Throw-away tokens of opencryptoki's soft token. Its folders are fixed when it is compiled, and its library talks to a
 * daemon of its own. So a unit's worker, and only it, lives in a mount and IPC namespace, where the room's folders lie
 * over the system's and a daemon runs that ends with the worker. The system's own opencryptoki is not touched.
 *
 * Each unit has a module of its own: in one process, the soft tokens of opencryptoki 3.8.1 share their objects and their
 * login (measured).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Module } from '../../ceremony/plan/binding-schema';
import { UsageError } from '../explain';
import { fileSha256, findLibrary } from './module-file';

const UNSHARE = ['unshare', '--mount', '--ipc', '--'] as const;

/** Where the daemon can be, in the search path that children have whatever the caller's is. */
const DAEMONS = ['/usr/local/sbin/pkcsslotd', '/usr/sbin/pkcsslotd', '/sbin/pkcsslotd'];

/** Folders that the namespace covers with empty ones: a room there could not be seen from inside. */
const COVERED = /^\/(?:run|var\/(?:run|log)|dev\/shm)(?:\/|$)/;

/**
 * What runs in the namespace before the worker: `$1` is the store, what follows is the worker's command line. All of
 * /var/log is covered, since the folder below it is there only where the daemon once ran. The daemon
 * ends when nothing holds the fifo `alive` open any more, and that is the worker alone. Descriptors 3 and 4 are the
 * worker's connections to main and to the person process; nobody else may hold them.
 */
const ENTER = `set -e
store=$1; shift
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=0755 tmpfs /var/log
mkdir -p /run/lock /var/lock/opencryptoki
mount -t tmpfs -o mode=0770 tmpfs /var/lock/opencryptoki
mkdir -m 0770 /var/log/opencryptoki
mount --bind "$store/etc" /etc/opencryptoki
mount --bind "$store/var" /var/lib/opencryptoki
mkdir -m 0770 /var/lock/opencryptoki/unit
chgrp -R pkcs11 /var/lock/opencryptoki /var/log/opencryptoki
mkfifo -m 0600 /run/alive
pkcsslotd -f 3>&- 4>&- &
daemon=$!
{ read -r nothing < /run/alive || true; kill -9 "$daemon"; } 3>&- 4>&- &
exec 9> /run/alive
tries=0
until [ -S /run/pkcsslotd.socket ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 400 ]
  sleep 0.05
done
exec "$@"
`;

/**
 * Where opencryptoki is.
 *
 * @throws UsageError naming what is missing: the packages, the rights of root, namespaces
 */
export function findOpencryptoki(): string {
  const found = findLibrary('pkcs11/libopencryptoki.so', 'opencryptoki/libopencryptoki.so');
  const hasDaemon = DAEMONS.some((path) => existsSync(path));
  if (found === null || !hasDaemon || !existsSync('/var/lib/opencryptoki')) {
    throw new UsageError(
      'opencryptoki is not installed',
      'Nothing was run. Install it: apt-get install opencryptoki libopencryptoki0',
    );
  }
  requireNamespaces();
  return found;
}

/** Throws UsageError when this process may not make a namespace and mount things in it. */
function requireNamespaces(): void {
  if (process.getuid?.() !== 0) {
    throw new UsageError(
      'opencryptoki is rehearsed on by root only: its daemon needs folders of its own in a namespace',
      'Nothing was run. Start the rehearsal as root, or rehearse on softhsm2 or nss.',
    );
  }
  const [command, ...options] = UNSHARE;
  const tried = spawnSync(command, [...options, 'mount', '--make-rprivate', '/'], { stdio: 'ignore' });
  if (tried.status === 0) return;
  throw new UsageError(
    'this system does not let root make a mount and IPC namespace (unshare --mount --ipc failed), which opencryptoki needs',
    'Nothing was run. In a container, grant CAP_SYS_ADMIN; or rehearse on softhsm2 or nss.',
  );
}

/** Makes a store with one blank token. Throws UsageError as {@link findOpencryptoki}. */
export function makeOpencryptokiStore(room: string, id: string): Module {
  const path = findOpencryptoki();
  if (COVERED.test(room)) {
    throw new UsageError(
      `the rehearsal room ${room} cannot be seen from the namespace of opencryptoki`,
      'Nothing was run. Name a folder that is not under /run, /var/log or /dev/shm: --keep DIR',
    );
  }
  const conf = configurationOf(room, id);
  mkdirSync(join(room, id, 'etc'), { recursive: true, mode: 0o755 });
  mkdirSync(join(room, id, 'var', 'unit', 'TOK_OBJ'), { recursive: true, mode: 0o770 });
  const lines = ['version opencryptoki-3.1', '', 'slot 0', '{', 'stdll = libpkcs11_sw.so', 'tokname = "unit"', '}'];
  writeFileSync(conf, `${lines.join('\n')}\n`, { mode: 0o644 });
  return {
    id,
    path,
    sha256: fileSha256(path),
    environment: [],
    files: [{ path: conf, sha256: fileSha256(conf) }],
    links: [],
  };
}

function configurationOf(room: string, id: string): string {
  return join(room, id, 'etc', 'opencryptoki.conf');
}

/**
 * The command line that a worker of a module of this room is started through; empty for a module that needs none.
 *
 * @throws UsageError when the room has an opencryptoki store and this process cannot enter it
 */
export function enterStore(room: string, module: Module): readonly string[] {
  const conf = configurationOf(room, module.id);
  if (!module.files.some(({ path }) => path === conf)) return [];
  findOpencryptoki();
  return [...UNSHARE, '/bin/sh', '-c', ENTER, 'keyrite-opencryptoki', join(room, module.id)];
}
