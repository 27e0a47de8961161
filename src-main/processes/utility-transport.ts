/** Starts programs of ours as Electron utility processes, and shows one to a process client as it needs it. */
import { app, utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import type { ExitInfo, Transport } from '../../hsm/client';
import type { Leave } from '../../hsm/contract';
import { CEREMONY_VARIABLE, FOR_EVERY_CHILD } from '../../workstation/child-environment';

/** A program to start. */
export interface UtilityProgram {
  /** Absolute path of the bundle. */
  readonly program: string;
  /** In words, such as `module worker units`; a number is put behind it. */
  readonly name: string;
  /** Id of the ceremony, by which survivors of an app that was killed are found. */
  readonly ceremony: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A utility process as a client, or the player's owner, needs it. */
export interface UtilityTransport extends Transport {
  /** Sends a message with a port, which is this process's from then on. Must not throw when the process is gone. */
  hand(message: unknown, port: MessagePortMain): void;
  /** Process id; null before it has one, and when it is gone. */
  readonly pid: number | null;
  /** Whether the process has ended, which `onExit` tells only when its last words have been heard. */
  readonly isGone: boolean;
}

/** How long `child-process-gone` is waited for after an exit without `bye`, in milliseconds; it took 1 in every trial. */
const GONE_MS = 300;
/** How long the last words of a process that was killed may still be on their way, in milliseconds. */
const DRAIN_MS = 100;

let started = 0;

/**
 * Starts a utility process. It inherits main's limit on core dumps.
 *
 * @throws TypeError when the app is not ready
 */
export function startUtility({ program, name, ceremony, args, environment }: UtilityProgram): UtilityTransport {
  started += 1;
  const serviceName = `Keyrite ${name} ${String(started)}`;
  const child = utilityProcess.fork(program, [...args, `--ceremony=${ceremony}`], {
    serviceName,
    // SECURITY(K-58): no LD_PRELOAD, NODE_OPTIONS or HOME of ours; vendor modules print what they like.
    env: { ...FOR_EVERY_CHILD, ...environment, [CEREMONY_VARIABLE]: ceremony },
    stdio: 'ignore',
    cwd: '/',
  });
  return new ChildTransport(child, serviceName);
}

class ChildTransport implements UtilityTransport {
  readonly #child: UtilityProcess;
  readonly #exited: Promise<ExitInfo>;
  #isGone = false;
  #toKill: 'SIGKILL' | 'SIGTERM' | null = null;

  constructor(child: UtilityProcess, serviceName: string) {
    this.#child = child;
    this.#exited = exitOf(child, serviceName);
    child.once('exit', () => {
      this.#isGone = true;
    });
    child.once('spawn', () => {
      if (this.#toKill !== null) this.kill(this.#toKill);
    });
    child.on('message', (message: unknown) => {
      if (isBye(message)) this.post({ leave: true } satisfies Leave);
    });
    // Later versions tell of fatal errors of V8 so, with a report that nobody reads here; `exit` follows.
    child.on('error', () => undefined);
  }

  get pid(): number | null {
    return this.#isGone ? null : (this.#child.pid ?? null);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  post(message: unknown): void {
    if (!this.#isGone) this.#child.postMessage(message);
  }

  hand(message: unknown, port: MessagePortMain): void {
    if (this.#isGone) port.close();
    else this.#child.postMessage(message, [port]);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#child.on('message', listener);
  }

  onExit(listener: (info: ExitInfo) => void): void {
    void this.#exited.then(listener);
  }

  /** Electron's own way sends SIGTERM only. Before it has a process id, the signal waits for it. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): void {
    this.#toKill = signal;
    const { pid } = this;
    if (pid === null) return;
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile: `exit` says so.
    }
  }
}

/**
 * How a child ended. After a signal Electron's exit code is 0 or the signal's number, by chance; the truth comes with
 * `child-process-gone`, which knows the child by its service name only.
 */
function exitOf(child: UtilityProcess, serviceName: string): Promise<ExitInfo> {
  return new Promise((resolve) => {
    let code: number | null = null;
    let saidBye = false;
    const onGone = (_event: unknown, details: { name?: string; reason: string; exitCode: number }) => {
      if (details.name === serviceName) end({ reason: details.reason, exitCode: details.exitCode });
    };
    const end = (gone: ExitInfo['gone']) => {
      app.off('child-process-gone', onGone);
      // Words come by another way than the news of the end, and may come after it.
      setTimeout(resolve, saidBye ? 0 : DRAIN_MS, { code, signal: null, gone });
    };
    app.on('child-process-gone', onGone);
    child.on('message', (message: unknown) => {
      saidBye ||= isBye(message);
    });
    child.once('exit', (exitCode) => {
      code = exitCode;
      if (saidBye) end(null);
      else setTimeout(end, GONE_MS, null);
    });
  });
}

function isBye(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'bye';
}
