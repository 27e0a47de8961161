/**
 * The app's controller as tests drive it: the window's part is played by reading the view and asking what it shows, and
 * the processes are the command line's children. Every view that comes is validated, as on its way to the window.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { expect } from 'vitest';
import { builtScripts, NodeChildren } from '../../cli/node-children';
import { RequestFailed, type Trouble } from '../../ipc/define';
import { AppView, type RunView, type RuntimeView, type StuckProcess, type TaskView } from '../../ipc/view';
import { AppController } from '../../src-main/app/app-controller';
import type { AppParts, DeskWords, ProcessesWanted, RunProcesses } from '../../src-main/app/app-parts';
import { endSurvivors } from '../../workstation/survivors';
import { CHECKOUT } from '../ceremony/program';
import { NO_PRINTING } from './no-printing';

/** The development runtime: rehearsals only. */
export const DEVELOPMENT: RuntimeView = {
  version: '0.0.0-test',
  electron: '25.1.1',
  chrome: '114.0.0.0',
  node: process.versions.node,
  standing: 'development',
  packaged: false,
  testBuild: false,
  fit: false,
};

/** How long a test waits for a view, in milliseconds. */
const PATIENCE_MS = 40_000;

let seatsEmptied = 0;

/** How often a run said that somebody was at the main window. */
export function countEmptiedSeats(): number {
  return seatsEmptied;
}

/** The command line's children in the place of utility processes: the player answers for everybody. */
class ControlledProcesses extends NodeChildren implements RunProcesses {
  emptySeat(): void {
    // No window is open, so nobody sits at one; that it was said is counted.
    seatsEmptied += 1;
  }

  showPerson(): void {
    // No window is open: the player answers.
  }

  stuck(): StuckProcess[] {
    return childrenRunning('worker.cjs').map((pid) => ({ id: `${String(pid)}.1`, name: 'a worker', voidsSet: false }));
  }

  /** As the app does: whatever was named and works now is killed; whoever asks people lives on. */
  endStuck(ids: readonly string[]): boolean {
    const meant = childrenRunning('worker.cjs').filter((pid) => ids.includes(`${String(pid)}.1`));
    for (const pid of meant) process.kill(pid, 'SIGKILL');
    return meant.length > 0;
  }
}

