/**
 * The processes of the command line as children of Node: module workers, share processes, and the person process with
 * its links. Main holds its end of each link only to hand it on: it never reads one.
 */
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Duplex, type Stream } from 'node:stream';
import type { Module } from '../ceremony/plan/binding-schema';
import { ProcessClient, type Asking, type ExitInfo, type Transport } from '../hsm/client';
import {
  KEY_FILE_OPERATIONS,
  MODULE_OPERATIONS,
  SHARE_OPERATIONS,
  type OperationTable,
  type PadEntry,
} from '../hsm/contract';
import { PersonGone } from '../hsm/person-errors';
import { FOR_EVERY_CHILD, inherited } from '../workstation/child-environment';
import type { Processes, SharePurpose } from '../workstation/processes';
import { SCRIPT_NAMES } from '../workstation/survivors';
import { FIRST_LINK_FD, MAX_LABEL, MAX_LINKS, type PersonControl } from './person/contract';

/** Files of the programs that run as children. */
export interface ChildScripts {
  readonly worker: string;
  readonly shareProcess: string;
  readonly person: string;
  readonly keyFile: string;
}

/** The programs that lie beside the one that runs now. */
export function builtScripts(folder = dirname(realpathSync(process.argv[1] ?? '.'))): ChildScripts {
  const [worker, shareProcess, person, keyFile] = SCRIPT_NAMES;
  return {
    worker: join(folder, worker),
    shareProcess: join(folder, shareProcess),
    person: join(folder, person),
    keyFile: join(folder, keyFile),
  };
}

/** What the children of one run have in common. */
export interface ChildrenOptions {
  /** Id of the ceremony: in every child's argv, so that `resume` finds survivors. */
  readonly ceremony: string;
  readonly scripts: ChildScripts;
  /** Modules of the binding: each gets a link of its own. */
  readonly modules: readonly Module[];
  /** The rehearsal's player file; null: people are asked at the terminal. */
  readonly player: string | null;
  /** Names of the people by their ids, for the terminal. */
  readonly names: Readonly<Record<string, string>>;
  /** People act at a token's own pad now; null: no longer. Must not throw. */
  readonly onPad?: (entry: PadEntry | null) => void;
  /** Command line that a module's worker is started through; none unless a rehearsal room asks for it. May throw. */
  readonly startThrough?: (module: Module) => readonly string[];
}

/** Links besides those of the modules. */
const LINKS_OF_OURS = ['share:set', 'share:rewrap', 'key-file'] as const;

/** How long the person process may take to end by itself, in milliseconds. */
const STOP_MS = 2_000;

/** Starts and ends the children of one run. */
export class NodeChildren implements Processes {
  readonly #options: ChildrenOptions;
  readonly #person: ChildProcess;
  readonly #personExit: Promise<ExitInfo>;
  readonly #links: ReadonlyMap<string, number>;
  readonly #alive = new Set<{ stop(): Promise<void> }>();
  #ending = false;

