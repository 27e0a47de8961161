/** A process that misbehaves on request. */
import { createHash } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { DeviceError } from '../../ceremony/command/device-error';
import { nodePersonLink, nodeServerPort, PERSON_LINK_FD } from '../../hsm/node-port';
import { serve } from '../../hsm/serve';
import { TRIAL_OPERATIONS } from './trial-table';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

serve(
  TRIAL_OPERATIONS,
  {
    echo: ({ text }) => text,
    process: () => ({
      pid: process.pid,
      environment: Object.keys(process.env).sort(),
      core: /^Max core file size\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? '',
    }),
    die: async ({ signal }) => {
      process.kill(process.pid, signal);
      await sleep(10_000);
      return null;
    },
    exit: ({ code }) => process.exit(code),
    hang: () => {
      for (;;) continue;
    },
    work: async ({ ms }) => {
      await sleep(ms);
      return null;
    },
    'throw-secret': ({ secret }) => {
      throw new Error(secret);
    },
    'reject-unseen': async () => {
      void Promise.reject(new Error('nobody looks'));
      await sleep(10_000);
      return null;
    },
    'device-error': () => {
      throw new DeviceError({ code: 'CKR_X', message: 'm', changed: 'c', next: 'n', uncertain: true });
    },
    'wrong-result': () => ({ number: 'none' as unknown as number }),
    say: async ({ raw }) => {
      process.send?.(raw);
      await sleep(50);
      return null;
    },
    ask: async ({ dialogue, body }, link) => {
      const answer = await link.ask(dialogue, Buffer.from(body));
      return createHash('sha256').update(answer).digest('hex');
    },
    'ask-and-die': async ({ dialogue, afterMs }, link) => {
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), afterMs);
      await link.ask(dialogue);
      await sleep(10_000);
      return null;
    },
    'fill-link': ({ hex }) => {
      writeSync(PERSON_LINK_FD, Buffer.from(hex, 'hex'));
      return null;
    },
  },
  nodeServerPort(),
  (events) => nodePersonLink(PERSON_LINK_FD, events),
);
