/** What people answer at the main window, and what is refused: late answers, strangers, faults, stops, kills. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlayerFault } from '../../workstation/rehearsal/player-file';
import { readPlayerFile, writePlayerFile } from '../../workstation/rehearsal/player-file';
import { childrenOf, keyrite, scratch, start, tool, transcript } from '../ceremony/program';
import { ControlledApp, countEmptiedSeats, removeRooms, DEVELOPMENT, troubleFrom } from './controlled-app';
import { writeSmallPlan } from './small-plan';

const place = scratch();
const plan = join(place.folder, 'small.ceremony.yaml');
beforeAll(() => {
  writeSmallPlan(plan);
});
afterAll(() => {
  removeRooms();
  place.leave();
});

/** An app with the small plan under review. */
async function reviewing(name: string): Promise<ControlledApp> {
  const app = new ControlledApp(join(place.folder, name));
  app.chosen.push(plan);
  expect(await app.controller.handlers['plan.open-file']({})).toBe(true);
  return app;
}

/** Puts a fault into the player's memory, once the rehearsal's room is made. */
function commit(app: ControlledApp, fault: PlayerFault): void {
  const file = app.started.at(-1)?.playerFile ?? '';
  const memory = readPlayerFile(file);
  writePlayerFile(file, { ...memory, faults: [...memory.faults, fault] });
}