  /** Starts the person process. @throws RangeError when the binding has more modules than there are links */
  constructor(options: ChildrenOptions) {
    this.#options = options;
    const names = [...options.modules.map((module) => `module:${module.id}`), ...LINKS_OF_OURS];
    if (names.length > MAX_LINKS) {
      const most = MAX_LINKS - LINKS_OF_OURS.length;
      throw new RangeError(`modules: expected at most ${String(most)}, got ${String(options.modules.length)}`);
    }
    this.#links = new Map(names.map((name, index) => [name, index]));
    const player = options.player === null ? [] : [`--player=${options.player}`];
    this.#person = forkChild({
      script: options.scripts.person,
      args: [`--links=${String(names.length)}`, `--ceremony=${options.ceremony}`, ...player],
      environment: { ...FOR_EVERY_CHILD, ...inherited('TERM') },
      // SECURITY(K-01): PINs and shares go over these, past main, which never reads them.
      more: names.map(() => 'pipe' as const),
    });
    for (const stream of this.#linkStreams()) stream.on('error', () => undefined);
    this.#personExit = new Promise((resolve) => {
      nodeTransport(this.#person).onExit((info) => {
        if (!this.#ending && options.player === null) repairTerminal();
        resolve(info);
      });
    });
    this.#tell({ names: options.names });
  }

  /** Resolves when the process that asks people is gone; nobody can be asked any more then. */
  get personExited(): Promise<ExitInfo> {
    return this.#personExit;
  }

  /** Process id of the person process, for tests. */
  get personPid(): number | undefined {
    return this.#person.pid;
  }

  /**
   * Starts a worker of a module, with the environment that the binding gives the module and nothing of main's own.
   *
   * @throws PersonGone when the person process has ended; and what `startThrough` throws
   */
  startModuleWorker(module: Module): ProcessClient<typeof MODULE_OPERATIONS> {
    return this.startChild({
      name: `the worker of module ${module.id}`,
      table: MODULE_OPERATIONS,
      script: this.#options.scripts.worker,
      link: `module:${module.id}`,
      environment: Object.fromEntries(module.environment.map(({ name, value }) => [name, value])),
      through: this.#options.startThrough?.(module) ?? [],
    });
  }

  /** Starts a share process; at most one of a purpose may live at a time. @throws PersonGone as above */
  startShareProcess(purpose: SharePurpose): ProcessClient<typeof SHARE_OPERATIONS> {
    return this.startChild({
      name: purpose === 'set' ? 'the share process' : 'the share process for re-wrapping',
      table: SHARE_OPERATIONS,
      script: this.#options.scripts.shareProcess,
      link: `share:${purpose}`,
      environment: {},
    });
  }

  /** Starts the process that signs with key files; at most one may live at a time. @throws PersonGone as above */
  startKeyFileProcess(): ProcessClient<typeof KEY_FILE_OPERATIONS> {
    return this.startChild({
      name: 'the key-file process',
      table: KEY_FILE_OPERATIONS,
      script: this.#options.scripts.keyFile,
      link: 'key-file',
      environment: {},
    });
  }

  /** Tells the screen on which people give PINs and shares which step begins. */
  announceStep(step: string): void {
    this.#tell({ step: step.slice(0, MAX_LABEL) });
  }

  /** Tells that screen what is done in the step now. */
  announceDoing(doing: string): void {
    this.#tell({ doing: doing.slice(0, MAX_LABEL) });
  }

  /** Ends every child, the person process last. Never rejects. */
  async endAll(): Promise<void> {
    this.#ending = true;
    await Promise.all([...this.#alive].map((client) => client.stop()));
    this.#tell({ stop: true });
    const timer = setTimeout(() => this.#person.kill('SIGKILL'), STOP_MS);
    await this.#personExit;
    clearTimeout(timer);
    for (const stream of this.#linkStreams()) stream.destroy();
  }

  #linkStreams(): Duplex[] {
    return this.#person.stdio.slice(FIRST_LINK_FD).filter((stream) => stream instanceof Duplex);
  }

  /** Starts a program of one table on a link: `module:<id>`, `share:set`, `share:rewrap` or `key-file`. @throws PersonGone as above */
  startChild<T extends OperationTable>(child: {
    readonly name: string;
    readonly table: T;
    readonly script: string;
    readonly link: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly through?: readonly string[];
  }): ProcessClient<T> {
    const link = this.#links.get(child.link);
    if (link === undefined) throw new RangeError(`link: expected one that the run was started with, got ${child.link}`);
    const stream = this.#linkStreams()[link];
    if (
      stream === undefined ||
      stream.destroyed ||
      this.#person.exitCode !== null ||
      this.#person.signalCode !== null
    ) {
      throw new PersonGone();
    }
    const client = new ProcessClient({
      name: child.name,
      table: child.table,
      transport: nodeTransport(
        forkChild({
          script: child.script,
          // SECURITY(K-03): anybody on the machine can read this.
          args: [`--ceremony=${this.#options.ceremony}`],
          environment: { ...FOR_EVERY_CHILD, ...child.environment },
          more: [stream],
          through: child.through ?? [],
        }),
      ),
      onAsking: ({ exchange }: Asking) => {
        this.#tell({ serve: link, exchange });
      },
      onAnswered: ({ exchange }: Asking) => {
        this.#tell({ cancel: exchange });
      },
      onPad: (entry) => {
        this.#options.onPad?.(entry);
      },
    });
    this.#alive.add(client);
    void client.exited.then(() => this.#alive.delete(client));
    return client;
  }

  #tell(control: PersonControl): void {
    post(this.#person, control);
  }
}

/**
 * The space for new objects stays at 1 MiB: V8 otherwise lets it grow by what requests throw away, by 30 MB in a worker
 * (measured), and what was thrown away lies in it until it is used again.
 */
const SMALL_YOUNG_SPACE = '--max-semi-space-size=1';

/**
 * Starts a program of ours. Its output goes nowhere: vendor modules print there, and nobody can say that it holds no
 * secret. It starts through a shell that switches core dumps off.
 */
export function forkChild(child: {
  readonly script: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Descriptors from 4 on. */
  readonly more: readonly ('pipe' | Stream)[];
  /** A command line that ends by becoming the program (exec), keeping descriptors 3 and up. */
  readonly through?: readonly string[];
}): ChildProcess {
  return fork(child.script, [...child.args], {
    execPath: '/bin/sh',
    // SECURITY(K-06): a core dump would hold PINs and keys.
    execArgv: ['-c', 'ulimit -c 0; exec "$0" "$@"', ...(child.through ?? []), process.execPath, SMALL_YOUNG_SPACE],
    cwd: '/',
    // SECURITY(K-04): no LD_PRELOAD, NODE_OPTIONS or HOME of the caller.
    env: child.environment,
    serialization: 'advanced',
    // SECURITY(K-05): vendor modules print what they like.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', ...child.more],
  });
}

/** How long messages of a process that is gone are waited for, in milliseconds, should its channel not close. */
const DRAIN_MS = 500;

/** A forked child as a {@link ProcessClient} needs it. */
export function nodeTransport(child: ChildProcess): Transport {
  // A child that cannot be started emits `error`; where it never ran there is no `exit`.
  const errorExit: ExitInfo = { code: null, signal: null, gone: { reason: 'could not be started', exitCode: 0 } };
  const exited = new Promise<ExitInfo>((resolve) => {
    child.on('error', () => {
      if (child.pid === undefined) resolve(errorExit);
    });
    child.on('exit', (code, signal) => {
      const info: ExitInfo = { code, signal, gone: null };
      // Messages can come after `exit`; none comes after `disconnect`.
      if (!child.connected) setImmediate(resolve, info);
      child.once('disconnect', () => {
        setImmediate(resolve, info);
      });
      setTimeout(() => {
        resolve(info);
      }, DRAIN_MS).unref();
    });
  });
  return {
    post: (message) => {
      post(child, message as object);
    },
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void exited.then(listener),
    kill: (signal) => void child.kill(signal),
  };
}

/** Sends without ever throwing: whoever is gone says so by its exit. */
function post(child: ChildProcess, message: object): void {
  if (child.connected) child.send(message, () => undefined);
}

/** Sets a terminal right again after the person process died while somebody was typing. */
function repairTerminal(): void {
  const words = 'exec </dev/tty >/dev/tty && stty sane && printf "\\033[2J\\033[3J\\033[H\\033[?1049l\\033[3J"';
  spawnSync('sh', ['-c', words], { stdio: 'ignore' });
}
