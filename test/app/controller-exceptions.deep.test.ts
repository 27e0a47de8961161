/** Exceptions raised at any step: on record at once, signed as soon as those who sign are there, and never lost. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import type { Ceremony } from '../../ceremony/engine/ceremony';
import { closeCeremony } from '../../ceremony/engine/close';
import { exportMedia } from '../../ceremony/engine/copy-to-media';
import { recordRaised, signRaised } from '../../ceremony/engine/exception';
import type { RequestFailed, Trouble } from '../../ipc/define';
import type { RunController, RunParts } from '../../src-main/app/run-controller';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { readPlayerFile, writePlayerFile, type PlayerFault } from '../../workstation/rehearsal/player-file';
import { keyrite, scratch, tool, transcript } from '../ceremony/program';
import { ControlledApp, removeRooms, troubleFrom } from './controlled-app';
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

/** An app in which the small plan begins, everybody played; faults are put into the player's memory first. */
async function begun(name: string, ...faults: PlayerFault[]): Promise<ControlledApp> {
  const app = new ControlledApp(join(place.folder, name));
  const { handlers } = app.controller;
  app.chosen.push(plan);
  await handlers['plan.open-file']({});
  await handlers['plan.accept']({});
  await handlers['binding.make-rehearsal']({ playing: { who: 'all' }, names: {} });
  const file = app.started.at(-1)?.playerFile ?? '';
  writePlayerFile(file, { ...readPlayerFile(file), faults });
  await handlers['ceremony.begin']({});
  return app;
}

/** The run itself: what the handler answers with, it answers with. */
function runOf(app: ControlledApp): RunController {
  const { screen } = app.controller as unknown as { screen: { kind: string; run?: RunController } };
  if (screen.run === undefined) throw new Error(`expected a run, found ${screen.kind}`);
  return screen.run;
}

/** What the run is made of, and its ceremony, which must be open. */
function insideOf(app: ControlledApp): { readonly parts: RunParts; readonly ceremony: Ceremony } {
  const { parts, ceremony } = runOf(app) as unknown as { parts: RunParts; ceremony: Ceremony | null };
  if (ceremony === null) throw new Error('no ceremony');
  return { parts, ceremony };
}

/** What became of a request so far. */
function follow(request: Promise<unknown>): { answer: 'waits' | 'on record' | Trouble } {
  const followed: ReturnType<typeof follow> = { answer: 'waits' };
  request.then(
    () => (followed.answer = 'on record'),
    (error: unknown) => (followed.answer = (error as RequestFailed).trouble),
  );
  return followed;
}

const words = (what: string) => ({ expected: `${what} as planned`, happened: `${what} otherwise`, decided: 'Go on' });

/** What is on record of exceptions, in order: `raised` or `signed`, and what happened. */
function exceptionsIn(folder: string): string[] {
  return transcript(folder).flatMap(({ type, step, by, body }) => {
    if (type === 'exception.recorded') return [`signed ${String(body['kind'])} of ${step ?? ''} by ${by.join(', ')}`];
    if (body['fact'] !== 'exception.raised') return [];
    const { step: about, kind } = body['value'] as Record<string, string>;
    return [`raised ${kind ?? ''} of ${about ?? ''}`];
  });
}

