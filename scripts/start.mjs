/**
 * `npm start`: the set-up, then the app; where there is no display, a rehearsal in the terminal. `npm start -- --rehearse`
 * rehearses in the terminal in any case; `--fetch-electron` tries to fetch the pinned Electron though that failed lately.
 * Other arguments are passed on.
 */
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { displayHere } from './app/display-here.mjs';
import { ROOT, setUpThen } from './setup.mjs';

const OURS = ['--rehearse', '--fetch-electron'];

const asked = process.argv.slice(2);
const args = asked.filter((arg) => !OURS.includes(arg));
const inTerminal = asked.includes('--rehearse');
const display = displayHere(process.env, process.getuid?.() === 0);

if (inTerminal || 'missing' in display) {
  if (!inTerminal && 'missing' in display) {
    console.log(`The app can't be shown: ${display.missing}. A rehearsal runs in the terminal instead.\n`);
  }
  await setUpThen({}, () => rehearse(args));
} else {
  await setUpThen({ forApp: true, fetchElectron: asked.includes('--fetch-electron') }, async (runtime) => {
    if (runtime === null) throw new Error('the set-up found no Electron, and did not fail');
    const { runApp } = await import('./app/run-app.mjs');
    return runApp(ROOT, runtime, [...display.args, ...args]);
  });
}

/**
 * Runs the rehearsal at our terminal and gives back its exit code.
 *
 * @param {readonly string[]} args passed on
 * @returns {Promise<number>}
 */
function rehearse(args) {
  return new Promise((resolve) => {
    const program = join(ROOT, 'build/keyrite.cjs');
    const child = spawn(process.execPath, [program, 'rehearse', ...args], { stdio: 'inherit' });
    // Ctrl-C reaches the rehearsal too: it cleans up, and we wait for that.
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.on(signal, () => {
        if (signal !== 'SIGINT') child.kill(signal);
      });
    }
    child.on('close', (code) => {
      resolve(code ?? 1);
    });
  });
}
