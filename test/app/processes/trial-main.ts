/**
 * An app for tests of the processes: does what lines of JSON on its input say, and answers each with one on its output.
 * What belongs to the app itself (processes, desk, hardened windows, preload) is the app's own code.
 */
import { app, BrowserWindow, MessageChannelMain } from 'electron';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { Module } from '../../../ceremony/plan/binding-schema';
import { DeviceError } from '../../../ceremony/command/device-error';
import type { ProcessClient } from '../../../hsm/client';
import { whoIsAsked, type Dialogue, type OperationTable, type PadEntry } from '../../../hsm/contract';
import { hardenAfterReady, hardenBeforeReady } from '../../../src-main/hardening/harden-everything';
import { openHardenedWindow } from '../../../src-main/hardened-window';
import { SecretDesk, type DeskContext, type Visit } from '../../../src-main/processes/secret-desk';
import { UtilityProcesses } from '../../../src-main/processes/utility-processes';
import { programFiles } from '../../../src-main/program-files';
import { TRIAL_OPERATIONS } from './trial-table';

interface Command {
  readonly id: number;
  readonly do: string;
  readonly [argument: string]: unknown;
}

const programs = programFiles();
const clients = new Map<string, ProcessClient<OperationTable>>();
const partitions: string[] = [];
const renderers: number[] = [];
/** Who was at a window, as main was told; null: nobody any more. */
const people: (string | null)[] = [];
/** Who had to act at a pad, likewise. */
const pads: (PadEntry | null)[] = [];
/** Most windows there were at once, looked at whenever one opens. */
let most = 0;
let failNextWindow = false;
let processes: UtilityProcesses | null = null;

const context: DeskContext = {
  names: { tells: 'Ted Tells' },
  units: {},
  title: 'A trial',
  step: 'Step 1 of 2',
  doing: 'trying',
  mode: 'rehearsal',
  endOfLifeRuntime: false,
};
function openWindow(partition: string): BrowserWindow {
  if (failNextWindow) {
    failNextWindow = false;
    throw new Error('no window');
  }
  partitions.push(partition);
  const window = openHardenedWindow({
    page: 'secret.html',
    preload: 'secret-preload.cjs',
    partition,
    width: 400,
    height: 300,
    title: 'Trial',
  });
  window.webContents.on('did-navigate', () => {
    if (!window.isDestroyed()) renderers.push(window.webContents.getOSProcessId());
  });
  most = Math.max(most, BrowserWindow.getAllWindows().length);
  return window;
}

/** Everything that was said on ports, when main carries it: the messages themselves, as main's memory has them. */
const carried: { readonly kind: string; readonly body?: Uint8Array }[] = [];
let carries = false;

/** Hands windows a port of its own, and carries what is said between them and whoever asks, where it is told to. */
class CarryingDesk extends SecretDesk {
  override receive(visit: Visit): void {
    if (!carries) {
      super.receive(visit);
      return;
    }
    const { port1: near, port2: far } = new MessageChannelMain();
    for (const [from, to] of [[visit.port, near] as const, [near, visit.port] as const]) {
      from.on('message', ({ data }: { data: (typeof carried)[number] }) => {
        carried.push(data);
        to.postMessage(data);
      });
      from.on('close', () => {
        to.close();
      });
      from.start();
    }
    super.receive({ ...visit, port: far });
  }
}
const desk = new CarryingDesk({ openWindow, onEmpty: () => undefined, finishMs: 5_000 });

function begin(ceremony: string, playerFile: string | null, played: readonly string[]): void {
  processes = new UtilityProcesses({
    ceremony,
    programs,
    playerFile,
    isPlayed: (participant) => played.includes(participant),
    desk,
    onPerson: (dialogue: Dialogue | null) => {
      people.push(dialogue === null ? null : whoIsAsked(dialogue));
    },
    onPad: (entry) => {
      pads.push(entry);
    },
  });
  desk.describe(context);
}

function start(name: string, what: string, module: Module | null): void {
  if (processes === null) throw new Error('no run');
  const trial = { label: name, program: join(__dirname, 'trial-worker.cjs'), args: [], environment: { TRIAL: '1' } };
  const client =
    module !== null
      ? processes.startModuleWorker(module)
      : what === 'share'
        ? processes.startShareProcess('set')
        : what === 'key-file'
          ? processes.startKeyFileProcess()
          : processes.start({ ...trial, name: `the process ${name}`, table: TRIAL_OPERATIONS });
  clients.set(name, client);
}

async function obey(command: Command): Promise<unknown> {
  const text = (name: string) => command[name] as string;
  switch (command.do) {
    case 'begin':
      begin(text('ceremony'), command['playerFile'] as string | null, command['played'] as string[]);
      return null;
    case 'start':
      start(text('name'), text('what'), (command['module'] ?? null) as Module | null);
      return null;
    case 'call':
      return clients.get(text('name'))?.call(text('operation'), command['args']);
    case 'be-busy': {
      const until = performance.now() + Number(command['ms']);
      while (performance.now() < until);
      return null;
    }
    case 'stop':
      return clients.get(text('name'))?.stop();
    case 'stuck':
      return processes?.stuck();
    case 'end-stuck':
      return processes?.endStuck(command['ids'] as string[]);
    case 'end-all':
      return processes?.endAll();
    case 'carry':
      carries = command['carries'] === true;
      return carried.map(({ kind, body }) => ({ kind, bytes: body?.byteLength ?? 0 }));
    case 'fail-next-window':
      failNextWindow = true;
      return null;
    case 'describe':
      desk.describe({ ...context, ...(command['change'] as Partial<DeskContext>) });
      return null;
    case 'windows':
      return {
        open: BrowserWindow.getAllWindows().map(({ webContents }) => ({
          pid: webContents.getOSProcessId(),
          hasQuestion: webContents.getTitle() === 'Asked',
          isShown: BrowserWindow.fromWebContents(webContents)?.isVisible() === true,
        })),
        partitions,
        renderers,
        people,
        most,
      };
    case 'close-window':
      for (const window of BrowserWindow.getAllWindows()) window.close();
      return null;
    case 'crash-window':
      for (const window of BrowserWindow.getAllWindows()) window.webContents.forcefullyCrashRenderer();
      return null;
    case 'reload-window':
      for (const window of BrowserWindow.getAllWindows()) window.webContents.reload();
      return null;
    case 'pads':
      return pads;
    case 'metrics':
      return { main: process.pid, all: app.getAppMetrics().map(({ pid, type, name }) => ({ pid, type, name })) };
    default:
      throw new Error(`no such command: ${command.do}`);
  }
}

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function troubleOf(error: unknown): unknown {
  if (!(error instanceof DeviceError)) return { code: 'TRIAL', message: String(error) };
  const { code, message, changed, next, uncertain } = error;
  return { code, message, changed, next, uncertain };
}

const fail = (error: unknown): void => {
  say({ failed: String(error) });
  app.exit(1);
};

app.on('window-all-closed', () => undefined);
hardenBeforeReady(fail);
app.whenReady().then(() => {
  hardenAfterReady();
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const command = JSON.parse(line) as Command;
      obey(command).then(
        (result) => {
          say({ id: command.id, result: result ?? null });
        },
        (error: unknown) => {
          say({ id: command.id, error: troubleOf(error) });
        },
      );
    })
    .on('close', () => {
      app.exit(0);
    });
  say({ ready: true });
}, fail);