async function expectVerified(folder: string, exceptions: number): Promise<void> {
  const verdict = await keyrite(['verify', folder, '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions });
  const said = tool('sh', [join(folder, 'verify.sh')]).toString();
  expect(said).toMatch(/^verdict: consistent /m);
  expect(said).toMatch(new RegExp(`^exceptions: ${String(exceptions)}$`, 'm'));
}

describe('an exception', () => {
  it('raised before the roll call waits for it; later ones are signed at once; words that are no use are refused', async () => {
    const app = await begun('signed');
    const { handlers } = app.controller;
    const first = await app.untilTask('begin', 'preflight');
    await handlers['run.raise-exception']({ step: 'preflight', kind: 'preflight', ...words('Network') });
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.exceptions.waiting.length === 1);
    const { folder } = app.run;
    await app.until(() => exceptionsIn(folder).length === 1);
    expect(exceptionsIn(folder), 'nobody has proved presence').toEqual(['raised preflight of preflight']);
    expect(app.run.exceptions).toMatchObject({ recorded: 0, waiting: [{ kind: 'preflight', step: 'preflight' }] });

    const skip = handlers['run.raise-exception']({ step: 'seals', kind: 'step-skipped', ...words('Seals') });
    expect((await troubleFrom(skip)).happened).toMatch(/not skipped in advance/);
    const nowhere = handlers['run.raise-exception']({ step: 'nowhere', kind: 'other', ...words('Seals') });
    expect((await troubleFrom(nowhere)).happened).toMatch(/names no step/);

    // The question is held while the exception is written.
    await app.untilTask('begin', 'preflight');
    await handlers['run.begin-step']({ question: first.question });
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', 'roll-call')).question });
    await app.untilTask('begin', 'initialise');
    expect(exceptionsIn(folder).slice(1)).toEqual(['signed preflight of preflight by alice, frank']);
    expect(app.run.exceptions).toEqual({ recorded: 1, waiting: [] });

    await handlers['run.raise-exception']({ step: 'export', kind: 'materials', ...words('The medium') });
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.exceptions.recorded === 2);
    expect(exceptionsIn(folder).slice(2)).toEqual([
      'raised materials of export',
      'signed materials of export by alice, frank',
    ]);
    // Two of the same words are two exceptions.
    await handlers['run.raise-exception']({ step: 'export', kind: 'materials', ...words('The medium') });
    const run = await app.carryOn();
    expect(run.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    const late = handlers['run.raise-exception']({ step: 'export', kind: 'other', ...words('Too late') });
    expect((await troubleFrom(late)).happened).toMatch(/nothing can be added/);
    await expectVerified(folder, 3);
    await app.controller.close();
  });

  it('raised while a device works waits, and is shown; whatever is raised last is signed before the close', async () => {
    const slow = { match: { role: 'card', of: 'dave' }, do: 'delay', times: 1, milliseconds: 700 } as const;
    const last = { match: { role: 'card', of: 'bob' }, do: 'delay', times: 0, milliseconds: 700 } as const;
    const app = await begun('queued', slow, last);
    const { handlers } = app.controller;
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', 'preflight')).question });
    const rollCall = await app.untilTask('begin', 'roll-call');
    await handlers['run.begin-step']({ question: rollCall.question });
    const { folder } = app.run;
    await app.until(
      ({ screen }) =>
        screen.kind === 'run' && screen.run.task.kind === 'working' && screen.run.task.doing.startsWith('Dave'),
    );
    const dave = follow(runOf(app).raise({ step: 'roll-call', kind: 'people', ...words('Dave') }));
    expect(app.run.exceptions.waiting).toMatchObject([
      { step: 'roll-call', kind: 'people', happened: 'Dave otherwise' },
    ]);
    await Promise.resolve();
    expect(exceptionsIn(folder)).toEqual([]);
    expect(dave.answer, 'it is not on record yet').toBe('waits');
    await app.untilTask('begin', 'initialise');
    expect(dave.answer).toBe('on record');
    expect(exceptionsIn(folder)).toEqual(['raised people of roll-call', 'signed people of roll-call by alice, frank']);
    for (const step of ['initialise', 'imprint', 'seals', 'checkpoint'] as const) {
      await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
    }
    const exporting = await app.untilTask('begin', 'export');
    await handlers['run.begin-step']({ question: exporting.question });
    const end = follow(runOf(app).raise({ step: 'export', kind: 'other', ...words('The last step') }));
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
    expect(end.answer).toBe('on record');
    expect(exceptionsIn(folder).slice(2)).toEqual(['raised other of export', 'signed other of export by alice, frank']);
    await expectVerified(folder, 2);
    await app.controller.close();
  });

  it('not signed when the run is stopped, is missing in the bundle, and is signed when it is resumed', async () => {
    const app = await begun('unsigned');
    const { handlers } = app.controller;
    await app.untilTask('begin', 'preflight');
    await handlers['run.raise-exception']({ step: 'preflight', kind: 'clock', ...words('The clock') });
    const { folder, ceremony } = app.run;
    await app.until(() => exceptionsIn(folder).length === 1);
    await handlers['run.stop']({});
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
    const verdict = await keyrite(['verify', folder, '--json']);
    const reason = 'the exception raised here was not signed';
    expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'incomplete', findings: [] });
    expect((JSON.parse(verdict.stdout) as { missing: unknown[] }).missing).toContainEqual({
      where: 'transcript.jsonl',
      line: 1,
      reason,
    });
    await handlers['home.show']({});
    await handlers['ceremony.resume']({ ceremony, playing: { who: 'all' } });
    await app.untilTask('begin', 'preflight');
    expect(app.run.exceptions).toMatchObject({ recorded: 0, waiting: [{ kind: 'clock' }] });
    const run = await app.carryOn();
    expect(run.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    expect(exceptionsIn(folder)).toEqual(['raised clock of preflight', 'signed clock of preflight by alice, frank']);
    await expectVerified(folder, 1);
    await app.controller.close();
  });

  it('whose signature fails can be signed again, and is not lost when that is given up', async () => {
    const wrong = { match: { role: 'card', of: 'frank' }, do: 'refuse', times: 2, milliseconds: 0 } as const;
    const app = await begun('declined');
    const { handlers } = app.controller;
    for (const step of ['preflight', 'roll-call'] as const) {
      await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
    }
    const held = await app.untilTask('begin', 'initialise');
    const file = app.started.at(-1)?.playerFile ?? '';
    writePlayerFile(file, { ...readPlayerFile(file), faults: [wrong] });
    await handlers['run.stop']({});
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
    const { folder, ceremony } = app.run;
    await handlers['home.show']({});
    // The player reads its memory when it starts.
    await handlers['ceremony.resume']({ ceremony, playing: { who: 'all' } });
    const begin = await app.untilTask('begin', 'initialise');
    expect(begin.question).not.toBe(held.question);
    await handlers['run.raise-exception']({ step: 'initialise', kind: 'other', ...words('Something') });
    const declined = await app.untilTask('decide');
    expect(app.run.exceptions.waiting).toHaveLength(1);
    const early = handlers['run.begin-step']({ question: begin.question });
    expect((await troubleFrom(early)).happened).toMatch(/being signed/);
    await handlers['run.decide']({ question: declined.question, decision: 'again' });
    const twice = await app.until(({ screen }) => {
      const task = screen.kind === 'run' ? screen.run.task : null;
      return task?.kind === 'decide' && task.question !== declined.question;
    });
    if (twice.screen.kind !== 'run' || twice.screen.run.task.kind !== 'decide') throw new Error('no decision');
    await handlers['run.decide']({ question: twice.screen.run.task.question, decision: 'stop' });
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
    expect(app.task).toMatchObject({ outcome: 'stopped' });
    expect(exceptionsIn(folder)).toEqual(['raised other of initialise']);
    // The command line takes it up as well.
    const resumed = await keyrite(['resume', folder]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(exceptionsIn(folder)).toEqual(['raised other of initialise', 'signed other of initialise by alice, frank']);
    await expectVerified(folder, 1);
    await app.controller.close();
  });

  it('raised while its engine asks about a signature is written at once, and each is signed once', async () => {
    // Signed by the engine after the roll call; whoever signs declines once.
    const wrong = { match: { role: 'card', of: 'frank' }, do: 'refuse', times: 2, milliseconds: 0 } as const;
    const app = await begun('once');
    const { handlers } = app.controller;
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', 'preflight')).question });
    await app.untilTask('begin', 'roll-call');
    await handlers['run.begin-step']({ question: app.task.kind === 'begin' ? app.task.question : '' });
    await app.untilTask('begin', 'initialise');
    await handlers['run.stop']({});
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
    const { folder, ceremony } = app.run;
    const file = app.started.at(-1)?.playerFile ?? '';
    writePlayerFile(file, { ...readPlayerFile(file), faults: [wrong] });
    await handlers['home.show']({});
    await handlers['ceremony.resume']({ ceremony, playing: { who: 'all' } });
    await app.untilTask('begin', 'initialise');
    const run = runOf(app);
    // Written as by a run before, so that the engine itself has it signed before the step.
    const engine = insideOf(app).ceremony;
    await recordRaised(engine, { step: 'seals', kind: 'materials', ...words('First') });
    await handlers['run.begin-step']({ question: app.task.kind === 'begin' ? app.task.question : '' });
    const declined = await app.untilTask('decide');
    await run.raise({ step: 'seals', kind: 'other', ...words('Second') });
    expect(exceptionsIn(folder)).toEqual(['raised materials of seals', 'raised other of seals']);
    await app.untilTask('decide');
    await handlers['run.decide']({ question: declined.question, decision: 'again' });
    const ended = await app.carryOn(async (task) => {
      if (task.kind === 'decide') await handlers['run.decide']({ question: task.question, decision: 'again' });
    });
    expect(ended.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    expect(exceptionsIn(folder).slice(2)).toEqual([
      'signed materials of seals by alice, frank',
      'signed other of seals by alice, frank',
    ]);
    await expectVerified(folder, 2);
    await app.controller.close();
  });

  it('is signed once, though its signatures are asked for twice at the same time', async () => {
    const app = await begun('twice');
    const { handlers } = app.controller;
    for (const step of ['preflight', 'roll-call'] as const) {
      await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
    }
    await app.untilTask('begin', 'initialise');
    const engine = insideOf(app).ceremony;
    await recordRaised(engine, { step: 'seals', kind: 'materials', ...words('The seals') });
    await Promise.all([signRaised(engine), signRaised(engine)]);
    expect(exceptionsIn(app.run.folder)).toEqual([
      'raised materials of seals',
      'signed materials of seals by alice, frank',
    ]);
    expect(engine.signingRaised).toBeNull();
    await app.controller.close();
  });

  it('raised before there is a record is refused in words', async () => {
    const app = await begun('early');
    const early = Promise.resolve().then(() =>
      app.controller.handlers['run.raise-exception']({ step: 'preflight', kind: 'other', ...words('Early') }),
    );
    expect((await troubleFrom(early)).happened).toMatch(/not open yet/);
    expect(app.run.exceptions.waiting).toEqual([]);
    await app.controller.close();
  });

  it('that cannot be written is answered in words that repeat it, and the run ends', async () => {
    const app = await begun('lost');
    await app.untilTask('begin', 'preflight');
    const full = vi.spyOn(FileBundleFolder.prototype, 'append').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write', path: 'transcript.jsonl' });
    });
    try {
      const lost = follow(runOf(app).raise({ step: 'preflight', kind: 'other', ...words('The medium') }));
      await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
      expect(lost.answer).toMatchObject({
        happened: expect.stringMatching(/before .* on record.*The medium otherwise/),
      });
    } finally {
      full.mockRestore();
    }
    await app.controller.close();
  });

  it('of any length: all words of as many as were raised stay on the screen, in a view that can be sent', async () => {
    const app = await begun('long');
    await app.untilTask('begin', 'preflight');
    const full = vi.spyOn(FileBundleFolder.prototype, 'append').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write', path: 'transcript.jsonl' });
    });
    const long = { expected: 'e'.repeat(4000), happened: 'h'.repeat(4000), decided: 'd'.repeat(4000) };
    try {
      const lost = ['preflight', 'seals'].map((step) => follow(runOf(app).raise({ step, kind: 'other', ...long })));
      // Every view on the way is held against its schema.
      await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
      expect(lost.every(({ answer }) => typeof answer === 'object')).toBe(true);
    } finally {
      full.mockRestore();
    }
    expect(app.task).toMatchObject({
      kind: 'ended',
      notRecorded: [
        { step: 'preflight', kind: 'other', ...long },
        { step: 'seals', kind: 'other', ...long },
      ],
    });
    await app.controller.close();
  });

  it('or none: the run ends on the screen even if its lock cannot be let go of', async () => {
    const app = await begun('locked');
    await app.untilTask('begin', 'preflight');
    const { lock } = insideOf(app).parts;
    const stuck = vi.spyOn(lock, 'release').mockImplementation(() => {
      throw new Error('the mark stays');
    });
    await app.controller.handlers['run.stop']({});
    await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
    expect(stuck).toHaveBeenCalledOnce();
    stuck.mockRestore();
    lock.release();
    await app.controller.close();
  });
});

