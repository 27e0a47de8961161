/** `npm start`: the set-up, then the app's window; without a display, a rehearsal. The app itself is looked at by the other tests. */
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { appUser, makeAppHome } from '../../scripts/app/app-user.mjs';
import { openDisplay } from '../../scripts/app/display.mjs';
import { scratch } from '../ceremony/program';
import { isInMemory } from '../processes/memory';
import { ROOT } from '../rules/lint-text';
import { pidsOf } from './driver/processes-of';

/** `npm start`, as it runs. */
interface Started {
  readonly pid: number;
  /** All that it has said. */
  said(): string;
  readonly hasEnded: boolean;
  readonly ended: Promise<number | null>;
  /** Tells it to end, as Ctrl-C does. */
  interrupt(): void;
  /** Ends it and all that it started. */
  kill(): void;
}

function npmStart(env: NodeJS.ProcessEnv, cwd = ROOT): Started {
  // A process group of its own, so that nothing of it is left behind.
  const child = spawn(process.execPath, [join(ROOT, 'scripts/start.mjs')], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  const group = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-child.pid!, signal);
    } catch {
      // All of it has ended.
    }
  };
  return {
    pid: child.pid!,
    said: () => said,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    ended: new Promise((resolve) => child.once('close', resolve)),
    interrupt: () => child.kill('SIGTERM'),
    kill: () => {
      group('SIGKILL');
    },
  };
}

test('opens the window, which shows the home screen, and ends with it in order when told to', async () => {
  const display = await openDisplay({ width: 1280, height: 800 });
  const home = makeAppHome(await appUser(() => undefined));
  const env = { ...process.env, ...display.env, KEYRITE_APP_HOME: home.folder };
  const started = npmStart(env);
  try {
    const until = performance.now() + 180_000;
    let isShown = false;
    while (!isShown && !started.hasEnded && performance.now() < until) {
      // The window is shown when its page is drawn; which page, the memory of its process tells: home lists the plans.
      isShown = visibleWindow(env) !== '' && holdsHome(started.pid);
      await sleep(200);
    }
    expect({ isShown, said: started.said() }).toMatchObject({ isShown: true });
    expect(started.said()).toMatch(/Electron/);
    started.interrupt();
    expect(await started.ended).not.toBe(null);
  } finally {
    started.kill();
    await started.ended;
    await display.close();
    home.remove();
  }
});

test('without a display it says so, and begins a rehearsal in the terminal', async () => {
  const place = scratch();
  const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: place.folder };
  for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY']) Reflect.deleteProperty(env, name);
  const started = npmStart(env, place.folder);
  try {
    await expect
      .poll(() => started.said(), { timeout: 180_000 })
      .toContain('A rehearsal runs in the terminal instead.');
    expect(started.said()).toMatch(/^The app can't be shown: /);
    await expect.poll(() => started.said(), { timeout: 180_000 }).toContain('The workstation is what it should be');
  } finally {
    started.kill();
    await started.ended;
    place.leave();
  }
});

/** Whether a window of the app has the home screen: the title of a plan that comes along. */
function holdsHome(pid: number): boolean {
  try {
    return pidsOf(pid, 'renderer').some((renderer) => isInMemory(renderer, 'First ceremony of the payments'));
  } catch {
    // A process that has just ended.
    return false;
  }
}

/** Id of the app's window as the display knows it; empty while it is not shown. */
function visibleWindow(env: NodeJS.ProcessEnv): string {
  try {
    return execFileSync('xdotool', ['search', '--onlyvisible', '--name', '^Keyrite$'], {
      env,
      encoding: 'utf8',
    }).trim();
  } catch {
    return '';
  }
}
