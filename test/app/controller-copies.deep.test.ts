/** The bundle's seal and its copies: what a kill, a missing or an odd medium, or an odd entry at home does to them. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import type { Ceremony } from '../../ceremony/engine/ceremony';
import { closeCeremony } from '../../ceremony/engine/close';
import { exportMedia } from '../../ceremony/engine/copy-to-media';
import type { RunController, RunParts } from '../../src-main/app/run-controller';
import { listCeremonies } from '../../src-main/app/ceremonies';
import { lockBundle } from '../../workstation/bundle-lock';
import { keyrite, scratch, tool } from '../ceremony/program';
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

const ALL = { playing: { who: 'all' } } as const;
const folderOf = (name: string): string => join(place.folder, name);

/** An app in which a rehearsal of the small plan is bound, everybody played. */
async function bound(name: string): Promise<ControlledApp> {
  const app = new ControlledApp(folderOf(name));
  const { handlers } = app.controller;
  app.chosen.push(plan);
  await handlers['plan.open-file']({});
  await handlers['plan.accept']({});
  await handlers['binding.make-rehearsal']({ ...ALL, names: {} });
  return app;
}

/** One that is about to export the bundle. */
async function beforeExport(name: string): Promise<{ readonly app: ControlledApp; readonly medium: string }> {
  const app = await bound(name);
  const { handlers } = app.controller;
  await handlers['ceremony.begin']({});
  for (const step of ['preflight', 'roll-call', 'initialise', 'imprint', 'seals', 'checkpoint']) {
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
  }
  await app.untilTask('begin', 'export');
  return { app, medium: insideOf(app).parts.documents.binding.binding.media[0]?.path ?? '' };
}

/** One that is sealed, and asks for the medium that is not there. */
async function withoutMedium(name: string): Promise<{ readonly app: ControlledApp; readonly medium: string }> {
  const { app, medium } = await beforeExport(name);
  rmSync(medium, { recursive: true });
  await app.controller.handlers['run.begin-step']({ question: (await app.untilTask('begin', 'export')).question });
  await app.untilTask('decide');
  return { app, medium };
}

/** What the next app finds when the first one is killed now; the folder as it is on the disk. */
function killedNow({ run }: ControlledApp, name: string): { readonly app: ControlledApp; readonly folder: string } {
  const folder = join(folderOf(name), 'ceremonies', run.ceremony);
  cpSync(run.folder, folder, { recursive: true });
  return { app: new ControlledApp(folderOf(name)), folder };
}

function insideOf(app: ControlledApp): { readonly parts: RunParts; readonly ceremony: Ceremony } {
  const { screen } = app.controller as unknown as { screen: { run: RunController } };
  return screen.run as unknown as { parts: RunParts; ceremony: Ceremony };
}

async function ended(app: ControlledApp): Promise<void> {
  await app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');
}

