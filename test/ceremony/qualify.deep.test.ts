/**
 * `keyrite qualify` and `keyrite inspect --module PATH` on test partitions of SoftHSM2, NSS softoken and opencryptoki (which
 * needs root): the life of a unit, what is refused on the way, and that each partition is as empty afterwards as before.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { stringify } from 'yaml';
import { Qualification, type QualifiedPartition } from '../../ceremony/capability/qualification';
import type { Binding, Module } from '../../ceremony/plan/binding-schema';
import { builtScripts, NodeChildren } from '../../cli/node-children';
import type { UnitTarget } from '../../hsm/contract';
import { loadModule, type ModuleWorker } from '../../workstation/module-worker';
import { fileSha256 } from '../../workstation/rehearsal/module-file';
import { enterStore } from '../../workstation/rehearsal/opencryptoki-store';
import {
  initialiseThrowAway,
  makeThrowAwayStore,
  STORE_NAMES,
  type StoreName,
  type ThrowAwayStore,
} from '../../workstation/rehearsal/throw-away-token';
import { TerminalDriver } from '../person/terminal-driver';
import { CHECKOUT, keyrite, PROGRAM, scratch, SOFTHSM2, start, tool, type Ended } from './program';
import { sampled } from '../sampled';

const it = sampled(3);

const place = scratch();
const shim = join(place.folder, 'fault-shim.so');
const stores: ThrowAwayStore[] = [];
beforeAll(() => {
  execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', shim, resolve('test/fault-shim.c'), '-ldl']);
});
afterAll(() => {
  for (const store of stores) store.leave();
  place.leave();
});

/** A store with one token that has a user PIN and nothing on it. */
class TestPartition {
  readonly store: ThrowAwayStore;
  #runs = 0;
  #target: UnitTarget | null = null;

  private constructor(store: ThrowAwayStore) {
    this.store = store;
  }

  static async make(name: StoreName): Promise<TestPartition> {
    const made = new TestPartition(makeThrowAwayStore(name));
    stores.push(made.store);
    made.#target = await made.#withWorker(initialiseThrowAway);
    return made;
  }

  /** What the user can see on it, by a worker of our own. */
  async objects(): Promise<unknown> {
    const target = this.#target;
    if (target === null) throw new Error('not made');
    const read = await this.#withWorker((worker) => worker.call('unit.read', { target, nonce: 'ab'.repeat(32) }));
    return read.objects;
  }

  async #withWorker<T>(use: (worker: ModuleWorker) => Promise<T>): Promise<T> {
    const { folder, module, player } = this.store;
    const children = new NodeChildren({
      ceremony: 'test-partition',
      scripts: builtScripts(join(CHECKOUT, 'build')),
      modules: [module],
      player,
      names: {},
      startThrough: (one) => enterStore(folder, one),
    });
    try {
      return await use(await loadModule(children, module));
    } finally {
      await children.endAll();
    }
  }

  /** The user PIN that the player made up. */
  get pin(): string {
    const { pins } = JSON.parse(readFileSync(this.store.player, 'utf8')) as { pins: { role: string; pin: string }[] };
    return pins.find(({ role }) => role === 'user')?.pin ?? '';
  }

  /** Writes a binding of this partition, of which parts may be others; returns its path. */
  bind(other: Partial<Binding> = {}): string {
    this.#runs += 1;
    const { folder, module } = this.store;
    const binding: Binding = {
      keyrite: 'binding/1',
      ceremony: 'qualification',
      mode: 'rehearsal',
      plan: '0'.repeat(64),
      people: [{ id: 'ada', name: 'Ada Lovelace', position: 'operator', key: KEY }],
      modules: [module],
      units: [unit(module)],
      wrappingParameters: [],
      media: [],
      room: folder,
      ...other,
    };
    const file = join(folder, `run-${String(this.#runs)}.binding.yaml`);
    writeFileSync(file, stringify(binding));
    return file;
  }

  /** Runs `keyrite qualify` with such a binding. */
  async qualify(other: Partial<Binding> = {}): Promise<{ readonly ended: Ended; readonly file: string }> {
    const bound = this.bind(other);
    const file = `${bound}.json`;
    return { ended: await keyrite(['qualify', '--binding', bound, '-o', file]), file };
  }

  /** The same with the module behind the fault-injecting one, each fault once, or at each call. */
  async qualifyWith(
    fault: string,
    once = true,
  ): Promise<{ readonly ended: Ended; readonly found: QualifiedPartition }> {
    const { module, folder } = this.store;
    const faulty: Module = {
      ...module,
      path: shim,
      sha256: fileSha256(shim),
      environment: [
        ...module.environment,
        { name: 'KEYRITE_FAULT_MODULE', value: module.path },
        { name: 'KEYRITE_FAULT', value: fault },
        ...(once ? [{ name: 'KEYRITE_FAULT_ONCE', value: join(folder, `happened-${String(this.#runs)}`) }] : []),
      ],
    };
    const { ended, file } = await this.qualify({ modules: [faulty] });
    return { ended, found: partition(file) };
  }
}

