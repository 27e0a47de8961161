/** The processes of the app on a real Electron, as the app's unprivileged user: their ends, the windows, and what main sees. */
import { execFileSync } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { SIGNATURE_ALGORITHMS, isValidSignature, type SigningKey } from '../../../ceremony/command/dsse';
import type { Dialogue, PadEntry } from '../../../hsm/contract';
import { makeKeyPair, spkiOfKey } from '../../../hsm/key-file/software-key';
import { processMark } from '../../../hsm/process-mark';
import { SEAL_BYTES } from '../../../hsm/sealed-exchange';
import { makeSoftHsmStore } from '../../../workstation/rehearsal/softhsm-store';
import { endSurvivors } from '../../../workstation/survivors';
import { buildPrograms } from '../../processes/build-programs';
import { isInMemory } from '../../processes/memory';
import { isAlive, TrialStage, type Trouble, type TrialApp } from './trial-app';
import { sampled } from '../../sampled';

const test = sampled(2);

const CHECKOUT = new URL('../../../', import.meta.url).pathname;

let stage: TrialStage;
let app: TrialApp;

let programs: Awaited<ReturnType<typeof buildPrograms>>;

beforeAll(async () => {
  stage = await TrialStage.make();
  programs = await buildPrograms({ 'survivors-main': 'test/app/processes/survivors-main.ts' });
  chmodSync(programs.folder, 0o755);
});
afterAll(async () => {
  programs.remove();
  await stage.close();
});

function pin(holder: string, make = true): Dialogue {
  const question = { of: 'unit-a', role: 'user', part: 1, parts: 1, minimum: 4, maximum: 24, warning: null } as const;
  return { kind: 'pin', holder, make, ...question };
}

const ask = (name: string, holder: string, body = '') =>
  app.call<{ text: string; ownBuffer: boolean }>(name, 'ask', { dialogue: pin(holder), body });

async function troubleOf(call: Promise<unknown>): Promise<Trouble> {
  return call.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error as Trouble,
  );
}

/** The renderer of the one window, once its page has the question. */
async function openRenderer(): Promise<number> {
  await expect.poll(async () => (await app.windows()).open.map(({ hasQuestion }) => hasQuestion)).toEqual([true]);
  const [window] = (await app.windows()).open;
  return window!.pid;
}

