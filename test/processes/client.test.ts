import { readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NodeChildren } from '../../cli/node-children';
import { buildPrograms } from './build-programs';
import { pinQuestion, startTrial, trialChildren, type TrialClient } from './run-trial';

let folder: string;
let remove: () => void;
let children: NodeChildren;
let player: string;
let runs = 0;

beforeAll(async () => {
  ({ folder, remove } = await buildPrograms({
    'trial-worker': 'test/processes/trial-worker.ts',
    person: 'cli/person/process.ts',
  }));
});
afterAll(() => {
  remove();
});
afterEach(async () => {
  await children.endAll();
});

function begin(faults: unknown[] = []): TrialClient {
  runs += 1;
  player = join(folder, `player-${String(runs)}.json`);
  writeFileSync(player, JSON.stringify({ keyrite: 'player/1', pins: [], worksheets: [], faults }));
  children = trialChildren(folder, 'trial-ceremony', player);
  return startTrial(children, folder);
}

function pinOf(of: string): string {
  const memory = JSON.parse(readFileSync(player, 'utf8')) as { pins: { of: string; pin: string }[] };
  return memory.pins.find((one) => one.of === of)?.pin ?? '';
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('a process of ours', () => {
  test('answers one request after the other, says bye and ends with 0', async () => {
    const client = begin();
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => client.call('echo', { text })));
    expect(answers).toEqual(['a', 'b', 'c']);
    expect(client.isReady).toBe(true);
    await client.stop();
    expect(await client.exited).toEqual({ code: 0, signal: null, gone: null });
    await expect(client.call('echo', { text: 'd' })).rejects.toMatchObject({ code: 'WORKER_GONE', uncertain: false });
  });

  test('gets nothing of the environment of main, and no core dumps', async () => {
    process.env['KEYRITE_TEST_SECRET'] = 'x';
    process.env['NODE_OPTIONS'] = '--no-warnings';
    try {
      begin();
      const client = startTrial(children, folder, { SOFTHSM2_CONF: '/nowhere' });
      const { environment, core } = await client.call('process', {});
      const allowed = [
        'LANG',
        'LC_ALL',
        'LC_CTYPE',
        'NODE_CHANNEL_FD',
        'NODE_CHANNEL_SERIALIZATION_MODE',
        'PATH',
        'PWD',
        'SOFTHSM2_CONF',
        'TZ',
      ];
      // The shell that switches core dumps off may set some of its own.
      const shells = ['OLDPWD', 'SHLVL', '_'];
      expect(environment.filter((name) => !allowed.includes(name) && !shells.includes(name))).toEqual([]);
      expect(environment).toContain('SOFTHSM2_CONF');
      expect(core).toBe('0');
    } finally {
      delete process.env['KEYRITE_TEST_SECRET'];
      delete process.env['NODE_OPTIONS'];
    }
  });

  test.each([
    ['SIGSEGV', 'signal SIGSEGV'],
    ['SIGABRT', 'signal SIGABRT'],
    ['SIGKILL', 'signal SIGKILL'],
  ] as const)('that dies of %s is a crash, and the request is uncertain', async (signal, words) => {
    const client = begin();
    const dying = client.call('die', { signal });
    const waiting = client.call('echo', { text: 'never' });
    await expect(dying).rejects.toMatchObject({
      code: 'WORKER_CRASHED',
      uncertain: true,
      message: `The trial process ended without a word (${words})`,
    });
    await expect(waiting).rejects.toMatchObject({ code: 'WORKER_CRASHED', uncertain: false });
    expect(client.alive).toBe(false);
  });

  test.each([0, 3])('that exits with code %d and no bye is a crash', async (code) => {
    const client = begin();
    await expect(client.call('exit', { code })).rejects.toMatchObject({
      code: 'WORKER_CRASHED',
      uncertain: true,
      message: `The trial process ended without a word (exit code ${String(code)})`,
    });
  });

  test('with a rejection nobody handles ends as a fault, without bye', async () => {
    const client = begin();
    await expect(client.call('reject-unseen', {})).rejects.toMatchObject({
      code: 'WORKER_CRASHED',
      message: 'The trial process ended without a word (exit code 70, fault)',
    });
  });

  test('that hangs is killed at its deadline, and gone before the request rejects', async () => {
    const client = begin();
    const { pid } = await client.call('process', {});
    await expect(client.call('hang', {})).rejects.toMatchObject({
      code: 'WORKER_HUNG',
      uncertain: true,
      message: 'The trial process did not answer hang within 0.3 s, and was ended',
    });
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test('that is killed on request rejects what was under way', async () => {
    const client = begin();
    await client.call('echo', { text: 'up' });
    const hanging = client.call('hang', {});
    const [outcome] = await Promise.allSettled([hanging, client.kill()]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'WORKER_CRASHED', uncertain: true } });
  });

  test('passes a DeviceError on, and nothing of any other exception', async () => {
    const client = begin();
    await expect(client.call('device-error', {})).rejects.toMatchObject({
      code: 'CKR_X',
      message: 'm',
      changed: 'c',
      next: 'n',
    });
    const error: unknown = await client.call('throw-secret', { secret: '73310954' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'FAULT', uncertain: true });
    const { message, code, changed, next } = error as Record<string, string>;
    expect(JSON.stringify({ message, code, changed, next })).not.toContain('73310954');
    await expect(client.call('wrong-result', {})).rejects.toMatchObject({ code: 'FAULT', uncertain: true });
    expect(await client.call('echo', { text: 'goes on' })).toBe('goes on');
  });

  test('is not sent an argument that is not in the contract', async () => {
    const client = begin();
    await expect(client.call('echo', { text: 5 as unknown as string })).rejects.toThrow(
      'argument of echo: wrong at text',
    );
    expect(await client.call('echo', { text: 'goes on' })).toBe('goes on');
  });

  test.each([
    ['malformed', { kind: 'nonsense' }],
    ['an answer to another request', { kind: 'result', id: 99, result: 'late' }],
    ['too large', { kind: 'result', id: 1, result: 'x'.repeat(9_000_000) }],
    ['too many', { kind: 'result', id: 1, result: Array.from({ length: 300_000 }, () => 'x'.repeat(40)) }],
    ['no object', 'text'],
    [
      'an error with a field too many',
      { kind: 'error', id: 1, error: { code: '', message: '', changed: '', next: '', uncertain: true, stack: '' } },
    ],
  ])('that sends a message that is %s is ended', async (_, raw) => {
    const client = begin();
    await expect(client.call('say', { raw })).rejects.toMatchObject({ code: 'WORKER_FAULT', uncertain: true });
    expect(client.alive).toBe(false);
  });
});