const KEY: Binding['people'][number]['key'] = { algorithm: 'ed25519', spki: 'AAAA', holder: 'file' };

function unit({ id }: Module, more: Partial<Binding['units'][number]> = {}): Binding['units'][number] {
  return {
    id: 'throw-away',
    module: id,
    address: { blank: false, label: 'keyrite-throw-away' },
    lastKnown: null,
    ...more,
  };
}

function partition(file: string): QualifiedPartition {
  const { partitions } = v.parse(Qualification, JSON.parse(readFileSync(file, 'utf8')));
  expect(partitions).toHaveLength(1);
  return partitions[0]!;
}

const outcomes = ({ steps }: QualifiedPartition): Record<string, string> =>
  Object.fromEntries(steps.map(({ id, outcome, code }) => [id, code ?? outcome]));
const told = ({ steps }: QualifiedPartition): Record<string, string | null> =>
  Object.fromEntries(steps.filter((step) => step.told !== null).map(({ id, told: words }) => [id, words]));

const LIFE = [
  ...['capabilities', 'identity', 'prove', 'administrator', 'thresholds', 'import-key', 'load', 'clear', 'load-again'],
  ...['commit', 'activate', 'root-key', 'nonce', 'wrap', 'destroy', 'zeroise'],
];

/** What is told of the acts that go otherwise on one module than on another. */
const TOLD: Readonly<Record<StoreName, Readonly<Record<string, string>>>> = {
  softhsm2: {
    identity: 'ecdsa-p256-sha256',
    prove: 'the state is on the token',
    'import-key': 'OAEP with sha1',
    load: 'kept as asked',
    nonce: 'in the token',
  },
  nss: {
    identity: 'ecdsa-p256-sha256',
    prove: 'the token keeps no state: rollback is not visible on it',
    'import-key': 'OAEP with sha256',
    load: 'kept as asked',
    nonce: 'in the token',
  },
  opencryptoki: {
    identity: 'rsa-pss-sha256',
    prove: 'the state is on the token',
    'import-key': 'OAEP with sha256',
    load: 'made otherwise than asked, and set right: CKA_SENSITIVE, CKA_EXTRACTABLE',
    nonce: 'the token has no AES-GCM: the share process does it',
  },
};

describe.each(STORE_NAMES)('a test partition of %s', (name) => {
  it('goes through the life of a unit, and is as empty afterwards', async () => {
    const made = await TestPartition.make(name);
    const { ended, file } = await made.qualify();
    expect(ended.code, ended.stderr).toBe(0);
    const found = partition(file);
    expect(outcomes(found)).toEqual(Object.fromEntries(LIFE.map((id) => [id, 'ok'])));
    expect(told(found)).toMatchObject(TOLD[name]);
    expect(found.left).toEqual([]);
    expect(await made.objects()).toEqual([]);
    expect(found.capabilities?.objects).toEqual({ before: 0, after: 0, appeared: [], gone: [] });
    const lines = ended.stdout.split('\n');
    for (const { act } of found.steps) expect(lines).toContain(`  ${act.padEnd(56)}ok`);
    expect(ended.stdout.trimEnd().endsWith(file)).toBe(true);
    expect(`${ended.stdout}${ended.stderr}${readFileSync(file, 'utf8')}`).not.toContain(made.pin);
  });
});

describe('what is refused or breaks on the way', () => {
  let made: TestPartition;
  beforeAll(async () => {
    made = await TestPartition.make('softhsm2');
  });

  it.each([
    ['an unwrapping', 'C_UnwrapKey[keyrite:mk:uncommitted]:0x54', 'load', 'CKR_FUNCTION_NOT_SUPPORTED'],
    [
      'the first state, after the identity was made',
      'C_CreateObject[keyrite:state]:0x31',
      'identity',
      'CKR_DEVICE_MEMORY',
    ],
    [
      'a crash when the key has moved',
      'C_SetAttributeValue[keyrite:mk:committed]:segv-after',
      'commit',
      'WORKER_CRASHED',
    ],
    [
      'a crash when the first thresholds were written',
      'C_CreateObject[keyrite:state]:segv-after:3',
      'thresholds',
      'WORKER_CRASHED',
    ],
  ])('%s: what needs it is not run, and nothing is left', async (_what, fault, step, code) => {
    const { ended, found } = await made.qualifyWith(fault);
    expect(ended.code, ended.stderr).toBe(1);
    const at = LIFE.indexOf(step);
    expect(outcomes(found)).toEqual(
      Object.fromEntries(
        LIFE.map((id, index) => [id, index === at ? code : index < at || id === 'zeroise' ? 'ok' : 'not-run']),
      ),
    );
    expect(found.left).toEqual([]);
    expect(found.steps[at]?.means).toMatch(/^No plan can/);
    expect(ended.stdout).toContain(`refused (${code})`);
  });

  it('Ctrl-C: nothing else is begun, and nothing is left', async () => {
    const file = made.bind();
    const running = start(['qualify', '--binding', file, '-o', `${file}.json`]);
    expect(await running.says('qualifying throw-away')).toBe(true);
    running.child.kill('SIGINT');
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(1);
    expect(ended.stderr).toContain('Stopping: what was made on the partition is destroyed first');
    expect(outcomes(partition(`${file}.json`))).toMatchObject({ destroy: 'not-run', zeroise: 'ok' });
    expect(partition(`${file}.json`).left).toEqual([]);
  });

  it('a partition that cannot be emptied: what is left is named, and what to do', async () => {
    const own = await TestPartition.make('softhsm2');
    const { ended, found } = await own.qualifyWith('C_CreateObject[keyrite:state]:0x31,C_DestroyObject:0x30', false);
    expect(ended.code).toBe(1);
    expect(outcomes(found)).toMatchObject({ identity: 'CKR_DEVICE_MEMORY', zeroise: 'CKR_DEVICE_ERROR' });
    expect(found.left).toEqual(['private-key “keyrite:identity”', 'public-key “keyrite:identity”']);
    expect(ended.stdout).toContain("is not as empty as it was: erase it with the vendor's tool");
  });
});

