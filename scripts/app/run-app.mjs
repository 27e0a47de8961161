/** Runs the app from the checkout, at our terminal, until it is closed. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { APP } from '../app-folder.mjs';
import { describeRuntime } from '../setup/electron-runtime.mjs';
import { stageApp } from './stage-app.mjs';

/** What Chromium says of a machine without a message bus or a graphics card: nothing that a person could act on. */
const IDLE_TALK =
  /^\[\d+:\d{4}\/[\d.]+:ERROR:(?:bus|object_proxy|viz_main_impl|command_buffer_proxy_impl)\.cc\(\d+\)\] /;

/** Number of each signal that can end the app, for its exit code. */
const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/**
 * @param {string} root folder of the checkout
 * @param {import('../setup/electron-runtime.mjs').Runtime} runtime
 * @param {readonly string[]} args for the app
 * @returns {Promise<number>} its exit code; 128 + the signal's number when a signal ended it
 */
export async function runApp(root, runtime, args) {
  const say = (/** @type {string} */ text) => {
    console.log(text);
  };
  const stage = await stageApp({ root, runtime, app: join(root, APP), purpose: 'start', say });
  say(`Keyrite on ${describeRuntime(runtime)}`);
  if (stage.user !== null) say(`It runs as the user ${stage.user.name}, not as root; their home is ${stage.user.home}`);
  const code = await run(stage.launcher, args);
  if (code !== 0) say(`The app ended with code ${String(code)}. To rehearse in the terminal: npm start -- --rehearse`);
  return code;
}

/**
 * @param {string} launcher
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
function run(launcher, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(launcher, args, { stdio: ['ignore', 'inherit', 'pipe'] });
    createInterface(child.stderr).on('line', (line) => {
      if (!IDLE_TALK.test(line)) console.error(line);
    });
    // Ctrl-C reaches the app too: it closes its windows, and we wait for that. Other signals reach only us.
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.on(signal, () => {
        if (signal !== 'SIGINT') child.kill(signal);
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve(code ?? 128 + (SIGNALS[/** @type {keyof typeof SIGNALS} */ (signal)] ?? 0));
    });
  });
}
