/**
 * SECURITY: PINs in real module workers of the command line. One that was typed is nowhere in the worker's memory after the
 * call that took it; a token with a pad of its own is used without any question, for as long as people take.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NodeChildren } from '../../cli/node-children';
import type { Module } from '../../ceremony/plan/binding-schema';
import type { ProcessClient } from '../../hsm/client';
import { MODULE_OPERATIONS, type PadEntry, type UnitTarget } from '../../hsm/contract';
import { fileSha256 } from '../../workstation/rehearsal/module-file';
import { makeSoftHsmStore } from '../../workstation/rehearsal/softhsm-store';
import { isInMemory } from './memory';

const BUILD = process.env['KEYRITE_TEST_PROGRAMS'] ?? resolve('build');
/** Deadlines that a pad of {@link SLOW_MS} breaks, were they running. */
const HASTY = Object.fromEntries(
  Object.entries(MODULE_OPERATIONS).map(([name, operation]) => [name, { ...operation, deadlineMs: 1500 }]),
) as unknown as typeof MODULE_OPERATIONS;
const SLOW_MS = 2500;
const OFFICER = '660184093526';
const USER = '291730485561';

let folder: string;
let children: NodeChildren;
let worker: ProcessClient<typeof MODULE_OPERATIONS>;
let module: Module;
let at: (PadEntry | null)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-pins-'));
  at = [];
});
afterEach(async () => {
  await children.endAll();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a worker of a SoftHSM2 store, with its tokens changed by the fault shim where there is more to its environment. */
async function startWorker(more: Readonly<Record<string, string>> = {}, table = MODULE_OPERATIONS): Promise<void> {
  module = makeSoftHsmStore(folder, 'units');
  if (Object.keys(more).length > 0) {
    const path = join(folder, 'fault-shim.so');
    execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', path, resolve('test/fault-shim.c'), '-ldl']);
    const environment = [...module.environment, ...Object.entries(more).map(([name, value]) => ({ name, value }))];
    module = { ...module, path, sha256: fileSha256(path), environment };
  }
  children = new NodeChildren({
    ceremony: 'pins-test',
    scripts: {
      worker: join(BUILD, 'worker.cjs'),
      shareProcess: join(BUILD, 'share-process.cjs'),
      person: join(BUILD, 'person.cjs'),
      keyFile: join(BUILD, 'key-file.cjs'),
    },
    modules: [module],
    player: join(folder, 'player.json'),
    names: {},
    onPad: (entry) => at.push(entry),
  });
  worker = children.startChild({
    name: 'the worker',
    table,
    script: join(BUILD, 'worker.cjs'),
    link: 'module:units',
    environment: Object.fromEntries(module.environment.map(({ name, value }) => [name, value])),
  });
  const { id, path, sha256, files } = module;
  await worker.call('module.load', { module: id, path, sha256, libraryParameters: null, files });
}

function target(label: string | null, parts: 1 | 2 = 2): UnitTarget {
  const address = { blank: label === null, label, serial: null };
  const entry = { parts, holders: ['anna', 'bert'] };
  return { unit: 'unit-a', address, identitySpki: null, user: entry, securityOfficer: entry };
}

function workerPid(): number {
  const lines = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = lines.find((pid) => {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return args.includes(join(BUILD, 'worker.cjs')) && args.includes('--ceremony=pins-test');
    } catch {
      return false;
    }
  });
  return Number(found);
}

/** Initialises the token, sets its user PIN and gives it an identity. */
async function makeUnit(parts: 1 | 2): Promise<void> {
  const made = await worker.call('unit.initialise-token', { target: target(null, parts), label: 'KR-A', again: false });
  expect(made).toMatchObject({ label: 'KR-A', initialised: true });
  expect(await worker.call('unit.set-user-pin', { target: target('KR-A', parts) })).toMatchObject({ userPinSet: true });
  await worker.call('unit.create-identity', { target: target('KR-A', parts) });
}

test.each([1, 2] as const)('PINs in %i parts are nowhere in the worker that took them', async (parts) => {
  await startWorker();
  await makeUnit(parts);
  const { pins } = JSON.parse(readFileSync(join(folder, 'player.json'), 'utf8')) as {
    pins: { role: string; part: number; pin: string }[];
  };
  expect(pins).toHaveLength(2 * parts);
  const pid = workerPid();
  const found = pins.filter(({ pin }) => isInMemory(pid, pin)).map(({ role, part }) => `${role} ${String(part)}`);
  // The search finds what is there: the label came the same way, but for the PINs'.
  expect(isInMemory(pid, 'KR-A')).toBe(true);
  expect(found).toEqual([]);
  // They were the PINs: the token takes them.
  const user = pins.filter(({ role }) => role === 'user').map(({ pin }) => pin);
  expect(listedWith(user.join(''))).toContain('keyrite:identity');
});

test('a pad is used without a question, and no deadline runs while people are at it', async () => {
  const pad = join(folder, 'pad');
  writeFileSync(pad, `${OFFICER}\n${USER}\n`);
  await startWorker({ KEYRITE_PAD: pad, KEYRITE_PAD_DELAY: String(SLOW_MS) }, HASTY);
  expect(worker.tookPin).toBe(false);
  const made = worker.call('unit.initialise-token', { target: target(null), label: 'KR-A', again: false });
  await expect.poll(() => at).toHaveLength(1);
  // It can be ended all the same, which is the last resort.
  expect(worker.workingOn).not.toBeNull();
  expect(await made).toMatchObject({ label: 'KR-A', protectedPath: true });
  expect(await worker.call('unit.set-user-pin', { target: target('KR-A') })).toMatchObject({ userPinSet: true });
  await worker.call('unit.create-identity', { target: target('KR-A') });
  const entry = { of: 'unit-a', holders: ['anna', 'bert'], warning: null };
  expect(at).toEqual([
    { ...entry, role: 'security-officer', make: true },
    null,
    { ...entry, role: 'security-officer', make: false },
    null,
    { ...entry, role: 'user', make: true },
    null,
    { ...entry, role: 'user', make: false },
    null,
  ]);
  // The player was never asked, and has no file.
  expect(readdirSync(folder)).not.toContain('player.json');
  // The login ends with the step, as one by a PIN does.
  expect(worker.tookPin).toBe(true);
  expect(listedWith(USER)).toContain('keyrite:identity');
});

test('a worker that waits at a pad for nobody can be killed, and says no more than that', async () => {
  const pad = join(folder, 'pad');
  writeFileSync(pad, `${OFFICER}\n${USER}\n`);
  await startWorker({ KEYRITE_PAD: pad, KEYRITE_FAULT: 'C_InitToken:hang' }, HASTY);
  const made = worker.call('unit.initialise-token', { target: target(null), label: 'KR-A', again: false });
  const trouble = made.catch((error: unknown) => error);
  await expect.poll(() => at).toHaveLength(1);
  await sleep(SLOW_MS);
  expect(worker.alive).toBe(true);
  await worker.kill();
  expect(await trouble).toMatchObject({ code: 'WORKER_CRASHED', uncertain: true });
  expect(at.at(-1)).toBeNull();
});

/** The token's objects, as another program sees them with this PIN. */
function listedWith(pin: string): string {
  const conf = module.environment.find(({ name }) => name === 'SOFTHSM2_CONF')?.value ?? '';
  const args = ['--module', '/usr/lib/softhsm/libsofthsm2.so', '--token-label', 'KR-A', '--login', '--pin', pin, '-O'];
  return execFileSync('pkcs11-tool', args, { env: { ...process.env, SOFTHSM2_CONF: conf }, encoding: 'utf8' });
}
