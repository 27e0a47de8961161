/** Two days in the app: a pause under seal, the next session's binding, clocks that people read, files, people who come and go. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { RunView, TaskView } from '../../ipc/view';
import { keyrite, scratch, tool, transcript } from '../ceremony/program';
import { ControlledApp, removeRooms, troubleFrom } from './controlled-app';

const place = scratch();
afterAll(() => {
  removeRooms();
  place.leave();
});

type Playing = Parameters<ControlledApp['begin']>[0];

/** An app with the two-day rehearsal begun. */
async function begun(name: string, playing: Playing): Promise<ControlledApp> {
  const app = new ControlledApp(join(place.folder, name));
  await app.controller.handlers['plan.open-example']({ id: 'two-days' });
  await app.begin(playing);
  return app;
}

async function expectConsistent({ folder }: RunView, exceptions: number): Promise<void> {
  const verdict = await keyrite(['verify', folder, '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions });
  expect(tool('sh', [join(folder, 'verify.sh')]).toString()).toMatch(/^verdict: consistent /m);
}

/** What a task's question is; a task without one is no question. */
function questionOf(task: TaskView): string {
  if (!('question' in task)) throw new Error(`expected a question, got ${task.kind}`);
  return task.question;
}

const soon = (seconds: number): string => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}.000Z`;

describe('everybody played', () => {
  it('pauses under seal, is listed so, and goes on with the binding of the room to a bundle that verifies', async () => {
    const app = await begun('played', { who: 'all' });
    const { handlers } = app.controller;
    const first = await app.carryOn();
    expect(first.task).toMatchObject({
      kind: 'ended',
      outcome: 'paused',
      verdict: null,
      paused: { session: 2, seals: [{ name: expect.stringContaining('case') }, { name: expect.any(String) }] },
    });
    const paused = first.task.kind === 'ended' ? first.task.paused : undefined;
    const checkpoint = transcript(first.folder).findLast(({ type }) => type === 'checkpoint.made');
    expect(paused?.root).toBe(checkpoint?.body['root']);
    expect(paused?.rootWords.split(' ')).toHaveLength(32);
    const playing = { who: 'all' } as const;
    const { ceremony } = first;
    await handlers['home.show']({});
    expect(app.view().ceremonies).toMatchObject([{ ceremony, status: 'paused', room: true }]);
    expect((await troubleFrom(handlers['ceremony.resume']({ ceremony, playing }))).happened).toMatch(
      /paused under seal/,
    );

    expect(await handlers['ceremony.next-session']({ ceremony, playing, from: 'room' })).toBe(true);
    const bound = app.view().screen;
    if (bound.kind !== 'binding' || bound.session === undefined) throw new Error('no binding for a session');
    expect(bound).toMatchObject({ binding: { good: true, from: 'room' }, session: { number: 2 } });
    expect(bound.binding?.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    // Only the unit is another than before: it is not blank any more.
    expect(bound.session.differs.map(({ what, name }) => [what, name])).toEqual([['unit', 'unit-a']]);
    const before = transcript(first.folder).length;
    await handlers['binding.drop']({});
    expect(app.view()).toMatchObject({ screen: { kind: 'home' }, ceremonies: [{ status: 'paused', lines: before }] });

    await handlers['ceremony.next-session']({ ceremony, playing, from: 'room' });
    await handlers['ceremony.begin']({});
    const run = await app.carryOn();
    expect(run.task).toMatchObject({ kind: 'ended', outcome: 'closed', verdict: 'verified' });
    expect(run.steps.every(({ status }) => status === 'done')).toBe(true);
    const lines = transcript(run.folder);
    const facts = (name: string) => lines.filter(({ body }) => body['fact'] === name);
    expect(facts('clock.readings').map(({ by }) => by.length)).toEqual([3, 3]);
    expect(facts('answer').find(({ step }) => step === 'audit-log')?.body['files']).toMatchObject([
      { name: 'attachments/audit-log-1.made-for-the-rehearsal-audit-log.txt' },
    ]);
    const enrolled = lines.find(({ type }) => type === 'participant.enrolled');
    expect(enrolled?.body).toMatchObject({ participant: { name: 'Guest 1' } });
    expect(run.people.find(({ name }) => name === 'Guest 1')).toMatchObject({ present: true, position: 'witness' });
    await expectConsistent(run, 0);
    await app.controller.close();
  });

  it('what is no binding for the next session is told of, and cannot be begun', async () => {
    const app = await begun('bindings', { who: 'all' });
    const { handlers } = app.controller;
    const { ceremony, folder } = await app.carryOn();
    await handlers['home.show']({});
    const playing = { who: 'all' } as const;
    expect(await handlers['ceremony.next-session']({ ceremony, playing, from: 'file' }), 'cancelled').toBe(false);
    expect(app.view().screen).toEqual({ kind: 'home' });

    const open = async (name: string, content: string): Promise<readonly string[]> => {
      const file = join(place.folder, `${name}.binding.yaml`);
      writeFileSync(file, content);
      app.chosen.push(file);
      expect(await handlers['ceremony.next-session']({ ceremony, playing, from: 'file' })).toBe(true);
      const { screen } = app.view();
      if (screen.kind !== 'binding' || screen.binding === null) throw new Error('nothing bound');
      const errors = screen.binding.findings.filter(({ severity }) => severity === 'error');
      expect(screen.binding.good).toBe(errors.length === 0);
      return errors.map(({ rule }) => rule);
    };
    const text = readFileSync(join(folder, 'binding.yaml'), 'utf8');
    const size = transcript(folder).length;
    // As before the pause: the unit has been initialised since.
    expect(await open('stale', text)).toContain('session-unit');
    expect((await troubleFrom(handlers['ceremony.begin']({}))).happened).toMatch(/^Unit unit-a begins operational/);
    await handlers['home.show']({});
    const renamed = text.replace(/^ceremony: .*$/m, 'ceremony: another-one');
    expect(await open('other', renamed)).toContain('session-of-another');
    await handlers['binding.drop']({});
    // A room that is gone takes its player along.
    const stranger = { who: 'others', me: ['nobody-here'] } as const;
    const refusal = handlers['ceremony.next-session']({
      ceremony,
      playing: { ...stranger, me: [...stranger.me] },
      from: 'room',
    });
    expect((await troubleFrom(refusal)).happened).toMatch(/does not take part/);
    expect(transcript(folder)).toHaveLength(size);
    expect(app.view().ceremonies).toMatchObject([{ status: 'paused' }]);
    const room = (parse(text) as { room: string }).room;
    rmSync(room, { recursive: true });
    await handlers['home.show']({});
    expect(app.view().ceremonies).toMatchObject([{ status: 'paused', room: false }]);
    expect(
      (await troubleFrom(handlers['ceremony.next-session']({ ceremony, playing, from: 'room' }))).happened,
    ).toMatch(/room .* is gone/);
    await app.controller.close();
  });
});

describe('the witness and the auditor at the workstation', () => {
  it('read clocks, come and go, bring files, and the record says it all', async () => {
    const me = ['erin', 'frank'];
    const app = await begun('here', { who: 'others', me });
    const { handlers } = app.controller;
    const begin = async (step: string): Promise<void> => {
      await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
    };
    await begin('preflight');
    const first = await app.untilTask('clock');
    expect(first).toMatchObject({ who: 'erin', place: 1, count: 3 });
    // What was said of people is not carried out while a question stands that may be about them.
    await handlers['run.change-people']({ kind: 'left', participant: 'dave', reason: 'missed his train' });
    expect(app.run.changes).toEqual([{ kind: 'left', text: 'Dave Dumont is away: missed his train' }]);
    const bad = { question: first.question, reading: { source: 'a \u0007 bell', at: soon(0) } };
    expect((await troubleFrom(handlers['run.read-clock'](bad))).happened).toMatch(/U\+0007/);
    // Nobody has a clock: the step fails, and is tried again.
    await handlers['run.read-clock']({ question: first.question, reading: null });
    const second = await app.untilTask('clock');
    expect(second).toMatchObject({ who: 'frank', place: 2 });
    expect(
      (await troubleFrom(handlers['run.read-clock']({ question: first.question, reading: null }))).happened,
    ).toMatch(/not open any more/);
    await handlers['run.read-clock']({ question: second.question, reading: { source: 'wrist watch', at: soon(0) } });
    const failed = await app.untilTask('decide');
    expect(failed.happened).toMatch(/must each read a clock/);
    await handlers['run.decide']({ question: failed.question, decision: 'again' });
    const read = async (who: string, seconds: number): Promise<void> => {
      await app.until(
        ({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'clock' && screen.run.task.who === who,
      );
      const reading = { source: `the watch of ${who}`, at: soon(seconds) };
      await handlers['run.read-clock']({ question: questionOf(app.task), reading });
    };
    await read('erin', 300);
    await read('frank', 300);
    // The attempt began: Dave's leaving is on record.
    expect(app.run.changes).toEqual([]);
    expect(app.run.people.find(({ id }) => id === 'dave')).toMatchObject({ left: true, present: false });
    const wrong = await app.untilTask('decide');
    expect(wrong).toMatchObject({
      options: ['again', 'exception', 'stop'],
      happened: expect.stringMatching(/300\.\d s behind|299\.\d s behind/),
    });
    await handlers['run.decide']({ question: wrong.question, decision: 'again' });
    await read('erin', 1);
    await read('frank', 2);
    const agreed = await app.untilTask('confirm');
    await handlers['run.confirm']({ question: agreed.question, by: agreed.by });

    // Before a step it is carried out at once.
    const rollCall = await app.untilTask('begin', 'roll-call');
    for (const change of [
      { kind: 'late', participant: 'nobody' },
      { kind: 'left', participant: 'dave', reason: 'again' },
      { kind: 'replaced', participant: 'carol', by: 'frank', reason: 'of another position' },
      { kind: 'replaced', participant: 'carol', by: 'carol', reason: 'herself' },
      { kind: 'left', participant: 'carol', reason: 'a \u0007 bell' },
    ] as const) {
      await troubleFrom(handlers['run.change-people'](change));
    }
    expect(app.run.changes).toEqual([]);
    await handlers['run.change-people']({ kind: 'late', participant: 'dave' });
    await app.until(
      ({ screen }) => screen.kind === 'run' && screen.run.people.some(({ id, present }) => id === 'dave' && present),
    );
    expect(app.run.people.find(({ id }) => id === 'dave')).toMatchObject({ left: false, present: true });
    const scan = join(place.folder, 'paper.pdf');
    writeFileSync(scan, 'signed on paper');
    expect(await handlers['run.paper-signature']({ name: 'Paula Paper', role: 'guest' }), 'cancelled').toBe(false);
    app.chosen.push(join(place.folder, 'not-there.pdf'));
    expect(
      (await troubleFrom(handlers['run.paper-signature']({ name: 'Paula Paper', role: 'guest' }))).happened,
    ).toMatch(/not-there.pdf cannot be read/);
    app.chosen.push(scan);
    expect(await handlers['run.paper-signature']({ name: 'Paula Paper', role: 'guest' })).toBe(true);
    await app.until(
      ({ screen }) => screen.kind === 'run' && screen.run.changes.length === 0 && screen.run.task.kind === 'begin',
    );
    expect(app.task).toMatchObject({ kind: 'begin', question: rollCall.question });

    const answer = async (task: TaskView): Promise<void> => {
      const question = questionOf(task);
      if (task.kind === 'confirm') await handlers['run.confirm']({ question, by: task.by });
      else if (task.kind === 'ask' && task.expects === 'name') {
        expect((await troubleFrom(handlers['run.answer']({ question, text: 'two\nlines' }))).happened).toMatch(
          /not a name/,
        );
        await handlers['run.answer']({ question, text: 'Wilma Wagner' });
      } else if (task.kind === 'ask') await handlers['run.answer']({ question, text: 'Seal 4711' });
      else if (task.kind === 'clock') {
        await handlers['run.read-clock']({ question, reading: { source: 'wrist watch', at: soon(0) } });
      } else throw new Error(`unexpected ${task.kind}`);
    };
    const day = await app.carryOn(answer);
    expect(day.task).toMatchObject({
      outcome: 'paused',
      paused: { seals: [{ number: 'Seal 4711' }, { number: 'Seal 4711' }] },
    });
    const { ceremony } = day;
    await handlers['home.show']({});
    const playing = { who: 'others', me: ['erin', 'frank', 'alice', 'bob'] } as const;
    await handlers['ceremony.next-session']({ ceremony, playing: { ...playing, me: [...playing.me] }, from: 'room' });
    await handlers['ceremony.begin']({});

    // Files: chosen, listed, taken off, changed, and none at first.
    const log = join(place.folder, 'audit.log');
    writeFileSync(log, 'the log');
    const photo = join(place.folder, 'photo.jpg');
    writeFileSync(photo, 'a photograph');
    let tries = 0;
    const files = async (task: Extract<TaskView, { kind: 'attach' }>): Promise<void> => {
      const { question } = task;
      expect(task.by).toEqual(['frank']);
      tries += 1;
      expect((await troubleFrom(handlers['run.attach']({ question, none: false }))).happened).toMatch(
        /No file was chosen/,
      );
      if (tries === 1) {
        await handlers['run.attach']({ question, none: true });
        return;
      }
      expect(await handlers['run.choose-file']({ question }), 'cancelled').toBe(false);
      for (const odd of [place.folder, join(place.folder, 'missing'), '/dev/zero']) {
        app.chosen.push(odd);
        await troubleFrom(handlers['run.choose-file']({ question }));
      }
      app.chosen.push(log, log, photo);
      expect(await handlers['run.choose-file']({ question })).toBe(true);
      expect((await troubleFrom(handlers['run.choose-file']({ question }))).happened).toMatch(/on the list already/);
      await handlers['run.choose-file']({ question });
      const sha256 = createHash('sha256').update('the log').digest('hex');
      expect(app.task).toMatchObject({
        files: [{ name: 'audit.log', size: 7, sha256, path: log }, { name: 'photo.jpg' }],
      });
      expect((await troubleFrom(handlers['run.attach']({ question, none: true }))).happened).toMatch(/on the list/);
      expect((await troubleFrom(handlers['run.drop-file']({ question, place: 1, sha256 }))).happened).toMatch(
        /not on the list/,
      );
      writeFileSync(log, 'another log');
      expect((await troubleFrom(handlers['run.attach']({ question, none: false }))).happened).toMatch(
        /was changed since/,
      );
      await handlers['run.drop-file']({ question, place: 0, sha256 });
      expect(app.task).toMatchObject({ files: [{ name: 'photo.jpg' }] });
      await handlers['run.attach']({ question, none: false });
    };
    const run = await app.carryOn(async (task) => {
      if (task.kind === 'attach') return files(task);
      if (task.kind === 'decide') {
        expect(task.happened).toMatch(/No file was brought/);
        expect(task.options).toEqual(['again', 'exception', 'stop']);
        await handlers['run.decide']({ question: task.question, decision: 'again' });
        return;
      }
      return answer(task);
    });
    expect(run.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    const lines = transcript(run.folder);
    const facts = (name: string) => lines.filter(({ body }) => body['fact'] === name);
    expect(facts('answer').find(({ step }) => step === 'audit-log')?.body['files']).toMatchObject([
      { name: 'attachments/audit-log-1.photo.jpg', sha256: createHash('sha256').update('a photograph').digest('hex') },
    ]);
    expect(facts('paper-signature')).toMatchObject([{ body: { value: { name: 'Paula Paper', role: 'guest' } } }]);
    expect(lines.find(({ type }) => type === 'participant.enrolled')?.body).toMatchObject({
      participant: { name: 'Wilma Wagner' },
    });
    const [wrongly, rightly] = facts('clock.readings').map(
      ({ body }) => body['value'] as { skewMs: { median: number }; readings: { source: string }[] },
    );
    expect(wrongly?.skewMs.median).toBeGreaterThan(290_000);
    expect(Math.abs(rightly?.skewMs.median ?? NaN)).toBeLessThan(60_000);
    expect(rightly?.readings.map(({ source }) => source)).toEqual([
      'the watch of erin',
      'the watch of frank',
      expect.stringContaining('played in this rehearsal'),
    ]);
    await expectConsistent(run, 0);
    await app.controller.close();
  });

  it('without a file the step takes an exception; an alternate takes a place, and what came too late is told of', async () => {
    const app = await begun('exception', { who: 'all' });
    const { handlers } = app.controller;
    const { ceremony, folder } = await app.carryOn();
    await handlers['home.show']({});
    await handlers['ceremony.next-session']({ ceremony, playing: { who: 'others', me: ['frank'] }, from: 'room' });
    await handlers['ceremony.begin']({});
    const run = await app.carryOn(async (task) => {
      const question = questionOf(task);
      if (task.kind === 'confirm') await handlers['run.confirm']({ question, by: task.by });
      else if (task.kind === 'ask') {
        await handlers['run.answer']({ question, text: task.expects === 'name' ? 'Wilma Wagner' : 'It is on paper' });
      } else if (task.kind === 'clock') {
        await handlers['run.read-clock']({ question, reading: { source: 'wall clock', at: soon(0) } });
      } else if (task.kind === 'attach') {
        // Said while a question stands: carried out before the next step is shown.
        const change = { kind: 'replaced', participant: 'erin', by: 'guest-1', reason: 'her shift ends' } as const;
        await handlers['run.change-people'](change);
        await handlers['run.attach']({ question, none: true });
      } else if (task.kind === 'decide') await handlers['run.decide']({ question, decision: 'exception' });
    });
    expect(run.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    const lines = transcript(folder);
    expect(lines.filter(({ type }) => type === 'exception.recorded')).toMatchObject([
      { step: 'audit-log', body: { kind: 'step-deviated' } },
    ]);
    expect(lines.find(({ type }) => type === 'participant.replaced')?.body).toMatchObject({
      participant: 'erin',
      by: 'guest-1',
    });
    const signOff = lines.find(({ type, step }) => type === 'step.confirmed' && step === 'sign-off');
    expect(signOff?.by).toContain('guest-1');
    expect(signOff?.by).not.toContain('erin');
    expect(run.people.find(({ id }) => id === 'erin')).toMatchObject({ left: true });
    await expectConsistent(run, 1);
    await app.controller.close();
  });

  it('what was said and could not be carried out before the end is told of in words', async () => {
    const app = await begun('too-late', { who: 'others', me: ['erin'] });
    const { handlers } = app.controller;
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', 'preflight')).question });
    await app.untilTask('clock');
    await handlers['run.change-people']({ kind: 'left', participant: 'bob', reason: 'ill' });
    await handlers['run.stop']({});
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
    expect(app.task).toMatchObject({
      outcome: 'stopped',
      notSaid: [expect.stringContaining('Bob Brandt is away: ill')],
    });
    expect((await troubleFrom(handlers['run.change-people']({ kind: 'late', participant: 'bob' }))).happened).toMatch(
      /run is over/,
    );
    await app.controller.close();
  });
});