describe('what is no test partition is not touched', () => {
  let made: TestPartition;
  const list = (): string =>
    tool('pkcs11-tool', ['--module', SOFTHSM2, '--login', '--pin', made.pin, '--list-objects'], undefined, {
      SOFTHSM2_CONF: made.store.module.environment[0]?.value ?? '',
    }).toString();
  beforeAll(async () => {
    made = await TestPartition.make('softhsm2');
  });

  it('a unit with a history, and a blank token', async () => {
    const { module } = made.store;
    const known = { identity: '0'.repeat(64), identitySpki: 'AAAA', stateSha256: '0'.repeat(64), counter: 3 };
    for (const [bound, words] of [
      [unit(module, { lastKnown: known }), 'it is a unit in use'],
      [unit(module, { address: { blank: true } }), 'bound to a blank token'],
    ] as const) {
      const { ended, file } = await made.qualify({ units: [bound] });
      expect(ended.code).toBe(2);
      expect(ended.stderr).toContain(words);
      expect(existsSync(file)).toBe(false);
    }
  });

  it('a token with an object on it: it is still there, and no report was made', async () => {
    const data = join(place.folder, 'data');
    writeFileSync(data, 'precious');
    tool(
      'pkcs11-tool',
      [
        ...['--module', SOFTHSM2, '--login', '--pin', made.pin, '--private'],
        ...['--write-object', data, '--type', 'data', '--label', 'precious'],
      ],
      undefined,
      { SOFTHSM2_CONF: made.store.module.environment[0]?.value ?? '' },
    );
    const before = list();
    const { ended, file } = await made.qualify();
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('is no test partition: 1 objects are on it (data “precious”). Nothing was changed');
    expect(existsSync(file)).toBe(false);
    expect(list()).toBe(before);
    expect(before).toContain('precious');
  });
});

describe('keyrite inspect --module PATH', () => {
  it('asks the PIN at the terminal, and prints the report', async () => {
    const made = await TestPartition.make('softhsm2');
    const conf = made.store.module.environment[0]?.value ?? '';
    const terminal = new TerminalDriver(
      `SOFTHSM2_CONF=${conf} ${process.execPath} ${PROGRAM} inspect --module ${SOFTHSM2} --token keyrite-throw-away`,
    );
    await terminal.expect('Press Enter when you are alone');
    terminal.type('\r');
    await terminal.expect('PIN: ');
    terminal.type(`${made.pin}\r`);
    await terminal.expect('quorum of administrators');
    await terminal.expect('Objects that the user can see: 0 before, 0 after.');
    expect(await terminal.ended).toBe(0);
    expect(terminal.output).not.toContain(made.pin);
  });

  it('without a terminal, or with no token of that name, nothing is asked', async () => {
    const ended = await keyrite(['inspect', '--module', SOFTHSM2]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('people are asked at a terminal');
    const both = await keyrite(['inspect', 'plan.yaml', '--module', 'softhsm2']);
    expect(both.code).toBe(2);
    expect(both.stderr).toContain('name a file, or a module with --module');
  });
});

it('docs/schemas/qualification.schema.json is what the code says', () => {
  const file = join(CHECKOUT, 'docs', 'schemas', 'qualification.schema.json');
  const { $schema, ...rest } = toJsonSchema(Qualification, { typeMode: 'input', errorMode: 'ignore' });
  const text = `${JSON.stringify({ $schema, title: 'Keyrite qualification (qualification.json), qualification/1', ...rest }, null, 2)}\n`;
  // `UPDATE_SCHEMAS=1 npx vitest run test/ceremony/qualify.deep.test.ts` writes it anew.
  if (process.env['UPDATE_SCHEMAS'] === '1') writeFileSync(file, text);
  expect(readFileSync(file, 'utf8')).toBe(text);
});
