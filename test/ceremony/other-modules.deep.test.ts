/**
 * The first ceremony on NSS softoken and on opencryptoki's soft token: to a bundle that verifies, and that says how each
 * of them departs from what was asked. Both are rehearsed on for real. opencryptoki needs root: where these tests fail
 * for that, or for a package, the words of the program say what is missing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Binding, Module } from '../../ceremony/plan/binding-schema';
import { fileSha256, findLibrary } from '../../workstation/rehearsal/module-file';
import { makeNssStore } from '../../workstation/rehearsal/nss-store';
import { enterStore, makeOpencryptokiStore } from '../../workstation/rehearsal/opencryptoki-store';
import {
  CHECKOUT,
  FIRST_CEREMONY,
  keyrite,
  PROGRAM,
  scratch,
  start,
  tool,
  transcript,
  type Ended,
  type TranscriptLine,
} from './program';

const LABELS = ['payments-unit-a', 'payments-unit-b'];
const place = scratch();
const shim = join(place.folder, 'fault-shim.so');

beforeAll(() => {
  execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', shim, resolve('test/fault-shim.c'), '-ldl']);
});
afterAll(place.leave);

/** The rotation of the root key; it continues the first ceremony, which is rehearsed before it. */
const ROTATION = join(CHECKOUT, 'examples', 'root-key-rotate.ceremony.yaml');

/** A kept rehearsal on a module: of the first ceremony, or of that and the rotation. */
class Rehearsal {
  /** The first ceremony's bundle. */
  readonly bundle: string;
  /** The last one's. */
  readonly out: string;
  readonly room: string;
  readonly args: readonly string[];
  private finished: Ended | null = null;

  constructor(module: string, plan: string, name = module) {
    this.out = join(place.folder, `${name}-bundle`);
    this.bundle = plan === ROTATION ? `${this.out}.first-ceremony` : this.out;
    this.room = join(place.folder, `${name}-room`);
    this.args = ['rehearse', plan, '--module', module, '--out', this.out, '--keep', this.room, '--json'];
  }

  async run(): Promise<void> {
    this.finished = await keyrite(this.args);
  }

  get ended(): Ended {
    if (this.finished === null) throw new Error(`not run: ${this.args.join(' ')}`);
    return this.finished;
  }

  get lines(): TranscriptLine[] {
    return transcript(this.bundle);
  }
}

async function expectConsistent(bundle: string): Promise<void> {
  const ours = await keyrite(['verify', bundle, '--json']);
  expect(JSON.parse(ours.stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions: 0 });
  expect(tool('sh', [join(bundle, 'verify.sh')]).toString()).toMatch(/^verdict: consistent/m);
}

function outcome(lines: readonly TranscriptLine[], act: string): Record<string, unknown> {
  const found = lines.find(({ type, body }) => type === 'step.outcome' && body['act'] === act);
  if (found === undefined) throw new Error(`no outcome of ${act}`);
  return found.body['result'] as Record<string, unknown>;
}

function facts(lines: readonly TranscriptLine[], name: string): Record<string, unknown>[] {
  return lines
    .filter(({ type, body }) => type === 'fact.recorded' && body['fact'] === name)
    .map(({ body }) => body['value'] as Record<string, unknown>);
}

/** Verdict and note of each act that was read again. */
function readAgain(lines: readonly TranscriptLine[]): { act: unknown; verdict: unknown; note: string }[] {
  return lines
    .filter(({ type }) => type === 'step.reconciled')
    .map(({ body: { act, verdict, observed } }) => ({
      act,
      verdict,
      note: (observed as { note?: string }).note ?? '',
    }));
}

/**
 * The same ceremony once more, with the same people, on fresh tokens behind the fault-injecting module. Units of several
 * modules work at the same time: only the first of the modules has the faults, or it would be chance which unit they hit.
 */
