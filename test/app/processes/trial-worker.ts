/** A utility process that misbehaves on request. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { connection } from '../../../hsm/connection';
import { serve } from '../../../hsm/serve';
import { TRIAL_OPERATIONS } from './trial-table';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const { port, makeLink } = connection();

/** Waits without turning the event loop. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

serve(
  TRIAL_OPERATIONS,
  {
    echo: ({ text }) => text,
    process: () => ({
      pid: process.pid,
      environment: Object.keys(process.env).sort(),
      args: process.argv.slice(2),
      outputs: [0, 1, 2].map((descriptor) => readlinkSync(`/proc/self/fd/${String(descriptor)}`)),
      core: /^Max core file size\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[0] ?? '',
    }),
    die: async ({ signal }) => {
      process.kill(process.pid, signal);
      await sleep(10_000);
      return null;
    },
    'answer-and-die': () => {
      // What a process says leaves it by a thread of its own, which needs a moment.
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
      return 'x'.repeat(100_000);
    },
    'throw-unseen': async ({ text }) => {
      void Promise.reject(new Error(text));
      await sleep(10_000);
      return null;
    },
    hang: ({ forGood }) => {
      block(forGood ? Infinity : 10);
      return null;
    },
    'hang-long': () => {
      block(Infinity);
      return null;
    },
    ask: async ({ dialogue, body }, link) => {
      const answer = await link.ask(dialogue, Buffer.from(body));
      return { text: Buffer.from(answer).toString(), ownBuffer: answer.buffer.byteLength === answer.byteLength };
    },
    'ask-secretly': async ({ dialogue, times, file }, link) => {
      const mark = `shown-${randomBytes(12).toString('hex')}`;
      const answers: string[] = [];
      writeFileSync(file, JSON.stringify({ mark, answers }), { mode: 0o600 });
      for (let at = 0; at < times; at += 1) {
        const answer = await link.ask(dialogue, Buffer.from(`${mark}/${randomBytes(12).toString('hex')}`));
        answers.push(Buffer.from(answer).toString());
      }
      writeFileSync(file, JSON.stringify({ mark, answers }), { mode: 0o600 });
      return null;
    },
  },
  port,
  makeLink,
);