async function expectConsistent(bundle: string): Promise<void> {
  const verdict = await keyrite(['verify', bundle, '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
  expect(tool('sh', [join(bundle, 'verify.sh')]).toString()).toMatch(/^verdict: consistent /m);
}

const listed = (app: ControlledApp) => app.view().ceremonies.map(({ status, note }) => ({ status, note }));

describe('an odd entry among the ceremonies', () => {
  it('is listed as unreadable, in words, and takes nothing else away', () => {
    const ceremonies = join(folderOf('loops'), 'ceremonies');
    mkdirSync(ceremonies, { recursive: true });
    symlinkSync('loop', join(ceremonies, 'loop'));
    symlinkSync('nowhere', join(ceremonies, 'gone'));
    mkdirSync(join(ceremonies, 'empty'));
    const app = new ControlledApp(folderOf('loops'));
    expect(
      app
        .view()
        .ceremonies.map(({ ceremony }) => ceremony)
        .sort(),
    ).toEqual(['empty', 'gone', 'loop']);
    expect(app.view().ceremonies.find(({ ceremony }) => ceremony === 'loop')).toMatchObject({
      status: 'unreadable',
      note: 'its links lead round in a circle',
    });
    expect(app.view().room).toEqual([]);
  });

  it('a folder that may not be read is a finding of the room', () => {
    const ceremonies = join(folderOf('private'), 'ceremonies');
    mkdirSync(join(ceremonies, 'empty'), { recursive: true });
    chmodSync(ceremonies, 0);
    const isRoot = process.getuid?.() === 0;
    // Root may read everything.
    if (isRoot) process.seteuid?.(65_534);
    const { ceremonies: found, finding } = listCeremonies(ceremonies);
    if (isRoot) process.seteuid?.(0);
    chmodSync(ceremonies, 0o700);
    expect(found).toEqual([]);
    expect(finding).toMatchObject({ ok: false, found: `${ceremonies}: you may not open it` });
  });

  it('a folder that is none is a finding of the room, and what begins in it is refused in words', async () => {
    mkdirSync(folderOf('a-file'));
    writeFileSync(join(folderOf('a-file'), 'ceremonies'), '');
    const app = await bound('a-file');
    expect(app.view()).toMatchObject({
      ceremonies: [],
      room: [{ ok: false, found: expect.stringContaining('not a folder'), remedy: expect.stringMatching(/./) }],
    });
    const { happened } = await troubleFrom(app.controller.handlers['ceremony.begin']({}));
    expect(happened).not.toContain('fault');
    await app.controller.close();
  });

  it('that appears before a ceremony begins hides neither the run nor lets go of its bundle', async () => {
    const app = await bound('late');
    const { handlers } = app.controller;
    const ceremonies = join(folderOf('late'), 'ceremonies');
    mkdirSync(ceremonies, { recursive: true });
    symlinkSync('loop', join(ceremonies, 'loop'));
    await handlers['ceremony.begin']({});
    await app.untilTask('begin', 'preflight');
    expect(() => lockBundle(app.run.folder)).toThrow('Another keyrite');
    await handlers['run.stop']({});
    await ended(app);
    await app.controller.close();
  });
});

describe('killed once the sums are written', () => {
  it('while a medium is asked for: the next run makes the copy, and the room goes', async () => {
    const { app, medium } = await withoutMedium('waiting');
    const { ceremony } = app.run;
    const room = dirname(app.started.at(-1)?.playerFile ?? '');
    const next = killedNow(app, 'waiting-next');
    const sums = readFileSync(join(next.folder, 'SHA256SUMS'));
    expect(listed(next.app)).toMatchObject([{ status: 'open', note: expect.stringMatching(/Sealed.*copies/) }]);
    const { handlers } = next.app.controller;
    await handlers['ceremony.resume']({ ceremony, ...ALL });
    const { question, happened } = await next.app.untilTask('decide');
    expect(happened).toContain('is the medium mounted?');
    expect(existsSync(room)).toBe(true);
    mkdirSync(medium, { recursive: true });
    let copied: Buffer | null = null;
    // The medium goes with the room: what is on it is looked at as soon as it is there.
    const { workstation } = insideOf(next.app).ceremony.ports;
    const copyToMedium = workstation.copyToMedium.bind(workstation);
    vi.spyOn(workstation, 'copyToMedium').mockImplementation(async (path, id) => {
      await copyToMedium(path, id);
      copied = readFileSync(join(path, id, 'SHA256SUMS'));
    });
    await handlers['run.decide']({ question, decision: 'again' });
    await ended(next.app);
    expect(next.app.task).toMatchObject({ outcome: 'closed', verdict: 'verified', notCopied: [] });
    expect(copied).toEqual(sums);
    expect(readFileSync(join(next.folder, 'SHA256SUMS'))).toEqual(sums);
    expect(existsSync(room)).toBe(false);
    await handlers['home.show']({});
    expect(listed(next.app)).toEqual([{ status: 'closed', note: '' }]);
    const nothing = await troubleFrom(handlers['ceremony.resume']({ ceremony, ...ALL }));
    expect(nothing.happened).toMatch(/closed and sealed/);
    await next.app.controller.close();
    await app.controller.close();
  });

  const torn = [
    [
      'empty',
      (sums: string) => {
        truncateSync(sums, 0);
      },
    ],
    [
      'cut in a line',
      (sums: string) => {
        truncateSync(sums, 100);
      },
    ],
    [
      'cut between lines',
      (sums: string) => {
        writeFileSync(sums, readFileSync(sums, 'utf8').replace(/[^\n]*\n[^\n]*\n$/, ''));
      },
    ],
    [
      'written in part under its other name',
      (sums: string) => {
        writeFileSync(join(dirname(sums), '.SHA256SUMS.part'), 'ab');
        rmSync(sums);
      },
    ],
  ] as const;
  it.each(process.env['KEYRITE_DEEP'] === '1' ? torn : torn.slice(-2))(
    'sums that are %s are none: it is gone on with, sealed and copied',
    async (how, tear) => {
      const { app, medium } = await withoutMedium(`torn ${how}`);
      const { ceremony } = app.run;
      const next = killedNow(app, `next of torn ${how}`);
      tear(join(next.folder, 'SHA256SUMS'));
      await next.app.controller.handlers['home.show']({});
      expect(listed(next.app)).toMatchObject([{ status: 'open' }]);
      mkdirSync(medium, { recursive: true });
      await next.app.controller.handlers['ceremony.resume']({ ceremony, ...ALL });
      await ended(next.app);
      expect(next.app.task).toMatchObject({ outcome: 'closed', verdict: 'verified', notCopied: [] });
      await expectConsistent(next.folder);
      await next.app.controller.close();
      await app.controller.close();
    },
  );

  it('a file of that name before the close is no seal', async () => {
    const { app } = await beforeExport('early');
    const { handlers } = app.controller;
    await handlers['run.stop']({});
    await ended(app);
    const { ceremony, folder } = app.run;
    writeFileSync(join(folder, 'SHA256SUMS'), '');
    await handlers['home.show']({});
    expect(listed(app)).toMatchObject([{ status: 'open' }]);
    await handlers['ceremony.resume']({ ceremony, ...ALL });
    expect((await app.carryOn()).task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
    await expectConsistent(folder);
    await app.controller.close();
  });

  it('what was changed after the seal is not sealed anew', async () => {
    const { app } = await withoutMedium('changed');
    const next = killedNow(app, 'changed-next');
    const report = join(next.folder, 'report.html');
    writeFileSync(report, `${readFileSync(report, 'utf8')}<!-- -->`);
    const sums = readFileSync(join(next.folder, 'SHA256SUMS'));
    const { handlers } = next.app.controller;
    const refused = await troubleFrom(handlers['ceremony.resume']({ ceremony: app.run.ceremony, ...ALL }));
    expect(refused.happened).toMatch(/changed after the bundle was sealed/);
    expect(readFileSync(join(next.folder, 'SHA256SUMS'))).toEqual(sums);
    const copied = await troubleFrom(handlers['ceremony.copy-bundle']({ ceremony: app.run.ceremony }));
    expect(copied.happened).toMatch(/changed after/);
    await app.controller.close();
    await next.app.controller.close();
  });
});

describe('stopped while a medium lacks its copy', () => {
  it('the end names the medium and why, and the copy is offered there and at home', async () => {
    const { app, medium } = await withoutMedium('stopped');
    const { handlers } = app.controller;
    await handlers['run.stop']({});
    await ended(app);
    const { ceremony, folder, task } = app.run;
    expect(task).toMatchObject({
      outcome: 'closed',
      media: [],
      notCopied: [
        {
          id: 'evidence-usb',
          path: join(medium, ceremony),
          reason: expect.stringContaining('is the medium mounted?'),
        },
      ],
    });
    expect(JSON.stringify(task)).not.toContain('Nothing is under way');
    await handlers['home.show']({});
    expect(listed(app)).toEqual([{ status: 'closed', note: '' }]);
    const usb = join(place.folder, 'usb');
    mkdirSync(usb);
    expect(await handlers['ceremony.copy-bundle']({ ceremony })).toBe(false);
    app.chosen.push(usb);
    expect(await handlers['ceremony.copy-bundle']({ ceremony })).toBe(true);
    expect(listed(app)).toEqual([{ status: 'closed', note: `Copied to ${join(usb, ceremony)}, and read back` }]);
    expect(readFileSync(join(usb, ceremony, 'SHA256SUMS'))).toEqual(readFileSync(join(folder, 'SHA256SUMS')));
    await expectConsistent(join(usb, ceremony));
    await app.controller.close();
  });

  it('a copy to the very place takes the medium from the list', async () => {
    const { app, medium } = await withoutMedium('later');
    const { handlers } = app.controller;
    await handlers['run.stop']({});
    await ended(app);
    mkdirSync(medium, { recursive: true });
    app.chosen.push(medium);
    expect(await handlers['run.copy-bundle']({})).toBe(true);
    const copy = { id: 'evidence-usb', path: join(medium, app.run.ceremony) };
    expect(app.task).toMatchObject({ notCopied: [], media: [copy] });
    rmSync(medium, { recursive: true });
    await app.controller.close();
  });
});

describe('a medium that cannot be looked at', () => {
  it('is told of in words, and can be tried again', async () => {
    const { app, medium } = await beforeExport('odd');
    const { handlers } = app.controller;
    rmSync(medium, { recursive: true });
    symlinkSync(medium, medium);
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', 'export')).question });
    const { question, happened } = await app.untilTask('decide');
    expect(happened).toContain('its links lead round in a circle');
    rmSync(medium);
    mkdirSync(medium);
    await handlers['run.decide']({ question, decision: 'again' });
    await ended(app);
    expect(app.task).toMatchObject({ outcome: 'closed', verdict: 'verified', notCopied: [] });
    await app.controller.close();
  });

  it('whatever goes wrong with one, the others get their copy, and the bundle is sealed', async () => {
    const { app } = await beforeExport('several');
    await app.controller.handlers['run.begin-step']({ question: (await app.untilTask('begin', 'export')).question });
    await ended(app);
    const { ceremony, parts } = insideOf(app);
    const [named] = parts.documents.binding.binding.media;
    if (named === undefined) throw new Error('no medium');
    const media = ['fault', 'away', 'there'].map((id) => ({ ...named, id, path: `/media/${id}` }));
    const steps = parts.documents.plan.plan.steps.map((step) =>
      step.action === 'export' ? { ...step, media: media.map(({ id }) => id) } : step,
    );
    const many = { plan: { ...parts.documents.plan.plan, steps }, binding: { ...ceremony.binding, media } };
    expect(exportMedia(many.plan, many.binding)).toEqual(media);
    Object.assign(ceremony, many);
    vi.spyOn(ceremony.ports.workstation, 'copyToMedium').mockImplementation((path) => {
      if (path === '/media/fault') return Promise.reject(new RangeError('words of anybody'));
      if (path === '/media/there') return Promise.resolve();
      const said = { code: 'NOT_COPIED', message: 'away is not there', changed: '', next: '', uncertain: false };
      return Promise.reject(new DeviceError(said));
    });
    // The people of a run that is over stop whatever they are asked.
    const failed: unknown = await closeCeremony(ceremony).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      name: 'BundleNotCopied',
      copied: [{ id: 'there' }],
      lacking: [
        { id: 'fault', reason: expect.stringContaining('RangeError') },
        { id: 'away', reason: 'away is not there' },
      ],
      message: expect.stringMatching(/complete and sealed.*not on fault or away\.\n[^]*away is not there/),
    });
    expect((failed as Error).message).not.toContain('words of anybody');
    expect(existsSync(join(parts.folder, 'SHA256SUMS'))).toBe(true);
    await app.controller.close();
  });
});