async function runAgain(first: Rehearsal, stores: readonly Module[], name: string, faults: string): Promise<string> {
  const binding = parse(readFileSync(join(first.bundle, 'binding.yaml'), 'utf8')) as Binding;
  const modules = stores.map((store, index) => ({
    ...store,
    path: shim,
    sha256: fileSha256(shim),
    environment: [
      { name: 'KEYRITE_FAULT_MODULE', value: store.path },
      ...(index === 0 ? [{ name: 'KEYRITE_FAULT', value: faults }] : []),
      { name: 'KEYRITE_FAULT_ONCE', value: join(place.folder, `${name}-happened`) },
    ],
  }));
  const file = join(place.folder, `${name}.binding.yaml`);
  const changed: Binding = {
    ...binding,
    ceremony: name,
    modules: [...modules, ...binding.modules.filter(({ id }) => id === 'cards')],
    units: binding.units.map((unit, index) => ({ ...unit, module: (modules[index] ?? modules[0])?.id ?? '' })),
  };
  writeFileSync(file, stringify(changed));
  const bundle = join(place.folder, `${name}-bundle`);
  const ended = await keyrite(['run', FIRST_CEREMONY, '--binding', file, '--out', bundle]);
  expect(ended.code, ended.stderr).toBe(0);
  await expectConsistent(bundle);
  return bundle;
}

