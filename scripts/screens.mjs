/** `npm run screens`: the set-up, then the pictures of docs/screens/ are taken anew. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT, setUpThen } from './setup.mjs';

await setUpThen(
  { forTests: true },
  () =>
    new Promise((resolve) => {
      const program = join(ROOT, 'node_modules/vitest/vitest.mjs');
      const env = { ...process.env, KEYRITE_SCREENS: '1' };
      const child = spawn(process.execPath, [program, 'run'], {
        cwd: ROOT,
        env,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      child.on('close', (code) => {
        resolve(code ?? 1);
      });
    }),
);
