/** `npm start`: the set-up, then a rehearsal. */
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { ROOT, setUpThen } from './setup.mjs';

await setUpThen({}, () => rehearse(process.argv.slice(2)));

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
