/**
 * A print system of the test's own: CUPS's real cupsd with its own settings, spool and socket, run by an ordinary user.
 * Its queues filter nothing; a backend of ours puts what arrives into a folder, as a printer would put it onto paper.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appUser, asUser } from '../../scripts/app/app-user.mjs';

/** The queues: the usual one, another, and one that takes no jobs. */
export const QUEUES = { usual: 'ceremony-room', other: 'upstairs', closed: 'closed' } as const;

/** What a printer got. */
export interface Arrived {
  readonly bytes: Buffer;
  readonly title: string;
  /** Options of the job, such as `media=A4`. */
  readonly options: readonly string[];
}

/** A print system that runs. */
export class PrintServer {
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
  }

  /** Starts it. */
  static async open(): Promise<PrintServer> {
    const user = await appUser(() => undefined);
    const folder = mkdtempSync(join(tmpdir(), 'keyrite-cups-'));
    writeSettings(folder);
    if (user !== null) giveTo(folder, user.uid, user.gid);
    const [program = '', ...args] = [
      ...asUser(user),
      ...[join(folder, 'lib/cupsd'), '-f', '-c', join(folder, 'cupsd.conf'), '-s', join(folder, 'cups-files.conf')],
    ];
    const child = spawn(program, args, { stdio: 'ignore' });
    for (let tries = 0; !existsSync(join(folder, 'socket')); tries += 1) {
      if (child.exitCode !== null || tries > 500) {
        child.kill('SIGKILL');
        throw new Error(`cupsd does not start: ${logOf(folder)}`);
      }
      await sleep(20);
    }
    return new PrintServer(folder, child);
  }

  /** Makes it the print system of whoever has this home, by the file that CUPS has for that. */
  serve(home: string): void {
    const folder = join(home, '.cups');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'client.conf'), `ServerName ${join(this.#folder, 'socket')}\n`);
    // Read by whoever lives there, whatever our umask is.
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'client.conf'), 0o644);
  }

  /** Waits for a job at the end of its way. */
  async arrived(printer: string, job: number): Promise<Arrived> {
    const name = join(this.#folder, 'out', `${printer}-${String(job)}`);
    for (let tries = 0; !existsSync(`${name}.whole`); tries += 1) {
      if (tries > 500) throw new Error(`job ${String(job)} does not arrive: ${logOf(this.#folder)}`);
      await sleep(20);
    }
    const [title = '', options = ''] = readFileSync(`${name}.told`, 'utf8').split('\n');
    return { bytes: readFileSync(`${name}.whole`), title, options: options.split(' ') };
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function writeSettings(folder: string): void {
  for (const name of ['conf', 'spool', 'tmp', 'cache', 'state', 'log', 'out', 'lib/backend'])
    mkdirSync(join(folder, name), { recursive: true });
  // A copy: Debian's AppArmor profile, which goes by the path, would keep cupsd from this folder.
  copyFileSync('/usr/sbin/cupsd', join(folder, 'lib/cupsd'));
  // cupsd starts backends by a program of its own.
  symlinkSync('/usr/lib/cups/daemon', join(folder, 'lib/daemon'));
  writeFileSync(join(folder, 'lib/backend/folder'), BACKEND);
  chmodSync(join(folder, 'lib/backend/folder'), 0o755);
  writeFileSync(
    join(folder, 'cupsd.conf'),
    `Listen ${join(folder, 'socket')}
Browsing Off
WebInterface No
DefaultAuthType None
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
  </Limit>
</Policy>
`,
  );
  const places = {
    ServerRoot: 'conf',
    ServerBin: 'lib',
    RequestRoot: 'spool',
    TempDir: 'tmp',
    CacheDir: 'cache',
    StateDir: 'state',
    AccessLog: 'log/access',
    ErrorLog: 'log/error',
    PageLog: 'log/page',
  };
  const lines = Object.entries(places).map(([what, where]) => `${what} ${join(folder, where)}\n`);
  writeFileSync(join(folder, 'cups-files.conf'), lines.join(''));
  const queue = (kind: string, name: string, accepting: string): string =>
    `<${kind} ${name}>\nDeviceURI folder://${join(folder, 'out')}\nState Idle\nAccepting ${accepting}\nShared No\n</${kind}>\n`;
  writeFileSync(
    join(folder, 'conf/printers.conf'),
    `${queue('DefaultPrinter', QUEUES.usual, 'Yes')}${queue('Printer', QUEUES.other, 'Yes')}${queue('Printer', QUEUES.closed, 'No')}`,
  );
}

/** CUPS hands over: job, user, title, copies, options, and the file unless it is on standard input. */
const BACKEND = `#!/bin/sh
[ $# -gt 0 ] || exit 0
name="\${DEVICE_URI#folder://}/$PRINTER-$1"
printf '%s\\n' "$3" "$5" > "$name.told"
cat \${6:+"$6"} > "$name.part"
mv "$name.part" "$name.whole"
`;

function giveTo(folder: string, uid: number, gid: number): void {
  chownSync(folder, uid, gid);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (dirname(name) !== 'lib/daemon' && name !== 'lib/daemon') chownSync(join(folder, name), uid, gid);
  }
}

function logOf(folder: string): string {
  const log = join(folder, 'log/error');
  return existsSync(log) ? readFileSync(log, 'utf8').slice(-2_000) : 'it left no log';
}
