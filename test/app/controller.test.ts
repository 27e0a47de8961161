/** The app's controller without its windows: real tokens, the engine, and what a person at the main window would ask. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../ceremony/canonical-json';
import { keyrite, scratch, tool, transcript } from '../ceremony/program';
import { NeedleSearch } from '../ceremony/needles';
import { formsOf, knownToPlayer, type Secret } from '../ceremony/secrets';
import { ControlledApp, removeRooms, troubleFrom } from './controlled-app';

const place = scratch();
afterAll(() => {
  removeRooms();
  place.leave();
});

describe('the first ceremony, everybody played', () => {
  it('goes from home to a sealed bundle that both verifiers accept', async () => {
    const app = new ControlledApp(join(place.folder, 'whole'));
    const { handlers } = app.controller;
    expect(app.view().screen).toEqual({ kind: 'home' });
    await handlers['room.look-again']({});
    const { room } = app.view();
    expect(room.find(({ check }) => check === 'known answers')).toMatchObject({ ok: true, remedy: '' });
    expect(room.every(({ ok, remedy }) => (ok === false) === (remedy !== ''))).toBe(true);
    expect(app.view().examples.map(({ id }) => id)).toEqual([
      'first-ceremony',
      'taking-over',
      'threshold-shares',
      'two-days',
      'administrator-change',
      'application-keys',
      'master-key-rotation',
      'reshare',
      'root-key-aws',
      'root-key-azure-managed-hsm',
      'root-key-cms',
      'root-key-google-cloud-kms',
      'root-key-hpcs',
      'root-key-openbao',
      'root-key-rotate',
      'share-drill',
    ]);
    await handlers['plan.open-example']({ id: 'first-ceremony' });
    const review = app.view().screen;
    expect(review).toMatchObject({ kind: 'review', plan: { good: true, id: 'first-ceremony' } });
    await handlers['plan.accept']({});
    await handlers['binding.make-rehearsal']({ playing: { who: 'all' }, names: { carol: 'Carolina Castro' } });
    const bound = app.view().screen;
    expect(bound).toMatchObject({
      kind: 'binding',
      binding: { good: true, from: 'room', mode: 'rehearsal', findings: [], modules: [{ ok: true }, { ok: true }] },
    });
    if (bound.kind !== 'binding' || bound.binding === null) throw new Error('nothing bound');
    expect(bound.binding.people.find(({ id }) => id === 'carol')?.name).toBe('Carolina Castro');
    await handlers['ceremony.begin']({});
    const seen = new Set<string>();
    const roomFolder = dirname(app.started[0]?.playerFile ?? '');
    const views: string[] = [];
    let known: Secret[] = [];
    app.controller.onChange(() => {
      const { screen } = app.view();
      if (screen.kind !== 'run') return;
      views.push(JSON.stringify(screen));
      if (screen.run.task.kind === 'begin') known = knownToPlayer(roomFolder);
      for (const unit of screen.run.units)
        seen.add(`${unit.mode} ${unit.registers?.new.status ?? '-'} ${unit.registers?.current.status ?? '-'}`);
    });
    const run = await app.carryOn();
    expect(run.task).toMatchObject({ kind: 'ended', outcome: 'closed', verdict: 'verified' });
    expect(run.steps.every(({ status, began, ended }) => status === 'done' && began !== null && ended !== null)).toBe(
      true,
    );
    for (const unit of run.units) {
      expect(unit).toMatchObject({
        mode: 'operational',
        administrators: ['Alice Adler', 'Bob Brandt'],
        signatureThreshold: 2,
        registers: { new: { status: 'empty', pattern: null }, current: { status: 'valid' } },
      });
      expect(unit.serial).toMatch(/^[0-9a-f]{16}$/);
    }
    // PINs, components and the master key of this very ceremony: no view and no secret window's frame held any of them.
    const secrets = known.flatMap(formsOf);
    expect(secrets.length).toBeGreaterThan(100);
    const told = Buffer.from([...views, JSON.stringify(app.described)].join('\n'));
    expect(told.length).toBeGreaterThan(1_000_000);
    expect(new NeedleSearch(secrets).in(told)).toEqual([]);
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'imprint empty empty',
        'operational full-uncommitted empty',
        'operational full-committed empty',
      ]),
    );
    expect(run.observations.map(({ check }) => check)).toContain('medium evidence-usb');
    expect(run.transcript.size).toBe(transcript(run.folder).length);
    expect(run.transcript.lines.at(-1)).toMatchObject({ type: 'ceremony.closed' });
    const verdict = await keyrite(['verify', run.folder, '--plan-hash', run.planSha256, '--json']);
    expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'verified', findings: [], exceptions: 0 });
    expect(tool('sh', [join(run.folder, 'verify.sh'), '--plan-hash', run.planSha256]).toString()).toMatch(/verified/);
    const binding = readFileSync(join(run.folder, 'binding.yaml'), 'utf8');
    expect(existsSync(/^room: (.+)$/m.exec(binding)?.[1] ?? '/')).toBe(false);

    await handlers['home.show']({});
    expect(app.view().ceremonies).toMatchObject([{ ceremony: run.ceremony, status: 'closed', title: run.title }]);
    await handlers['verify.ceremony']({ ceremony: run.ceremony, planHash: run.planSha256 });
    expect(app.view().screen).toMatchObject({ kind: 'verify', report: { verdict: 'verified', findings: [] } });
    await app.controller.close();
  });
});

describe('a hostile bundle', () => {
  it('is verified, and what its findings quote is bounded', async () => {
    const app = new ControlledApp(join(place.folder, 'hostile'));
    const { handlers } = app.controller;
    const bundle = join(place.folder, 'hostile-bundle');
    mkdirSync(bundle);
    const at = '2026-11-23T10:15:00.000Z';
    const frame = { at, body: {}, by: [], prev: '0'.repeat(64), salt: '0'.repeat(32), seq: 0, step: null };
    writeFileSync(join(bundle, 'transcript.jsonl'), `${canonicalJson({ ...frame, type: '<b>'.repeat(20_000) })}\n`);
    app.chosen.push(bundle);
    expect(await handlers['verify.open-folder']({ planHash: null })).toBe(true);
    const { screen } = app.view();
    if (screen.kind !== 'verify' || screen.report === null) throw new Error('no report');
    expect(screen.report).toMatchObject({ verdict: 'refused', summary: null });
    expect(Math.max(...screen.report.findings.map(({ reason }) => reason.length))).toBe(1_001);
  });

  it('is judged by the keys given for it alone', async () => {
    const app = new ControlledApp(join(place.folder, 'keys'));
    const { handlers } = app.controller;
    await handlers['verify.show']({});
    const key = join(place.folder, 'key.pem');
    tool('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', `${key}.private`]);
    tool('openssl', ['pkey', '-in', `${key}.private`, '-pubout', '-out', key]);
    app.chosen.push(`${key}.private`);
    expect((await troubleFrom(handlers['verify.add-approver']({}))).happened).toMatch(/not a public key/);
    app.chosen.push(key);
    expect(await handlers['verify.add-approver']({})).toBe(true);
    const bundle = join(place.folder, 'nothing');
    mkdirSync(bundle);
    app.chosen.push(bundle);
    await handlers['verify.open-folder']({ planHash: null });
    expect(app.view().screen).toMatchObject({
      report: { approverKeys: [expect.stringMatching(/^[0-9a-f]{64}$/)], verdict: 'refused' },
    });
    await handlers['home.show']({});
    app.chosen.push(bundle);
    await handlers['verify.open-folder']({ planHash: null });
    expect(app.view().screen).toMatchObject({ report: { approverKeys: [] } });
  });
});