/** Both verifiers accept the bundle. */
async function expectVerified(folder: string, exceptions: number): Promise<void> {
  const verdict = await keyrite(['verify', folder, '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions });
  expect(tool('sh', [join(folder, 'verify.sh')]).toString()).toMatch(/^verdict: consistent /m);
}

describe('what is refused', () => {
  it('what is not on the screen, in words, and nothing changes', async () => {
    const app = await reviewing('refusals');
    const { handlers } = app.controller;
    const before = app.view();
    const requests = [
      () => handlers['plan.open-example']({ id: 'unheard-of' }),
      () => handlers['ceremony.begin']({}),
      () => handlers['binding.make-rehearsal']({ playing: { who: 'all' }, names: {} }),
      () => handlers['binding.open-file']({}),
      () => handlers['binding.drop']({}),
      () => handlers['run.begin-step']({ question: 'q1' }),
      () => handlers['run.stop']({}),
      () => handlers['run.copy-bundle']({}),
      () => handlers['ceremony.resume']({ ceremony: 'nobody-began-it', playing: { who: 'all' } }),
      () => handlers['verify.ceremony']({ ceremony: 'nobody-began-it', planHash: null }),
      () => handlers['verify.add-approver']({}),
    ];
    for (const request of requests) {
      const { happened, changed, next } = await troubleFrom(request());
      expect([happened, changed, next].every((words) => words !== '')).toBe(true);
      expect(app.view()).toEqual(before);
    }
    expect(await handlers['plan.open-file']({}), 'cancelled').toBe(false);
  });

  it('a file that is no plan, a plan with errors, and one that continues another', async () => {
    const app = await reviewing('plans');
    const { handlers } = app.controller;
    const bad = join(place.folder, 'bad.yaml');
    writeFileSync(bad, 'keyrite: plan/1\nid: x\n');
    app.chosen.push(bad);
    expect((await troubleFrom(handlers['plan.open-file']({}))).happened).toMatch(/line 1/);
    const wrong = join(place.folder, 'wrong.yaml');
    writeFileSync(wrong, readFileSync(plan, 'utf8').replace('masterKey: none', 'masterKey: current'));
    app.chosen.push(wrong);
    await handlers['plan.open-file']({});
    expect(app.view().screen).toMatchObject({ kind: 'review', plan: { good: false } });
    expect((await troubleFrom(handlers['plan.accept']({}))).happened).toMatch(/cannot be carried out/);
    await handlers['plan.open-example']({ id: 'root-key-rotate' });
    await handlers['plan.accept']({});
    const trouble = await troubleFrom(handlers['binding.make-rehearsal']({ playing: { who: 'all' }, names: {} }));
    expect(trouble.happened).toMatch(/first-ceremony/);
    expect(trouble.next).toMatch(/keyrite rehearse/);
    await app.controller.close();
  });

  it('production, on a runtime that nobody vouches for', async () => {
    for (const [standing, packaged] of [
      ['development', true],
      ['supported', false],
      ['development', false],
    ] as const) {
      const app = new ControlledApp(join(place.folder, 'production'), {
        runtime: { ...DEVELOPMENT, standing, packaged, fit: packaged },
      });
      const { handlers } = app.controller;
      app.chosen.push(plan, binding());
      await handlers['plan.open-file']({});
      await handlers['plan.accept']({});
      expect((await troubleFrom(handlers['binding.open-file']({}))).happened).toMatch(
        /^production needs the packaged app/,
      );
      expect(app.started).toEqual([]);
    }
  });

  /** The example's binding, for production: it gets no further than its mode. */
  function binding(): string {
    const file = join(place.folder, 'production.binding.yaml');
    const example = readFileSync(
      join(import.meta.dirname, '../../examples/first-ceremony.binding.example.yaml'),
      'utf8',
    );
    writeFileSync(file, example.replace(/^mode: .*$/m, 'mode: production'));
    return file;
  }

  it('a binding whose module is another file; tokens that are not there are told of', async () => {
    const made = await reviewing('made');
    await made.begin({ who: 'all' });
    await made.untilTask('begin', 'preflight');
    const text = readFileSync(join(made.run.folder, 'binding.yaml'), 'utf8');
    const app = await reviewing('opened');
    const { handlers } = app.controller;
    await handlers['plan.accept']({});
    const open = async (name: string, content: string) => {
      const file = join(place.folder, `${name}.binding.yaml`);
      writeFileSync(file, content);
      app.chosen.push(file);
      expect(await handlers['binding.open-file']({})).toBe(true);
      const { screen } = app.view();
      if (screen.kind !== 'binding' || screen.binding === null) throw new Error('nothing bound');
      return screen.binding;
    };
    const good = await open('good', text);
    expect(good).toMatchObject({ good: true, findings: [], media: [{ ok: true, id: 'evidence-usb' }] });
    expect(good.people.every(({ played, token }) => !played && token !== null)).toBe(true);
    expect((await troubleFrom(handlers['binding.open-file']({}))).happened).toMatch(/bound already/);
    await handlers['binding.drop']({});
    const absent = await open('absent', text.replace('label: card-grace', 'label: card-nobody'));
    expect(absent.good).toBe(true);
    expect(absent.findings).toMatchObject([{ severity: 'warning', rule: 'token-not-seen' }]);
    expect(absent.findings[0]?.message).toMatch(/^Grace Garcia: module cards shows no token card-nobody/);
    await handlers['binding.drop']({});
    const other = await open('other', text.replace(/sha256: [0-9a-f]{64}/, `sha256: ${'a'.repeat(64)}`));
    expect(other.good).toBe(false);
    expect(other.modules[0]).toMatchObject({ ok: false, state: 'another file than the one bound' });
    expect((await troubleFrom(handlers['ceremony.begin']({}))).happened).toMatch(/units/);
    expect(app.view().ceremonies).toEqual([]);
    await app.controller.close();
    // An app that ends in the middle leaves a ceremony that can be gone on with.
    const { ceremony, folder } = made.run;
    await made.controller.close();
    expect(childrenOf(folder, 'worker.cjs')).toEqual([]);
    const again = new ControlledApp(join(place.folder, 'made'));
    await again.controller.handlers['ceremony.resume']({ ceremony, playing: { who: 'all' } });
    await again.untilTask('begin', 'preflight');
    await again.controller.close();
  });

  it('folders that hold no ceremony are listed as such, or not at all', async () => {
    const folder = join(place.folder, 'rubbish');
    const ceremonies = join(folder, 'ceremonies');
    mkdirSync(join(ceremonies, 'empty'), { recursive: true });
    mkdirSync(join(ceremonies, 'Not An Id'));
    mkdirSync(join(ceremonies, 'no-lines'));
    writeFileSync(join(ceremonies, 'no-lines', 'transcript.jsonl'), `${'x'.repeat(100)}\n`);
    mkdirSync(join(ceremonies, 'a-pipe'));
    tool('mkfifo', [join(ceremonies, 'a-pipe', 'plan.yaml')]);
    mkdirSync(join(ceremonies, 'a-pipe-of-lines'));
    tool('mkfifo', [join(ceremonies, 'a-pipe-of-lines', 'transcript.jsonl')]);
    mkdirSync(join(ceremonies, 'huge'));
    tool('truncate', ['-s', '70M', join(ceremonies, 'huge', 'transcript.jsonl')]);
    writeFileSync(join(ceremonies, 'a-file'), '');
    const app = new ControlledApp(folder);
    const listed = app.view().ceremonies;
    expect(listed.map(({ ceremony }) => ceremony).sort()).toEqual([
      'a-pipe',
      'a-pipe-of-lines',
      'empty',
      'huge',
      'no-lines',
    ]);
    expect(listed.every(({ status, note }) => status === 'unreadable' && note !== '')).toBe(true);
    const playing = { who: 'all' } as const;
    await troubleFrom(app.controller.handlers['ceremony.resume']({ ceremony: 'empty', playing }));
  });
});

describe('a run that the administrator and the witness watch', () => {
  it('takes what they answer, and nothing that comes late, from others, or was not offered', async () => {
    const app = await reviewing('watched');
    const { handlers } = app.controller;
    await app.begin({ who: 'others', me: ['alice', 'frank'] });
    const begin = await app.untilTask('begin', 'preflight');
    expect((await troubleFrom(handlers['home.show']({}))).happened).toMatch(/under way/);
    const wrong = [
      handlers['run.begin-step']({ question: 'q999' }),
      handlers['run.confirm']({ question: begin.question, by: ['alice'] }),
      handlers['run.decide']({ question: begin.question, decision: 'again' }),
      handlers['run.answer']({ question: begin.question, text: 'no' }),
    ];
    for (const request of wrong) expect((await troubleFrom(request)).happened).toMatch(/not open any more/);
    await handlers['run.begin-step']({ question: begin.question });

    await app.readClocks(2);
    const clock = await app.untilTask('confirm', 'preflight');
    expect(clock.by, 'those at the workstation').toEqual(['alice', 'frank']);
    expect(app.run.people.filter(({ confirmed }) => confirmed).map(({ id }) => id)).toEqual(['bob']);
    expect((await troubleFrom(handlers['run.begin-step']({ question: begin.question }))).happened).toMatch(/not open/);
    const stranger = handlers['run.confirm']({ question: clock.question, by: ['alice', 'bob'] });
    expect((await troubleFrom(stranger)).happened).toBe('Bob Brandt was not asked.');
    await handlers['run.confirm']({ question: clock.question, by: ['alice'] });

    const refusal = await app.untilTask('decide', 'preflight');
    expect(refusal.happened).toMatch(/^Frank Fischer did not confirm/);
    expect(refusal.options).toEqual(['again', 'stop']);
    const notOffered = handlers['run.decide']({ question: refusal.question, decision: 'exception' });
    expect((await troubleFrom(notOffered)).happened).toMatch(/not offered/);
    await handlers['run.decide']({ question: refusal.question, decision: 'again' });
    await app.readClocks(2);
    const again = await app.untilTask('confirm', 'preflight');
    await handlers['run.confirm']({ question: again.question, by: again.by });

    const run = await app.carryOn(async (task) => {
      if (task.kind === 'confirm') await handlers['run.confirm']({ question: task.question, by: task.by });
      else if (task.kind === 'ask') {
        expect(task.by).toEqual(['frank']);
        await handlers['run.answer']({ question: task.question, text: 'Seal 4711, the user PIN of unit A, Alice' });
      } else throw new Error(`unexpected ${task.kind}`);
    });
    expect(run.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    expect(run.steps[0]).toMatchObject({ status: 'done', attempts: 2 });
    const answer = transcript(run.folder).find(({ body }) => body['fact'] === 'answer');
    expect(answer).toMatchObject({
      by: ['frank'],
      body: { value: { answer: 'Seal 4711, the user PIN of unit A, Alice' } },
    });
    await expectVerified(run.folder, 0);
    const target = join(place.folder, 'stick');
    mkdirSync(target);
    app.chosen.push(target);
    expect(await handlers['run.copy-bundle']({})).toBe(true);
    await expectVerified(join(target, run.ceremony), 0);
    await app.controller.close();
  });
});

describe('faults', () => {
  it('a wrong PIN before line 0 and one in a step are decided on; a worker that hangs is ended and the device read again', async () => {
    const app = await reviewing('faults');
    const { handlers } = app.controller;
    await handlers['plan.accept']({});
    await handlers['binding.make-rehearsal']({ playing: { who: 'all' }, names: {} });
    commit(app, { match: { kind: 'pin', role: 'card', of: 'heidi' }, do: 'wrong-pin', times: 1, milliseconds: 0 });
    commit(app, { match: { kind: 'pin', role: 'card', of: 'grace' }, do: 'refuse', times: 1, milliseconds: 0 });
    commit(app, { match: { role: 'user', make: true }, do: 'delay', times: 1, milliseconds: 30_000 });
    await handlers['ceremony.begin']({});
    const early = await app.untilTask('decide');
    expect(app.run).toMatchObject({ stage: 'Approvals', present: null, transcript: { size: 0, root: null } });
    await handlers['run.decide']({ question: early.question, decision: 'again' });
    for (const step of ['preflight', 'roll-call'] as const) {
      await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
    }
    const declined = await app.untilTask('decide', 'roll-call');
    await handlers['run.decide']({ question: declined.question, decision: 'again' });
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', 'initialise')).question });
    await app.until(
      ({ screen }) => screen.kind === 'run' && screen.run.transcript.lines.at(-1)?.text.includes('C_InitPIN') === true,
    );
    await sleep(300);
    const seats = countEmptiedSeats();
    expect(await troubleFrom(handlers['run.end-worker']({ processes: ['1.999999'] }))).toMatchObject({
      happened: 'It has answered meanwhile, and nothing was ended.',
    });
    const stuck = await handlers['run.stuck']({});
    expect(stuck.length).toBeGreaterThan(0);
    await handlers['run.end-worker']({ processes: stuck.map(({ id }) => id) });
    expect(countEmptiedSeats()).toBeGreaterThan(seats);
    const ended = await app.untilTask('decide', 'initialise');
    expect(ended.happened).toMatch(/worker/i);
    await handlers['run.decide']({ question: ended.question, decision: 'again' });
    const run = await app.carryOn();
    expect(run.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    const lines = transcript(run.folder);
    expect(lines.find(({ type }) => type === 'step.reconciled')).toMatchObject({ body: { verdict: 'not-applied' } });
    await expectVerified(run.folder, 0);
    await app.controller.close();
  });

  it('stopped while a device works, it stops before the next act, and does none of them twice', async () => {
    const app = await reviewing('stopped');
    const { handlers } = app.controller;
    await handlers['plan.accept']({});
    await handlers['binding.make-rehearsal']({ playing: { who: 'all' }, names: {} });
    commit(app, { match: { role: 'user', make: true }, do: 'delay', times: 1, milliseconds: 800 });
    await handlers['ceremony.begin']({});
    for (const step of ['preflight', 'roll-call', 'initialise'] as const) {
      await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
    }
    await app.until(
      ({ screen }) => screen.kind === 'run' && screen.run.transcript.lines.at(-1)?.text.includes('C_InitPIN') === true,
    );
    await handlers['run.stop']({});
    expect(app.run).toMatchObject({ stopping: true, task: { kind: 'working' } });
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
    const { task, ceremony, folder } = app.run;
    expect(task).toMatchObject({ outcome: 'stopped', happened: expect.stringContaining('before C_GenerateKeyPair') });
    expect(transcript(folder).at(-1)).toMatchObject({ type: 'step.outcome', body: { act: 'unit-a/user-pin' } });
    await handlers['home.show']({});
    await handlers['ceremony.resume']({ ceremony, playing: { who: 'all' } });
    const run = await app.carryOn();
    expect(run.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    const intents = transcript(folder).flatMap(({ type, body }) => (type === 'step.intent' ? [body['act']] : []));
    expect(new Set(intents).size).toBe(intents.length);
    await expectVerified(folder, 0);
    await app.controller.close();
  });

  it('stopped, it goes on from the home screen; so does one whose program was killed', async () => {
    const folder = join(place.folder, 'resumed');
    mkdirSync(join(folder, 'ceremonies'), { recursive: true });
    const killed = join(folder, 'ceremonies', 'killed');
    const program = start(['rehearse', plan, '--out', killed, '--keep', join(folder, 'kept-room')]);
    expect(await program.says('Initialise both crypto units')).toBe(true);
    program.child.kill('SIGKILL');
    await program.ended;

    const app = new ControlledApp(folder);
    const { handlers } = app.controller;
    expect(app.view().ceremonies).toMatchObject([{ ceremony: 'killed', status: 'open' }]);
    const playing = { who: 'all' } as const;
    await handlers['ceremony.resume']({ ceremony: 'killed', playing });
    const begin = await app.untilTask('begin', 'initialise');
    expect(childrenOf(killed, 'worker.cjs').length).toBeLessThan(4);
    expect(app.run.steps.map(({ status }) => status).slice(0, 3)).toEqual(['done', 'done', 'present']);
    await handlers['run.stop']({});
    expect((await troubleFrom(handlers['run.begin-step']({ question: begin.question }))).happened).toMatch(/not open/);
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
    expect(app.task).toMatchObject({ outcome: 'stopped', verdict: null });
    await handlers['home.show']({});
    await handlers['ceremony.resume']({ ceremony: 'killed', playing });
    const run = await app.carryOn();
    expect(run.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    expect(transcript(killed).filter(({ type }) => type === 'ceremony.resumed')).toHaveLength(2);
    await expectVerified(killed, 0);
    await handlers['home.show']({});
    const sealed = handlers['ceremony.resume']({ ceremony: 'killed', playing });
    expect((await troubleFrom(sealed)).happened).toMatch(/closed and sealed/);
    await app.controller.close();
  });
});
