/**
 * The processes of one run of the app: module workers and share processes as utility processes, and the way from each to
 * the people. Main introduces a process that asks and a person to each other, and carries nothing between them.
 */
import { MessageChannelMain } from 'electron';
import type { Module } from '../../ceremony/plan/binding-schema';
import { ProcessClient, type Asking } from '../../hsm/client';
import {
  KEY_FILE_OPERATIONS,
  MODULE_OPERATIONS,
  SHARE_OPERATIONS,
  whoIsAsked,
  type Dialogue,
  type LinkControl,
  type OperationTable,
  type PadEntry,
} from '../../hsm/contract';
import type { StuckProcess } from '../../ipc/view';
import type { Processes, SharePurpose } from '../../workstation/processes';
import { PlayerLink } from './player-link';
import type { SecretDesk } from './secret-desk';
import { startUtility, type UtilityTransport } from './utility-transport';

/** Absolute paths of the programs that run as utility processes. */
export interface ProcessPrograms {
  readonly worker: string;
  readonly shareProcess: string;
  readonly keyFile: string;
  readonly player: string;
}

/** What the processes of one run have in common. */
export interface UtilityProcessesOptions {
  readonly ceremony: string;
  readonly programs: ProcessPrograms;
  /** The memory of the rehearsal's player; null: nobody is played. */
  readonly playerFile: string | null;
  /** Whether the rehearsal plays a participant. */
  readonly isPlayed: (participant: string) => boolean;
  readonly desk: SecretDesk;
  /** Tells what the person at a secret window is asked; null: nobody is at one. Must not throw. */
  readonly onPerson: (dialogue: Dialogue | null) => void;
  /** Tells who must act at a token's own pad; null: nobody. Must not throw. */
  readonly onPad: (entry: PadEntry | null) => void;
}

/** A program to start, with the requests that it knows. */
interface Program<T extends OperationTable> {
  /** In words for people, such as `the worker of module units`. */
  readonly name: string;
  /** The same for the system's own lists. */
  readonly label: string;
  readonly table: T;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** It holds a set of shares, which is void when it is killed. */
  readonly voidsSet?: boolean;
}

/** A process that lives. */
interface Alive {
  readonly client: Pick<ProcessClient<OperationTable>, 'name' | 'workingOn' | 'kill' | 'stop'>;
  readonly voidsSet: boolean;
}

/** Starts and ends the utility processes of one run. */
export class UtilityProcesses implements Processes {
  readonly #options: UtilityProcessesOptions;
  readonly #player: PlayerLink | null;
  /** What lives, by a number that is never used again. */
  readonly #alive = new Map<number, Alive>();
  #started = 0;
  /** Questions without an answer yet, by exchange, and who asks. */
  readonly #asked = new Map<string, UtilityTransport>();
  /** Processes that wait for people at a pad, numbered as those that live. */
  readonly #atPads = new Map<number, PadEntry>();
  #isVoid = false;

  constructor(options: UtilityProcessesOptions) {
    this.#options = options;
    const { ceremony, playerFile: file, programs } = options;
    this.#player = file === null ? null : new PlayerLink({ program: programs.player, ceremony, file });
  }

  /** Starts a worker of a module, with the environment that the binding gives the module and nothing of main's own. */
  startModuleWorker(module: Module): ProcessClient<typeof MODULE_OPERATIONS> {
    return this.start({
      name: `the worker of module ${module.id}`,
      label: `worker ${module.id}`,
      table: MODULE_OPERATIONS,
      program: this.#options.programs.worker,
      args: [],
      environment: Object.fromEntries(module.environment.map(({ name, value }) => [name, value])),
    });
  }

  /** Starts a share process. */
  startShareProcess(purpose: SharePurpose): ProcessClient<typeof SHARE_OPERATIONS> {
    return this.start({
      name: purpose === 'set' ? 'the share process' : 'the share process for re-wrapping',
      label: `share process ${purpose}`,
      table: SHARE_OPERATIONS,
      program: this.#options.programs.shareProcess,
      args: purpose === 'set' ? [] : ['--transport'],
      environment: {},
      voidsSet: purpose === 'set',
    });
  }