describe('on NSS softoken', () => {
  const nss = new Rehearsal('nss', ROTATION);
  beforeAll(() => nss.run());

  it('the ceremony ends in a bundle that verifies, and the service unwraps the root key', async () => {
    expect(nss.ended.code, nss.ended.stderr).toBe(0);
    expect(JSON.parse(nss.ended.stdout)).toMatchObject({
      uploaded: { 'payments-root': expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
    });
    await expectConsistent(nss.bundle);
  });

  it('the rotation goes on from the state in the binding, since the token keeps none', async () => {
    await expectConsistent(nss.out);
    const known = (parse(readFileSync(join(nss.out, 'binding.yaml'), 'utf8')) as Binding).units[0]?.lastKnown;
    const connected = facts(transcript(nss.out), 'unit.connected')[0];
    expect(known?.state).toMatchObject({ mode: 'operational', counter: known?.counter });
    expect(connected?.['state']).toEqual(known?.state);
    expect(outcome(transcript(nss.out), 'make')).toMatchObject({ wrappedIn: 'token' });
  });

  it('says how the token was made, what it can do, and where the state is', () => {
    const { lines } = nss;
    expect(outcome(lines, 'unit-a/token')).toMatchObject({
      token: { label: 'payments-unit-a', initialised: false },
      note: expect.stringContaining('C_InitToken was not called') as string,
    });
    // What people compared before: the token's own serial and label.
    const compared = lines.filter(({ type, step }) => type === 'step.confirmed' && step === 'initialise');
    expect(compared.map(({ body }) => body['statement'])).toEqual([
      expect.stringMatching(/^Initialise .*: serial \S+, label payments-unit-a, not initialised\. It gets/),
      expect.stringMatching(/^Initialise .*: serial \S+, label payments-unit-b, not initialised\. It gets/),
    ]);
    expect(outcome(lines, 'unit-b/identity')).toMatchObject({ algorithm: 'ecdsa-p256-sha256' });
    expect(facts(lines, 'import-key').map(({ oaep }) => oaep)).toEqual(['sha256', 'sha256']);
    expect(outcome(lines, 'unit-a/load-3')).toMatchObject({ stateKept: 'none', hardened: [] });
    expect(outcome(lines, 'make')).toMatchObject({ wrappedIn: 'token', nonceEncryptedIn: 'token' });
  });

  it('warns of keys that can be taken out and of a state that is not kept: before any key comes in, and at the end', () => {
    for (const fact of ['unit.initialised', 'inventory']) {
      const found = facts(nss.lines, fact).map(({ weaknesses }) =>
        (weaknesses as { weakness: string }[]).map(({ weakness }) => weakness),
      );
      expect(found).toEqual([
        ['extractable-not-enforced', 'state-not-kept'],
        ['extractable-not-enforced', 'state-not-kept'],
      ]);
    }
    expect(nss.ended.stderr).toContain('whoever has its user PIN can take the master key out of it');
  });

  it('crashes are settled by the registers where they tell, and by the record where the token shows nothing', async () => {
    const faults = [
      'C_FindObjectsInit[keyrite:mk:uncommitted]:segv:3',
      'C_UnwrapKey[keyrite:mk:uncommitted]:segv-after',
      'C_SetAttributeValue[keyrite:mk:committed]:segv',
      'C_SetAttributeValue[keyrite:mk:current]:kill-after',
    ];
    const stores = [makeNssStore(nss.room, 'again', LABELS)];
    const bundle = await runAgain(nss, stores, 'nss-again', faults.join(','));
    const moved = expect.stringContaining('the key had moved; the token keeps no state') as string;
    expect(readAgain(transcript(bundle))).toEqual([
      { act: 'unit-a/add-alice', verdict: 'not-applied', note: expect.stringContaining('moves no key') as string },
      { act: 'unit-a/load-3', verdict: 'applied', note: moved },
      { act: 'unit-a/commit', verdict: 'not-applied', note: expect.stringContaining('as they were before') as string },
      { act: 'unit-a/activate', verdict: 'applied', note: moved },
    ]);
  });
});

describe('on opencryptoki', () => {
  const ock = new Rehearsal('opencryptoki', FIRST_CEREMONY);
  beforeAll(() => ock.run());

  it('the ceremony ends in a bundle that verifies, and the service unwraps the root key', async () => {
    expect(ock.ended.code, ock.ended.stderr).toBe(0);
    expect(JSON.parse(ock.ended.stdout)).toMatchObject({
      uploaded: { 'payments-root': expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
    });
    await expectConsistent(ock.bundle);
  });

  it('says which key is its identity, what had to be set right, and where the root key was wrapped', () => {
    const { lines } = ock;
    expect(outcome(lines, 'unit-a/identity')).toMatchObject({ algorithm: 'rsa-pss-sha256' });
    expect(facts(lines, 'import-key').map(({ oaep }) => oaep)).toEqual(['sha256', 'sha256']);
    const loaded = outcome(lines, 'unit-b/load-3');
    expect(loaded).toMatchObject({ stateKept: 'token', hardened: ['CKA_SENSITIVE', 'CKA_EXTRACTABLE'] });
    expect(loaded).toMatchObject({
      registers: { new: { attributes: { CKA_SENSITIVE: true, CKA_EXTRACTABLE: false } } },
    });
    expect(outcome(lines, 'make')).toMatchObject({ wrappedIn: 'share-process', nonceEncryptedIn: 'share-process' });
    expect(facts(lines, 'inventory').map(({ weaknesses }) => weaknesses)).toEqual([[], []]);
    for (const { capabilities } of facts(lines, 'inventory')) {
      expect(capabilities).toMatchObject({
        mechanisms: { 'CKA_EXTRACTABLE false': 'works' },
        report: {
          findings: { 'C_UnwrapKey keeps to its template': 'wrong-answer', 'C_UnwrapKey, then set right': 'works' },
          objects: { appeared: [], gone: [] },
        },
      });
    }
  });

  it('its PINs fit the 8 bytes that the token takes, in two parts', () => {
    const { pins } = JSON.parse(readFileSync(join(ock.room, 'player.json'), 'utf8')) as {
      pins: { of: string; pin: string }[];
    };
    const ofUnits = pins.filter(({ of }) => of.startsWith('unit-'));
    expect(ofUnits).toHaveLength(8);
    for (const { pin } of ofUnits) expect(pin).toHaveLength(4);
  });

  it('nothing of it is left running, and the system’s own store is as it was', () => {
    expect(processesThatSee(ock.room)).toEqual([]);
    expect(existsSync('/var/lib/opencryptoki/unit')).toBe(false);
    expect(readdirSync(join(ock.room, 'units-0', 'var', 'unit', 'TOK_OBJ')).length).toBeGreaterThan(3);
  });

  it.each([
    ['has never run', 'true'],
    ['has run and left its folders', 'mkdir /var/log/opencryptoki'],
  ])('its namespace is entered on a machine where the daemon %s', (_when, arrange) => {
    const room = join(place.folder, `entered-after-${String(arrange.length)}`);
    const module = makeOpencryptokiStore(room, 'entered');
    const machine = `mount -t tmpfs tmpfs /var/log && ${arrange} && exec "$@"`;
    const command = ['--mount', 'sh', '-c', machine, 'sh', ...enterStore(room, module), 'echo', 'entered'];
    const ended = spawnSync('unshare', command, { encoding: 'utf8' });
    expect(ended).toMatchObject({ status: 0, stdout: 'entered\n' });
  });

  it('crashes are settled: an officer’s PIN that did not arrive, a key not hardened yet, a key moved without its state', async () => {
    const faults = [
      'C_SetPIN:segv',
      'C_UnwrapKey[keyrite:mk:uncommitted]:segv-after',
      'C_SetAttributeValue[keyrite:mk:committed]:segv-after',
    ];
    const stores = ['again-0', 'again-1'].map((id) => makeOpencryptokiStore(ock.room, id));
    const bundle = await runAgain(ock, stores, 'opencryptoki-again', faults.join(','));
    expect(readAgain(transcript(bundle))).toEqual([
      { act: 'unit-a/token', verdict: 'applied', note: '' },
      { act: 'unit-a/load-3', verdict: 'not-applied', note: expect.stringContaining('an unfinished key') as string },
      { act: 'unit-a/commit', verdict: 'applied', note: expect.stringContaining('it was half done') as string },
    ]);
    const loaded = transcript(bundle).filter(
      ({ type, body }) => type === 'step.outcome' && body['act'] === 'unit-a/load-3',
    );
    expect(loaded[0]?.body['result']).toMatchObject({ hardened: ['CKA_SENSITIVE', 'CKA_EXTRACTABLE'] });
  });

  it('killed as a whole in the middle of the units, it is resumed in the same room', async () => {
    const killed = new Rehearsal('opencryptoki', FIRST_CEREMONY, 'killed');
    const running = start(killed.args);
    expect(await running.says('Both units have the same administrators'), 'it ended before').toBe(true);
    running.child.kill('SIGKILL');
    await running.ended;
    const resumed = await keyrite(['resume', killed.bundle]);
    expect(resumed.code, resumed.stderr).toBe(0);
    await expectConsistent(killed.bundle);
    await sleep(100);
    expect(processesThatSee(killed.room)).toEqual([]);
  });
});

/** Processes, zombies aside, in whose mount namespace something of a folder is mounted. */
function processesThatSee(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(`${folder}/`);
    } catch {
      return false;
    }
  });
}

