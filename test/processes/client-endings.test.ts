/** Endings that a Node child does not have: Electron's, and a process that never starts. */
import { changedByHalf, changedByNone } from '../../hsm/operation-words';
import { expect, test } from 'vitest';
import { ProcessClient, type ExitInfo } from '../../hsm/client';
import { TRIAL_OPERATIONS } from './trial-table';

/** A process of which only the transport is there. */
class Hollow {
  readonly sent: unknown[] = [];
  say: (message: unknown) => void = () => undefined;
  end: (info: ExitInfo) => void = () => undefined;

  client(startMs = 30_000) {
    return new ProcessClient({
      name: 'the worker of module x',
      table: TRIAL_OPERATIONS,
      startMs,
      transport: {
        post: (message) => void this.sent.push(message),
        onMessage: (listener) => {
          this.say = listener;
        },
        onExit: (listener) => {
          this.end = listener;
        },
        kill: (signal) => {
          this.end({ code: null, signal, gone: null });
        },
      },
    });
  }
}

test('a segmentation fault that Electron calls exit 0 is a crash, told in the words of child-process-gone', async () => {
  const hollow = new Hollow();
  const client = hollow.client();
  hollow.say({ kind: 'ready' });
  const call = client.call('echo', { text: '' });
  hollow.end({ code: 0, signal: null, gone: { reason: 'crashed', exitCode: 11 } });
  await expect(call).rejects.toMatchObject({
    code: 'WORKER_CRASHED',
    uncertain: true,
    message: 'The worker of module x ended without a word (crashed, 11)',
    changed: 'It happened while “echo” was carried out: whether the device did it is not known',
  });
  await expect(client.call('echo', { text: '' })).rejects.toMatchObject({
    code: 'WORKER_GONE',
    message: 'The worker of module x ended without a word (crashed, 11)',
  });
});

test('a process that does not get ready is ended; until then the deadline of a request does not run', async () => {
  const hollow = new Hollow();
  await expect(hollow.client(450).call('work', { ms: 0 })).rejects.toMatchObject({
    code: 'WORKER_HUNG',
    message: 'The worker of module x did not answer its start within 0.45 s, and was ended',
  });
  const late = new Hollow();
  const call = late.client().call('work', { ms: 0 });
  setTimeout(() => {
    late.say({ kind: 'ready' });
  }, 450);
  setTimeout(() => {
    late.say({ kind: 'result', id: 1, result: null });
  }, 600);
  expect(await call).toBeNull();
});

test('an answer that comes when its request was given up changes nothing', async () => {
  const hollow = new Hollow();
  const client = hollow.client();
  hollow.say({ kind: 'ready' });
  await expect(client.call('hang', {})).rejects.toMatchObject({ code: 'WORKER_HUNG' });
  hollow.say({ kind: 'result', id: 1, result: null });
  expect(client.alive).toBe(false);
});

test('what breaks off while a unit is read changed nothing, and says so without the name of a request', () => {
  expect(changedByHalf('unit.read')).toBe('No device: it happened while the unit was read, which changes nothing');
  expect(changedByHalf('unit.perform')).toBe(
    'It happened while a signed command was carried out: whether the device did it is not known',
  );
  expect(changedByNone('unit.set-user-pin')).toBe('Nothing: it happened before the user PIN was set');
});