/** Process ids of this process's own children that run a program. */
function childrenRunning(program: string): number[] {
  const own = readFileSync(`/proc/self/task/${String(process.pid)}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  return own.filter((pid) => {
    try {
      return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes(program);
    } catch {
      return false;
    }
  });
}

/** Folders of rehearsals that tests began. */
const rooms = new Set<string>();

/** Removes the rooms of rehearsals that were not carried to their end. */
export function removeRooms(): void {
  for (const room of rooms) rmSync(room, { recursive: true, force: true });
}

/** An app without windows. */
export class ControlledApp {
  readonly controller: AppController;
  /** What the dialogs answer, in order; empty: cancelled. */
  readonly chosen: string[] = [];
  /** What secret windows would have shown. */
  readonly described: DeskWords[] = [];
  readonly started: ProcessesWanted[] = [];
  views = 0;
  private readonly waiting = new Set<() => void>();

  /** @param folder for the ceremonies, below it */
  constructor(folder: string, more: Partial<AppParts> = {}) {
    mkdirSync(folder, { recursive: true });
    const choose = (): Promise<string | null> => Promise.resolve(this.chosen.shift() ?? null);
    this.controller = new AppController({
      runtime: DEVELOPMENT,
      app: { name: 'keyrite', version: '0.0.0-test', sha256: '0'.repeat(64), runtime: 'test' },
      theme: 'system',
      ceremoniesFolder: join(folder, 'ceremonies'),
      examplesFolder: join(CHECKOUT, 'examples'),
      dialogs: { openFile: choose, openFolder: choose, saveFile: choose },
      startProcesses: (wanted) => {
        this.started.push(wanted);
        if (wanted.playerFile !== null) rooms.add(dirname(wanted.playerFile));
        const { ceremony, modules, names, playerFile, onPad } = wanted;
        const scripts = builtScripts(join(CHECKOUT, 'build'));
        // Nobody is asked where nobody is played: such a player answers nothing, and its file is never written.
        const player = playerFile ?? join(folder, 'nobody.json');
        return new ControlledProcesses({ ceremony, scripts, modules, player, names, onPad });
      },
      endSurvivors,
      describe: (words) => {
        this.described.push(words);
      },
      setTheme: () => undefined,
      copyText: () => undefined,
      printing: NO_PRINTING,
      findings: () => [],
      ...more,
    });
    this.controller.onChange(() => {
      this.views += 1;
      this.view();
      for (const look of this.waiting) look();
    });
  }

  /** The view, valid against its schema. */
  view(): AppView {
    return v.parse(AppView, this.controller.view());
  }

  /** The run on the screen. */
  get run(): RunView {
    const { screen } = this.view();
    if (screen.kind !== 'run') throw new Error(`expected the run on the screen, found ${screen.kind}`);
    return screen.run;
  }

  /** What is asked now. */
  get task(): TaskView {
    return this.run.task;
  }

  /** Waits until the view is as wanted. */
  async until(wanted: (view: AppView) => boolean): Promise<AppView> {
    const over = new AbortController();
    const seen = new Promise<AppView>((resolve) => {
      const look = (): void => {
        const view = this.view();
        if (!wanted(view)) return;
        this.waiting.delete(look);
        resolve(view);
      };
      this.waiting.add(look);
      look();
    });
    const late = sleep(PATIENCE_MS, null, { signal: over.signal }).catch(() => null);
    const view = await Promise.race([seen, late]);
    over.abort();
    if (view === null)
      throw new Error(`the view never came; last: ${JSON.stringify(this.controller.view().screen).slice(0, 3000)}`);
    return view;
  }

  /** Waits until a task of a kind is open, in a step where one is named. */
  async untilTask<K extends TaskView['kind']>(kind: K, step?: string): Promise<Extract<TaskView, { kind: K }>> {
    await this.until(({ screen }) => {
      if (screen.kind !== 'run') return false;
      const { run } = screen;
      const fits = run.task.kind === kind && (step === undefined || run.steps[run.present ?? -1]?.id === step);
      if (!fits && run.task.kind === 'ended') throw new Error(`it ended: ${run.task.happened}`);
      return fits;
    });
    return this.task as Extract<TaskView, { kind: K }>;
  }

  /** Opens the plan, accepts it, makes a rehearsal, and begins it. */
  async begin(playing: Parameters<AppController['handlers']['binding.make-rehearsal']>[0]['playing']): Promise<void> {
    const { handlers } = this.controller;
    await handlers['plan.accept']({});
    await handlers['binding.make-rehearsal']({ playing, names: {} });
    await handlers['ceremony.begin']({});
  }

  /** Everybody at the workstation who is asked reads a clock that is right, in the present step. */
  async readClocks(count: number): Promise<void> {
    for (let read = 0, last = ''; read < count; read += 1) {
      await this.until(({ screen }) => {
        const task = screen.kind === 'run' ? screen.run.task : null;
        return task?.kind === 'clock' && task.question !== last;
      });
      const { task } = this;
      if (task.kind !== 'clock') throw new Error(`expected a clock to be read, found ${task.kind}`);
      last = task.question;
      const reading = { source: 'wrist watch', at: `${new Date().toISOString().slice(0, 19)}.000Z` };
      await this.controller.handlers['run.read-clock']({ question: task.question, reading });
    }
  }

  /** Begins every step until the run is over, and answers everything else as told. */
  async carryOn(
    answer: (task: TaskView) => Promise<void> = () => Promise.reject(new Error('asked')),
  ): Promise<RunView> {
    const { handlers } = this.controller;
    let last = '';
    for (;;) {
      await this.until(({ screen }) => {
        const task = screen.kind === 'run' ? screen.run.task : null;
        return task !== null && (task.kind === 'ended' || ('question' in task && task.question !== last));
      });
      const { task } = this;
      if (task.kind === 'ended') return this.run;
      if (!('question' in task)) continue;
      last = task.question;
      if (task.kind === 'begin') await handlers['run.begin-step']({ question: task.question });
      else await answer(task);
    }
  }
}

/** What a request was refused with. */
export async function troubleFrom(request: unknown): Promise<Trouble> {
  try {
    await request;
  } catch (error) {
    expect(error).toBeInstanceOf(RequestFailed);
    return (error as RequestFailed).trouble;
  }
  throw new Error('it was not refused');
}
