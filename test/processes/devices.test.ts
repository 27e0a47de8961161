import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NodeChildren } from '../../cli/node-children';
import type { Binding, Module } from '../../ceremony/plan/binding-schema';
import type { Plan } from '../../ceremony/plan/schema';
import { ModuleDevices } from '../../hsm/devices';
import { buildPrograms } from './build-programs';

let folder: string;
let remove: () => void;
let children: NodeChildren;
let devices: ModuleDevices;
let started: number;

const NONCE = '00'.repeat(32);
const SPKI = Buffer.from('unit key').toString('base64');

beforeAll(async () => {
  ({ folder, remove } = await buildPrograms({
    'stand-in-worker': 'test/processes/stand-in-worker.ts',
    person: 'cli/person/process.ts',
    'key-file': 'hsm/key-file/process.ts',
  }));
});
afterAll(() => {
  remove();
});
beforeEach(() => {
  for (const file of ['tokens', 'player.json']) rmSync(join(folder, file), { force: true });
  begin();
});
afterEach(end);

function begin(label = 'KEYRITE-A', path = '/module'): void {
  started = 0;
  const module: Module = {
    id: 'units',
    path,
    sha256: '0'.repeat(64),
    environment: [{ name: 'STAND_IN_FILE', value: join(folder, 'tokens') }],
    files: [],
    links: [],
  };
  const worker = join(folder, 'stand-in-worker.cjs');
  children = new NodeChildren({
    ceremony: 'devices-test',
    scripts: {
      worker,
      shareProcess: worker,
      person: join(folder, 'person.cjs'),
      keyFile: join(folder, 'key-file.cjs'),
    },
    modules: [module],
    player: join(folder, 'player.json'),
    names: {},
  });
  devices = new ModuleDevices({
    plan: planWith(label),
    binding: bindingWith(module),
    startWorker: (one) => {
      started += 1;
      return children.startModuleWorker(one);
    },
    startKeyFileProcess: () => children.startKeyFileProcess(),
  });
}

async function end(): Promise<void> {
  await devices.close();
  await children.endAll();
}

function planWith(label: string): Plan {
  const pin = { units: ['unit-a'], madeBy: 'makers', heldBy: 'holders', parts: 2, sealing: 'an envelope' } as const;
  return {
    units: [{ id: 'unit-a', name: 'Unit A', label, begins: 'blank' }],
    pins: [
      { id: 'so-pin', for: 'security-officer', ...pin, units: ['unit-a'] },
      { id: 'user-pin', for: 'user', ...pin, units: ['unit-a'], parts: 1 },
    ],
  } as Partial<Plan> as Plan;
}

function bindingWith(module: Module): Binding {
  const key = { algorithm: 'ecdsa-p256-sha256', spki: SPKI, holder: 'token' } as const;
  const token = { module: 'units', address: { blank: false, label: 'card' }, keyLabel: 'key' };
  return {
    people: [
      { id: 'ada', name: 'Ada', position: 'makers', key, token },
      { id: 'bea', name: 'Bea', position: 'makers', key },
      { id: 'cleo', name: 'Cleo', position: 'holders', key },
      { id: 'dora', name: 'Dora', position: 'holders', key },
    ],
    modules: [module],
    units: [{ id: 'unit-a', module: 'units', address: { blank: true }, lastKnown: null }],
  } as Partial<Binding> as Binding;
}

async function workerPid(): Promise<string> {
  return (await devices.describeModule('units')).path;
}