describe('what is missing is said, and nothing is made', () => {
  const out = join(place.folder, 'never');
  const rehearse = ['rehearse', FIRST_CEREMONY, '--module', 'opencryptoki', '--out', out];

  it('the packages', () => {
    const library = findLibrary('pkcs11/libopencryptoki.so');
    if (library === null)
      throw new Error('opencryptoki is not installed: apt-get install opencryptoki libopencryptoki0');
    // Their folders are covered with empty ones, in a namespace that ends with the program.
    const hidden = [dirname(library), join(dirname(library), '..', 'opencryptoki')];
    const cover = hidden.map((folder) => `mount -t tmpfs tmpfs '${folder}'`).join(' && ');
    const command = ['--mount', 'sh', '-c', `${cover} && exec "$@"`, 'sh', process.execPath, PROGRAM, ...rehearse];
    const ended = spawnSync('unshare', command, { encoding: 'utf8' });
    expect(ended.status, ended.stderr).toBe(2);
    expect(ended.stderr).toContain('opencryptoki is not installed');
    expect(ended.stderr).toContain('apt-get install opencryptoki libopencryptoki0');
    expect(existsSync(out)).toBe(false);
  });

  it('the rights of root', () => {
    const open = scratch();
    chmodSync(open.folder, 0o755);
    const program = join(open.folder, 'keyrite.cjs');
    copyFileSync(PROGRAM, program);
    copyFileSync(FIRST_CEREMONY, join(open.folder, 'plan.yaml'));
    const args = [program, 'rehearse', join(open.folder, 'plan.yaml'), '--module', 'opencryptoki', '--out', out];
    const nobody = { uid: 65534, gid: 65534, cwd: '/', encoding: 'utf8' } as const;
    const ended = spawnSync(process.execPath, args, nobody);
    open.leave();
    expect(ended.status, ended.stderr).toBe(2);
    expect(ended.stderr).toContain('by root only');
    expect(existsSync(out)).toBe(false);
  });
});