  /** Starts the process that signs with key files. */
  startKeyFileProcess(): ProcessClient<typeof KEY_FILE_OPERATIONS> {
    return this.start({
      name: 'the key-file process',
      label: 'key-file process',
      table: KEY_FILE_OPERATIONS,
      program: this.#options.programs.keyFile,
      args: [],
      environment: {},
    });
  }

  /** Brings the secret window that is open to the front. */
  showPerson(): void {
    this.#options.desk.show();
  }

  /** Somebody was at the main window: whoever comes to a secret window next is called to it. */
  emptySeat(): void {
    this.#options.desk.emptySeat();
  }

  /** Each process that works on a request and waits for nobody at a secret window. */
  stuck(): StuckProcess[] {
    return [...this.#alive].flatMap(([number, { client, voidsSet }]) =>
      client.workingOn === null
        ? []
        : [{ id: `${String(number)}.${String(client.workingOn)}`, name: client.name, voidsSet }],
    );
  }

  /** Kills those that still work on the same: the last resort for a call that hangs. @returns whether there was one */
  endStuck(ids: readonly string[]): boolean {
    // SECURITY(K-133): what was confirmed late, or for another request, kills nothing.
    const meant = this.stuck().filter(({ id }) => ids.includes(id));
    for (const { id } of meant) void this.#alive.get(Number(id.split('.')[0]))?.client.kill();
    return meant.length > 0;
  }

  /** Tells whoever waits for a person, now or from now on, that nobody comes: the run ends. */
  voidQuestions(): void {
    this.#isVoid = true;
    for (const [exchange, asker] of this.#asked) asker.post({ gone: exchange } satisfies LinkControl);
  }

  /** Ends every process of the run, the player last. Whoever waits for a person is told that nobody comes. Never rejects. */
  async endAll(): Promise<void> {
    this.voidQuestions();
    await Promise.all([...this.#alive.values()].map(({ client }) => client.stop()));
    await this.#player?.stop();
  }

  /** Starts a program of one table. */
  start<T extends OperationTable>(program: Program<T>): ProcessClient<T> {
    const transport = startUtility({
      program: program.program,
      name: program.label,
      ceremony: this.#options.ceremony,
      args: program.args,
      environment: program.environment,
    });
    this.#started += 1;
    const number = this.#started;
    const client = new ProcessClient({
      name: program.name,
      table: program.table,
      transport,
      onAsking: (asking) => {
        this.#introduce(transport, asking);
      },
      onAnswered: ({ exchange }) => {
        this.#asked.delete(exchange);
        void this.#options.desk.dismiss(exchange);
      },
      onPad: (entry) => {
        if (entry === null) this.#atPads.delete(number);
        else this.#atPads.set(number, entry);
        this.#options.onPad([...this.#atPads.values()][0] ?? null);
      },
    });
    this.#alive.set(number, { client, voidsSet: program.voidsSet ?? false });
    void client.exited.then(() => this.#alive.delete(number));
    return client;
  }

  /** Makes a port between a process that asks and whoever answers, and lets go of both ends. */
  #introduce(transport: UtilityTransport, { dialogue, exchange }: Asking): void {
    const { port1: asker, port2: person } = new MessageChannelMain();
    this.#asked.set(exchange, transport);
    // SECURITY(K-56): PINs and shares go between the two processes; they say nothing before both hold their ends.
    transport.hand({ link: exchange } satisfies LinkControl, asker);
    if (this.#isVoid) {
      person.close();
      transport.post({ gone: exchange } satisfies LinkControl);
      return;
    }
    const player = this.#playerOf(dialogue);
    if (player !== null) {
      player.serve(exchange, person);
      return;
    }
    this.#options.desk.receive({
      dialogue,
      exchange,
      port: person,
      onOpen: () => {
        this.#options.onPerson(dialogue);
      },
      onClose: () => {
        this.#options.onPerson(null);
      },
      onLost: () => {
        transport.post({ gone: exchange } satisfies LinkControl);
      },
    });
  }

  #playerOf(dialogue: Dialogue): PlayerLink | null {
    return this.#options.isPlayed(whoIsAsked(dialogue)) ? this.#player : null;
  }
}