describe('workers', () => {
  test('one that took a PIN ends with the step; one that took none stays', async () => {
    const first = await workerPid();
    await devices.endStep();
    expect(await workerPid()).toBe(first);
    expect(started).toBe(1);
    await devices.sign('ada', Buffer.from('message'));
    expect(await workerPid()).toBe(first);
    await devices.endStep();
    const second = await workerPid();
    expect(second).not.toBe(first);
    expect(() => process.kill(Number(first.slice('/pid/'.length)), 0)).toThrow();
    expect(started).toBe(2);
  });

  test('where the phase holds the login, one that took a PIN ends with the phase', async () => {
    devices.holdLogin(true);
    await devices.sign('ada', Buffer.from('message'));
    const first = await workerPid();
    await devices.endStep();
    expect(await workerPid()).toBe(first);
    await devices.endPhase();
    expect(await workerPid()).not.toBe(first);
  });

  test('of a unit whose device is released one ends, login or not, and none is started before the next request', async () => {
    devices.holdLogin(true);
    await devices.sign('ada', Buffer.from('message'));
    const first = await workerPid();
    expect(await devices.release(['unit-a'])).toEqual(['units']);
    expect(() => process.kill(Number(first.slice('/pid/'.length)), 0)).toThrow();
    expect(started).toBe(1);
    // Where there is none, nothing is to be ended.
    expect(await devices.release(['unit-a'])).toEqual(['units']);
    expect(started).toBe(1);
    expect(await workerPid()).not.toBe(first);
    expect(started).toBe(2);
  });

  test('one that crashed is replaced at the next request', async () => {
    await end();
    begin('crash-A');
    await expect(devices.initialiseToken('unit-a', 'crash-A', false)).rejects.toMatchObject({
      code: 'WORKER_CRASHED',
      uncertain: true,
    });
    expect(await workerPid()).toMatch(/^\/pid\//);
    expect(started).toBe(2);
  });

  test('one whose module is refused is ended, and the next request says so again', async () => {
    await end();
    begin('KEYRITE-A', '/changed');
    await expect(devices.glanceAtUnit('unit-a')).rejects.toMatchObject({ code: 'MODULE_CHANGED' });
    await expect(devices.glanceAtUnit('unit-a')).rejects.toMatchObject({ code: 'MODULE_CHANGED' });
    expect(started).toBe(2);
  });
});

describe('a blank unit', () => {
  test('is addressed by its new label and serial once it is initialised', async () => {
    expect((await devices.glanceAtUnit('unit-a')).token).toMatchObject({ initialised: false });
    const made = await devices.initialiseToken('unit-a', 'KEYRITE-A', false);
    expect((await devices.glanceAtUnit('unit-a')).token).toEqual(made);
    expect((await devices.setUserPin('unit-a')).serial).toBe(made.serial);
  });

  test('is found again by its label when a crash hid that it was initialised, in this run and in a resumed one', async () => {
    await end();
    begin('crash-A');
    await expect(devices.initialiseToken('unit-a', 'crash-A', false)).rejects.toMatchObject({ uncertain: true });
    expect((await devices.glanceAtUnit('unit-a')).token).toMatchObject({ initialised: true, label: 'crash-A' });
    await end();
    begin('crash-A');
    expect(await devices.setUserPin('unit-a')).toMatchObject({ initialised: true, label: 'crash-A' });
  });

  test('is not initialised where another token has its label', async () => {
    await devices.initialiseToken('unit-a', 'KEYRITE-A', false);
    await end();
    begin();
    await expect(devices.initialiseToken('unit-a', 'KEYRITE-A', false)).rejects.toMatchObject({
      code: 'LABEL_TAKEN',
      uncertain: false,
    });
    expect(readFileSync(join(folder, 'tokens'), 'utf8').trim().split('\n')).toHaveLength(1);
  });
});

test('PINs are made by those the plan lets make them and given by those who hold them, as many as there are parts', async () => {
  const asked: unknown[] = [];
  const spied = new ModuleDevices({
    plan: planWith('KEYRITE-A'),
    binding: bindingWith({
      id: 'units',
      path: '/module',
      sha256: '0'.repeat(64),
      environment: [{ name: 'STAND_IN_FILE', value: join(folder, 'tokens') }],
      files: [],
      links: [],
    }),
    startWorker: (one) => {
      const client = children.startModuleWorker(one);
      const call = client.call.bind(client);
      client.call = (operation, args) => {
        const { target } = args as { target?: { user: unknown; securityOfficer: unknown } };
        if (operation === 'unit.initialise-token') asked.push(target?.securityOfficer);
        if (operation === 'unit.set-user-pin') asked.push(target?.securityOfficer, target?.user);
        return call(operation, args);
      };
      return client;
    },
    startKeyFileProcess: () => children.startKeyFileProcess(),
  });
  await spied.initialiseToken('unit-a', 'KEYRITE-A', false);
  await spied.setUserPin('unit-a');
  await spied.close();
  expect(asked).toEqual([
    { parts: 2, holders: ['ada', 'bea'] },
    { parts: 2, holders: ['cleo', 'dora'] },
    { parts: 1, holders: ['ada'] },
  ]);
});

test('the identity told once goes to the worker with every request', async () => {
  await devices.initialiseToken('unit-a', 'KEYRITE-A', false);
  await devices.setUserPin('unit-a');
  expect((await devices.readUnit('unit-a', NONCE)).identity?.spki).toBe('');
  devices.knowIdentity('unit-a', SPKI);
  expect((await devices.readUnit('unit-a', NONCE)).identity?.spki).toBe(SPKI);
});

test('a session key is good for the worker that made it only', async () => {
  const to = { spki: SPKI, bits: 2048, oaep: 'sha256' } as const;
  const { handle } = await devices.makeRootKey('unit-a', 'root');
  expect(Buffer.from(await devices.wrapRootKey('unit-a', handle, to, 'oaep'), 'base64').toString()).toBe('key-1');
  await devices.sign('ada', Buffer.from('takes a PIN'));
  await devices.endStep();
  const lost = { code: 'SESSION_KEY_LOST', uncertain: false };
  await expect(devices.wrapRootKey('unit-a', handle, to, 'oaep')).rejects.toMatchObject(lost);
  await devices.makeRootKey('unit-a', 'root');
  await expect(devices.wrapRootKey('unit-a', handle, to, 'oaep')).rejects.toMatchObject(lost);
  await expect(devices.encryptNonce('unit-a', handle, { value: 'AAAA', by: 'aes-gcm' })).rejects.toMatchObject(lost);
  await expect(devices.destroyRootKey('unit-a', handle)).rejects.toMatchObject(lost);
});

test('somebody without a token cannot sign', async () => {
  await expect(devices.sign('bea', Buffer.from('m'))).rejects.toMatchObject({ code: 'NO_TOKEN' });
});