describe('a bundle that a medium did not get', () => {
  it('is told of with the media that did, of those that an export step names', async () => {
    const app = await begun('media');
    await app.carryOn();
    const { ceremony, parts } = insideOf(app);
    const { plan } = parts.documents.plan;
    const [named] = parts.documents.binding.binding.media;
    if (named === undefined) throw new Error('no medium');
    const [first, second] = [named, { id: 'second-usb', path: '/media/second' }];
    const media = [first, { id: 'not-named', path: '/media/not-named' }, second];
    const steps = plan.steps.map((step) =>
      step.action === 'export' ? { ...step, media: [first.id, second.id] } : step,
    );
    expect(exportMedia({ ...plan, steps }, { ...ceremony.binding, media })).toEqual([first, second]);
    // The people of a run that is over stop whatever they are asked.
    Object.assign(ceremony, { plan: { ...plan, steps }, binding: { ...ceremony.binding, media } });
    const asked: string[] = [];
    vi.spyOn(ceremony.ports.workstation, 'copyToMedium').mockImplementation((path) => {
      asked.push(path);
      if (path === first.path) return Promise.resolve();
      const message = 'not there';
      const error = { code: 'NOT_COPIED', message, changed: 'Nothing.', next: 'Mount it.', uncertain: false } as const;
      return Promise.reject(new DeviceError(error));
    });
    vi.spyOn(ceremony.ports.devices, 'endPhase').mockResolvedValue();
    await expect(closeCeremony(ceremony)).rejects.toMatchObject({ name: 'BundleNotCopied', copied: [first] });
    // Once before anybody is asked about it, and once that could be tried again.
    expect(asked).toEqual([first.path, second.path, second.path]);
    await app.controller.close();
  });
});