describe('while the app lives', () => {
  beforeAll(async () => {
    app = await stage.start();
    await app.do('begin', { ceremony: 'trial', playerFile: app.file('player.json'), played: ['played'] });
  });
  afterAll(() => app.close());
  beforeEach(() => app.do('start', { name: 'worker' }));
  afterEach(() => app.do('stop', { name: 'worker' }));

  test('a process gets its environment and nothing else of ours, says nothing, and leaves no core dump', async () => {
    const found = await app.call<Record<string, string[]>>('worker', 'process');
    const allowed = [
      'DBUS_SESSION_BUS_ADDRESS',
      'KEYRITE_CEREMONY',
      'LANG',
      'LC_ALL',
      'LC_CTYPE',
      'PATH',
      'TRIAL',
      'TZ',
    ];
    expect(found['environment']!.filter((name) => !allowed.includes(name))).toEqual([]);
    expect(found['environment']).toContain('TRIAL');
    expect(found['args']).toEqual(['--ceremony=trial']);
    expect(found['outputs']).toEqual(['/dev/null', '/dev/null', '/dev/null']);
    expect(found['core']).toMatch(/0\s+0$/);
    const pid = await app.pidOf('worker');
    // SECURITY(K-194): the kernel gives what a process keeps to itself to root, whoever runs it.
    expect(statSync(`/proc/${String(pid)}/environ`).uid).toBe(0);
    expect(readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim()).toBe(processMark('trial', app.pid));
  });

  test.each([
    ['SIGSEGV', 'crashed, 11'],
    ['SIGKILL', 'killed, 9'],
  ])('%s in the middle of a request is a crash, and told as what it was', async (signal, how) => {
    expect(await troubleOf(app.call('worker', 'die', { signal }))).toEqual({
      code: 'WORKER_CRASHED',
      message: `The process worker ended without a word (${how})`,
      changed: 'It happened while “die” was carried out: whether the device did it is not known',
      next: expect.stringContaining('read again') as string,
      uncertain: true,
    });
  });

  test('what a process said last is heard though it is dead before main hears of either', async () => {
    for (let at = 0; at < 5; at += 1) {
      await app.do('start', { name: 'last words' });
      await app.pidOf('last words');
      const said = app.call('last words', 'answer-and-die');
      await app.do('be-busy', { ms: 400 });
      expect(await said).toHaveLength(100_000);
    }
  });

  test('an exception that nobody caught ends a process without its text', async () => {
    const trouble = await troubleOf(app.call('worker', 'throw-unseen', { text: 'the PIN is 1234' }));
    expect(trouble).toMatchObject({ code: 'WORKER_CRASHED', uncertain: true });
    expect(trouble.message).toBe('The process worker ended without a word (exit code 70, fault)');
  });

  test('a process that hangs is killed at its deadline, before the request fails', async () => {
    const pid = await app.pidOf('worker');
    const trouble = await troubleOf(app.call('worker', 'hang', { forGood: true }));
    expect(trouble).toMatchObject({ code: 'WORKER_HUNG', uncertain: true });
    expect(isAlive(pid)).toBe(false);
  });

  test('people can end a process that hangs, and no other', async () => {
    await app.do('start', { name: 'idle' });
    await app.do('start', { name: 'asking' });
    await app.call('idle', 'echo', { text: 'a' });
    const asked = ask('asking', 'waits');
    await openRenderer();
    const hanging = troubleOf(app.call('worker', 'hang-long'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const stuck = (await app.do('stuck')) as { id: string; name: string; voidsSet: boolean }[];
    expect(stuck).toEqual([
      { id: expect.stringMatching(/^\d+\.1$/) as string, name: 'the process worker', voidsSet: false },
    ]);
    // Another request of the same process, and a process that is gone.
    expect(await app.do('end-stuck', { ids: [stuck[0]!.id.replace(/\d+$/, '2'), '999.1'] })).toBe(false);
    expect(await app.do('stuck')).toEqual(stuck);
    expect(await app.do('end-stuck', { ids: stuck.map(({ id }) => id) })).toBe(true);
    expect(await hanging).toMatchObject({ code: 'WORKER_CRASHED', uncertain: true });
    expect(await app.call('idle', 'echo', { text: 'b' })).toBe('b');
    await app.do('close-window');
    expect(await troubleOf(asked)).toMatchObject({ code: 'PERSON_LOST' });
    await app.do('stop', { name: 'idle' });
    await app.do('stop', { name: 'asking' });
  });

  test('a person answers in a window whose process is gone afterwards', async () => {
    const before = await app.windows();
    expect(await ask('worker', 'repeats', 'worksheet')).toEqual({ text: 'worksheet', ownBuffer: true });
    await expect.poll(async () => (await app.windows()).open).toEqual([]);
    const after = await app.windows();
    const renderers = after.renderers.slice(before.renderers.length);
    expect(renderers).toHaveLength(1);
    await expect.poll(() => renderers.filter(isAlive), { interval: 5 }).toEqual([]);
    expect(after.people.slice(before.people.length)).toEqual(['repeats', null]);
  });

  test('each window has a session and a process of its own, one is open at a time, and a change of seats is told', async () => {
    await app.do('start', { name: 'second' });
    const tell = async (name: string) => JSON.parse((await ask(name, 'tells')).text) as Record<string, unknown>;
    const before = await app.windows();
    const [first, second] = await Promise.all([tell('worker'), tell('second')]);
    await ask('worker', 'makes');
    const third = await tell('second');
    const after = await app.windows();
    expect(after.most).toBe(1);
    const partitions = after.partitions.slice(before.partitions.length);
    expect(new Set(partitions).size).toBe(4);
    expect(new Set(after.renderers.slice(before.renderers.length)).size).toBe(4);
    const seated = (told: Record<string, unknown> | undefined) =>
      (told!['context'] as { value: { stillSeated: boolean } }).value.stillSeated;
    // Which of the two asks first is not ours to say.
    expect([first, second].map(seated).sort()).toEqual([false, true]);
    expect(seated(third)).toBe(false);
    await app.do('stop', { name: 'second' });
  });

  test('whoever left the window is called to it again in another step or ceremony, and after a window that was lost', async () => {
    const seated = async () =>
      (JSON.parse((await ask('worker', 'tells')).text) as { context: { value: { stillSeated: boolean } } }).context
        .value.stillSeated;
    await seated();
    expect(await seated()).toBe(true);
    await app.do('describe', { change: { doing: 'trying harder' } });
    expect(await seated()).toBe(true);
    for (const change of [{ step: 'Step 2 of 2' }, { step: 'Step 2 of 2', title: 'Another trial' }, {}]) {
      await app.do('describe', { change });
      expect(await seated()).toBe(false);
      expect(await seated()).toBe(true);
    }
    await app.do('fail-next-window');
    await troubleOf(ask('worker', 'tells'));
    expect(await seated()).toBe(false);
  });

  test('the page is given one function, one port, and the words of main; nothing of Electron', async () => {
    const told = JSON.parse((await ask('worker', 'tells')).text) as Record<string, unknown>;
    expect(told).toMatchObject({
      context: { ok: true, value: { person: 'Ted Tells', title: 'A trial', mode: 'rehearsal' } },
      given: ['ask'],
      globals: [],
      ports: 1,
    });
    expect(told['elsewhere']).toBe('name: expected one of the contract');
  });

  test('a person declines, and can be asked again', async () => {
    expect(await troubleOf(ask('worker', 'declines'))).toMatchObject({ code: 'PERSON_REFUSED', uncertain: false });
    expect((await ask('worker', 'makes')).text).toMatch(/^[0-9]{24}$/);
  });

  test.each(['close-window', 'crash-window', 'reload-window'])(
    '%s: the worker is told, goes on, and can ask again',
    async (how) => {
      const asked = troubleOf(ask('worker', 'waits'));
      const pid = await openRenderer();
      await app.do(how);
      expect(await asked).toEqual({
        code: 'PERSON_LOST',
        message: 'waits, asked for a PIN of unit-a, has not answered: the window closed before',
        changed: 'Nothing was changed by what was about to be asked',
        next: 'Try again, and a new window opens; or stop here',
        uncertain: false,
      });
      await expect.poll(() => isAlive(pid)).toBe(false);
      expect((await ask('worker', 'makes')).text).toMatch(/^[0-9]{24}$/);
    },
  );

  test('an answer that the worker is too busy to hear at once still counts', async () => {
    const worker = await app.pidOf('worker');
    const asked = ask('worker', 'thinks');
    await openRenderer();
    process.kill(worker, 'SIGSTOP');
    await expect.poll(async () => (await app.windows()).open.map(({ isShown }) => isShown)).toEqual([false]);
    // Longer than the one second that such an answer had.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    process.kill(worker, 'SIGCONT');
    expect((await asked).text).toMatch(/^[0-9]{24}$/);
    await expect.poll(async () => (await app.windows()).open).toEqual([]);
  });

  test('a window that cannot be opened is one that is lost', async () => {
    await app.do('fail-next-window');
    expect(await troubleOf(ask('worker', 'makes'))).toMatchObject({ code: 'PERSON_LOST' });
    expect((await ask('worker', 'makes')).text).toMatch(/^[0-9]{24}$/);
  });

  test('the window of a worker that dies is destroyed', async () => {
    const worker = await app.pidOf('worker');
    const asked = troubleOf(ask('worker', 'waits'));
    const renderer = await openRenderer();
    process.kill(worker, 'SIGKILL');
    expect(await asked).toMatchObject({ code: 'WORKER_CRASHED', uncertain: true });
    await expect.poll(() => isAlive(renderer)).toBe(false);
    expect((await app.windows()).open).toEqual([]);
  });

  test.each(['lies', 'exaggerates', 'transfers', 'forgets'])('a page that %s gives no answer', async (holder) => {
    expect(await troubleOf(ask('worker', holder))).toMatchObject({ code: 'PERSON_LOST', uncertain: false });
    expect(await app.call('worker', 'echo', { text: 'still here' })).toBe('still here');
  });

  test('a PIN made in a window, one made by the player, and what workers show both, are not in the memory of main', async () => {
    const control = Array.from({ length: 24 }, () => String(randomInt(10))).join('');
    expect(await app.call('worker', 'echo', { text: control })).toBe(control);
    await app.do('start', { name: 'player-side' });
    const files = { window: app.file('window.json'), player: app.file('played.json') };
    const show = {
      kind: 'share-show',
      custodian: 'played',
      set: '0'.repeat(32),
      index: 1,
      of: 2,
      form: 'rows',
    } as const;
    await app.call('worker', 'ask-secretly', { dialogue: pin('makes'), times: 3, file: files.window });
    await app.call('player-side', 'ask-secretly', { dialogue: show, times: 20, file: files.player });
    expect(await ask('player-side', 'played')).toMatchObject({ text: expect.stringMatching(/^[0-9]{12}$/) as string });
    const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as { mark: string; answers: string[] };
    const [window, player] = [read(files.window), read(files.player)];
    const played = (await ask('player-side', 'played')).text;
    // What `ask` answers goes back through main here, on purpose: the scan must find it.
    expect(isInMemory(app.pid, played)).toBe(true);
    expect(isInMemory(app.pid, control)).toBe(true);
    expect(isInMemory(await app.pidOf('worker'), window.mark)).toBe(true);
    for (const secret of [window.mark, player.mark, ...window.answers]) {
      expect(secret.length).toBeGreaterThanOrEqual(24);
      expect(isInMemory(app.pid, secret)).toBe(false);
    }
    await app.do('stop', { name: 'player-side' });
  });

  test('nothing is said before the far end holds its port: until then it would lie in the memory of main', async () => {
    await ask('worker', 'played');
    const player = await livePid('player');
    process.kill(player, 'SIGSTOP');
    const file = app.file('early.json');
    const show = {
      kind: 'share-show',
      custodian: 'played',
      set: '1'.repeat(32),
      index: 1,
      of: 2,
      form: 'rows',
    } as const;
    const shown = app.call('worker', 'ask-secretly', { dialogue: show, times: 1, file });
    await expect.poll(() => existsSync(file)).toBe(true);
    // Time enough for main to hand the ports over, and for whatever was said too early to be where it must not be.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { mark } = JSON.parse(readFileSync(file, 'utf8')) as { mark: string };
    expect(isInMemory(app.pid, mark)).toBe(false);
    process.kill(player, 'SIGCONT');
    expect(await shown).toBe(null);
    expect(isInMemory(app.pid, mark)).toBe(false);
    expect(isInMemory(player, mark)).toBe(true);
  });

  test('main that carries every word between worker and window has neither what is shown nor what is typed', async () => {
    const file = app.file('carried.json');
    await app.do('carry', { carries: true });
    await app.call('worker', 'ask-secretly', { dialogue: pin('makes'), times: 3, file });
    const carried = (await app.do('carry', { carries: false })) as { kind: string; bytes: number }[];
    const { mark, answers } = JSON.parse(readFileSync(file, 'utf8')) as { mark: string; answers: string[] };
    const each = [
      { kind: 'hello', bytes: 0 },
      { kind: 'question', bytes: `${mark}/`.length + 24 + SEAL_BYTES },
      { kind: 'answer', bytes: 24 + SEAL_BYTES },
    ];
    expect(carried).toEqual([...each, ...each, ...each]);
    const control = Array.from({ length: 24 }, () => String(randomInt(10))).join('');
    await app.call('worker', 'echo', { text: control });
    expect(isInMemory(app.pid, control)).toBe(true);
    expect(answers).toHaveLength(3);
    expect(isInMemory(await app.pidOf('worker'), mark)).toBe(true);
    for (const secret of [mark, ...answers]) expect(isInMemory(app.pid, secret)).toBe(false);
  });

  test('a token is initialised with PINs that the player gives to a worker past main', async () => {
    const folder = app.makeFolder('room');
    const module = makeSoftHsmStore(folder, 'units');
    app.giveAway(folder);
    const played = { parts: 1 as const, holders: ['played'] };
    const address = { blank: true, label: null, serial: null };
    const target = { unit: 'unit-a', address, identitySpki: null, user: played, securityOfficer: played };
    await app.do('start', { name: 'units', module });
    const { id, path, sha256, files } = module;
    await app.call('units', 'module.load', { module: id, path, sha256, libraryParameters: null, files });
    expect(await app.call('units', 'module.describe')).toMatchObject({ module: 'units', sha256 });
    const made = { label: 'UNIT-A', again: false };
    expect(await app.call('units', 'unit.initialise-token', { target, ...made })).toMatchObject({
      label: 'UNIT-A',
      initialised: true,
      userPinSet: false,
    });
    const { pins } = JSON.parse(readFileSync(app.file('player.json'), 'utf8')) as {
      pins: { role: string; pin: string }[];
    };
    const officer = pins.find(({ role }) => role === 'security-officer');
    expect(officer?.pin).toHaveLength(12);
    const labelled = { ...target, address: { blank: false, label: 'UNIT-A', serial: null } };
    await app.call('units', 'unit.set-user-pin', { target: labelled });
    await app.call('units', 'unit.create-identity', { target: labelled });
    const all = (JSON.parse(readFileSync(app.file('player.json'), 'utf8')) as { pins: { role: string; pin: string }[] })
      .pins;
    const given = all.filter(({ role }) => role === 'security-officer' || role === 'user').map(({ pin: one }) => one);
    expect(given.length).toBeGreaterThanOrEqual(2);
    const units = await livePid('units');
    // The search finds what came the same way and is no PIN; the PINs are gone with the calls that took them.
    expect(isInMemory(units, 'UNIT-A')).toBe(true);
    for (const one of given) expect({ found: isInMemory(units, one) }).toEqual({ found: false });
    expect(isInMemory(app.pid, officer!.pin)).toBe(false);
    await app.do('stop', { name: 'units' });
  });

  test('a token with a pad of its own is used without a window or the player, and main says who must act meanwhile', async () => {
    const folder = app.makeFolder('pad-room');
    const shim = join(folder, 'fault-shim.so');
    execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', shim, join(CHECKOUT, 'test/fault-shim.c'), '-ldl']);
    writeFileSync(join(folder, 'pad'), '660184093526\n291730485561\n');
    const store = makeSoftHsmStore(folder, 'padded');
    app.giveAway(folder);
    const pad = { KEYRITE_PAD: join(folder, 'pad'), KEYRITE_PAD_DELAY: '1500' };
    const environment = [...store.environment, ...Object.entries(pad).map(([name, value]) => ({ name, value }))];
    const sha256 = createHash('sha256').update(readFileSync(shim)).digest('hex');
    const module = { ...store, path: shim, sha256, environment };
    await app.do('start', { name: 'padded', module });
    const before = await app.windows();
    const load = { module: 'padded', path: shim, sha256, libraryParameters: null, files: module.files };
    await app.call('padded', 'module.load', load);
    const people = { parts: 2 as const, holders: ['anna', 'played'] };
    const target = (label: string | null) => ({
      unit: 'unit-a',
      address: { blank: label === null, label, serial: null },
      identitySpki: null,
      user: people,
      securityOfficer: people,
    });
    const made = app.call('padded', 'unit.initialise-token', { target: target(null), label: 'PADDED', again: false });
    const entry = { of: 'unit-a', holders: ['anna', 'played'], warning: null };
    // The worker's only thread waits in the module: what it said before has left it all the same.
    await expect.poll(() => app.do('pads')).toEqual([{ ...entry, role: 'security-officer', make: true }]);
    // Nobody is at a window, so the process can be ended by whoever confirms it.
    expect(await app.do('stuck')).toEqual([expect.objectContaining({ name: 'the worker of module padded' })]);
    expect(await made).toMatchObject({ label: 'PADDED', initialised: true, protectedPath: true });
    expect(await app.call('padded', 'unit.set-user-pin', { target: target('PADDED') })).toMatchObject({
      userPinSet: true,
    });
    await app.call('padded', 'unit.create-identity', { target: target('PADDED') });
    expect(
      ((await app.do('pads')) as (PadEntry | null)[]).map((one) => one && `${one.role} ${String(one.make)}`),
    ).toEqual(['security-officer true', null, 'security-officer false', null, 'user true', null, 'user false', null]);
    expect((await app.windows()).people).toEqual(before.people);
    await app.do('stop', { name: 'padded' });
  });

  test('key files of every algorithm and form are made and used in Electron’s own crypto, past main', async () => {
    const folder = app.makeFolder('keys');
    await app.do('start', { name: 'key-files', what: 'key-file' });
    const message = Buffer.from('DSSEv1 what is signed');
    const signs = async (path: string, key: SigningKey): Promise<void> => {
      const args = { file: { participant: 'played', path, ...key }, message: message.toString('base64') };
      const signature = await app.call<string>('key-files', 'key-file.sign', args);
      expect(isValidSignature(key, message, Buffer.from(signature, 'base64')), path).toBe(true);
    };
    for (const algorithm of SIGNATURE_ALGORITHMS) {
      const path = join(folder, `${algorithm}.pem`);
      const args = { participant: 'played', path, algorithm };
      await signs(path, await app.call<SigningKey>('key-files', 'key-file.prepare', args));
    }
    const { pins } = JSON.parse(readFileSync(app.file('player.json'), 'utf8')) as {
      pins: { role: string; pin: string }[];
    };
    const passphrase = pins.find(({ role }) => role === 'key-file')!.pin;
    const { privateKey, publicKey } = makeKeyPair('ecdsa-p521-sha512');
    const clear = privateKey.export({ format: 'pem', type: 'pkcs8' });
    const key = { algorithm: 'ecdsa-p521-sha512', spki: spkiOfKey(publicKey) } as const;
    const forms: readonly (readonly [string, readonly string[]])[] = [
      ['scrypt.pem', ['pkcs8', '-topk8', '-scrypt']],
      ['sha1.der', ['pkcs8', '-topk8', '-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1', '-outform', 'DER']],
      ['sha512.pem', ['pkcs8', '-topk8', '-v2', 'aes-192-cbc', '-v2prf', 'hmacWithSHA512']],
      ['key.p12', ['pkcs12', '-export', '-nocerts']],
    ];
    for (const [name, how] of forms) {
      const path = join(folder, name);
      execFileSync('openssl', [...how, '-out', path, '-passout', `pass:${passphrase}`], { input: clear });
      app.giveAway(folder);
      await signs(path, key);
    }
    expect(isInMemory(app.pid, passphrase)).toBe(false);
    const pid = await livePid('key-file process');
    await app.do('stop', { name: 'key-files' });
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test('a share process shows a share to a window and to the player, and main sees nothing of it', async () => {
    await app.do('start', { name: 'shares', what: 'share' });
    expect(await app.call('shares', 'set.generate', { scheme: 'components', threshold: 2, count: 2 })).toMatchObject({
      threshold: 2,
    });
    await app.call('shares', 'share.show', { index: 1, custodian: 'reads' });
    await app.call('shares', 'share.show', { index: 1, custodian: 'played' });
    await app.call('shares', 'share.enter', { index: 1, custodian: 'played' });
    const { worksheets } = JSON.parse(readFileSync(app.file('player.json'), 'utf8')) as {
      worksheets: { text: string }[];
    };
    const worksheet = worksheets.find(({ text }) => text.startsWith('KEYRITE SHARE'));
    const rows = worksheet!.text.split('\n').filter((row) => /^[1-8] +[0-9A-F]{4} [0-9A-F]{4} /.test(row));
    expect(rows).toHaveLength(8);
    expect(isInMemory(await livePid('player'), rows[0]!)).toBe(true);
    for (const row of rows) expect(isInMemory(app.pid, row)).toBe(false);
    await app.do('stop', { name: 'shares' });
  });

  test('the player that dies is started again, and remembers', async () => {
    const first = (await ask('worker', 'played')).text;
    process.kill(await livePid('player'), 'SIGKILL');
    await expect.poll(() => livePid('player').catch(() => null)).toBe(null);
    expect((await ask('worker', 'played')).text).toBe(first);
  });

  test('all is ended, the player too, and a process that was idle says so', async () => {
    await ask('worker', 'played');
    await app.do('start', { name: 'waiting' });
    const pids = [await livePid('player'), await app.pidOf('worker'), await app.pidOf('waiting')];
    const asked = troubleOf(ask('waiting', 'waits'));
    pids.push(await openRenderer());
    expect(pids.every(isAlive)).toBe(true);
    await app.do('end-all');
    expect(await asked).toMatchObject({ code: 'PERSON_LOST', uncertain: false });
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
    expect(await troubleOf(app.call('worker', 'echo', { text: 'a' }))).toMatchObject({
      code: 'WORKER_GONE',
      message: 'The process worker has been ended',
    });
  });
});

/** Process id of the newest utility process whose name holds a word. */
async function livePid(word: string): Promise<number> {
  const { all } = (await app.do('metrics')) as { all: { pid: number; name?: string }[] };
  const found = all.filter(
    ({ name }) => name?.includes(`Keyrite worker ${word}`) === true || name?.includes(`Keyrite ${word}`) === true,
  );
  const last = found.at(-1);
  if (last === undefined) throw new Error(`no process ${word}`);
  return last.pid;
}

/** What the app's own user finds and ends, who can look into none of these processes. */
function survivorsFor(ceremony: string): unknown {
  const program = join(programs.folder, 'survivors-main.cjs');
  const as = stage.stage.user;
  const user =
    as === null ? [] : ['setpriv', `--reuid=${String(as.uid)}`, `--regid=${String(as.gid)}`, '--clear-groups'];
  return JSON.parse(
    execFileSync('env', [...user, process.execPath, program, ceremony], { encoding: 'utf8', cwd: '/' }),
  );
}

describe('when main is killed', () => {
  beforeEach(async () => {
    app = await stage.start();
    await app.do('begin', { ceremony: 'ending', playerFile: app.file('player.json'), played: ['played'] });
    for (const name of ['idle', 'hanging', 'stopped', 'asking']) await app.do('start', { name });
  });
  afterEach(async () => {
    await app.close();
  });

  test('nothing survives that could hold a device, and what cannot end is found and ended', async () => {
    await ask('idle', 'played');
    const ended = [await app.pidOf('idle'), await app.pidOf('hanging'), await livePid('player')];
    const stopped = await app.pidOf('stopped');
    void app.call('hanging', 'hang-long').catch(() => undefined);
    void ask('asking', 'waits').catch(() => undefined);
    ended.push(await openRenderer());
    process.kill(stopped, 'SIGSTOP');
    expect(await endSurvivors('another')).toEqual([]);
    await expect(endSurvivors('ending')).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    expect(survivorsFor('ending')).toBe('ALREADY_RUNNING');
    await app.killMain();
    await expect.poll(() => ended.filter(isAlive)).toEqual([]);
    expect(isAlive(stopped)).toBe(true);
    expect(await endSurvivors('another')).toEqual([]);
    expect(survivorsFor('another')).toEqual([]);
    expect(survivorsFor('ending')).toEqual([stopped]);
    expect(isAlive(stopped)).toBe(false);
  });
});