describe('asking people', () => {
  test('does not count against the deadline; the work after it does', async () => {
    const client = begin([{ match: { kind: 'pin' }, do: 'delay', milliseconds: 900 }]);
    expect(client.tookPin).toBe(false);
    const digest = await client.call('ask', { dialogue: pinQuestion(24, true), body: '' });
    expect(digest).toBe(sha256(pinOf('unit-a')));
    expect(client.tookPin).toBe(true);
    await expect(client.call('work', { ms: 800 })).rejects.toMatchObject({ code: 'WORKER_HUNG' });
  });

  test('a person who declines is told as such, and the process goes on', async () => {
    const client = begin([{ match: { kind: 'pin', holder: 'ada' }, do: 'refuse' }]);
    await expect(client.call('ask', { dialogue: pinQuestion(8, true), body: '' })).rejects.toMatchObject({
      code: 'PERSON_REFUSED',
      message: 'ada, asked for a PIN of unit-a, declined',
      uncertain: false,
    });
    expect(await client.call('ask', { dialogue: pinQuestion(8, true), body: '' })).toBe(sha256(pinOf('unit-a')));
  });

  test('a succession of processes asks on the same link', async () => {
    let client = begin();
    for (let i = 0; i < 4; i += 1) {
      const of = `unit-${String(i)}`;
      expect(await client.call('ask', { dialogue: pinQuestion(8, true, 'ada', of), body: '' })).toBe(sha256(pinOf(of)));
      await client.stop();
      client = startTrial(children, folder);
    }
  });

  test.each([0, 20, 150, 400])(
    'a process killed %d ms into an exchange leaves nothing its successor trips over',
    async (afterMs) => {
      const client = begin([{ match: { kind: 'pin', of: 'unit-a' }, do: 'delay', milliseconds: 100 }]);
      await client.call('echo', { text: 'up' });
      await expect(client.call('ask-and-die', { dialogue: pinQuestion(8, true), afterMs })).rejects.toMatchObject({
        code: 'WORKER_CRASHED',
      });
      const successor = startTrial(children, folder);
      const digest = await successor.call('ask', { dialogue: pinQuestion(8, true, 'ada', 'unit-b'), body: '' });
      expect(digest).toBe(sha256(pinOf('unit-b')));
    },
  );

  test('ends with PERSON_GONE when the person process dies, now and afterwards', async () => {
    const client = begin([{ match: { kind: 'pin' }, do: 'die' }]);
    await expect(client.call('ask', { dialogue: pinQuestion(8, true), body: '' })).rejects.toMatchObject({
      code: 'PERSON_GONE',
    });
    expect(await children.personExited).toMatchObject({ signal: 'SIGKILL' });
    expect(await client.call('echo', { text: 'the process lives' })).toBe('the process lives');
    expect(() => startTrial(children, folder)).toThrow('has ended');
  });

  test('ends with PERSON_GONE when what stands on the link is no question', async () => {
    const client = begin();
    await client.call('fill-link', { hex: 'ffffffff00' });
    await expect(client.call('ask', { dialogue: pinQuestion(8, true), body: '' })).rejects.toMatchObject({
      code: 'PERSON_GONE',
    });
  });
});
