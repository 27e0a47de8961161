/** A medium that is not mounted: no folder is made in its place, and no copy is counted that is none. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Notice } from '../../ceremony/engine/ports';
import { readPlan } from '../../ceremony/plan/read';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { builtScripts } from '../../cli/node-children';
import { RehearsedPeople } from '../../cli/people-rehearsal';
import { startConnectedSide } from '../../cli/connected-service';
import { rehearsePlan } from '../../cli/rehearse-plan';
import { THIS_RUNTIME } from '../../cli/this-app';
import { makeRoom } from '../../workstation/rehearsal/room';
import { LinuxWorkstation } from '../../workstation/linux-workstation';
import { CHECKOUT, FIRST_CEREMONY, scratch, tool, transcript } from './program';

const place = scratch();
afterAll(place.leave);

it('is told of before the ceremony, and refused at the copy', async () => {
  const workstation = new LinuxWorkstation(new FileBundleFolder(join(place.folder, 'none')), THIS_RUNTIME);
  const there = join(place.folder, 'there');
  mkdirSync(there);
  const file = join(place.folder, 'file');
  writeFileSync(file, '');
  const missing = join(place.folder, 'not', 'mounted');
  const media = [
    { id: 'one', path: there },
    { id: 'two', path: missing },
    { id: 'three', path: file },
  ];
  const observed = await workstation.observe(media, []);
  expect(observed.slice(-3)).toEqual([
    { check: 'medium one', ok: true, found: `${there}: there, can be written to` },
    { check: 'medium two', ok: false, found: `${missing}: it is not there; is the medium mounted?` },
    { check: 'medium three', ok: false, found: `${file}: it is not a folder` },
  ]);
  for (const path of [missing, file]) {
    await expect(workstation.copyToMedium(path, 'c')).rejects.toMatchObject({ code: 'NOT_COPIED', uncertain: false });
  }
  expect(existsSync(missing)).toBe(false);
});

it('taken out during the ceremony, it is asked for until it is back, and gets the whole bundle', async () => {
  const room = makeRoom(join(place.folder, 'room'), 'softhsm2', []);
  const [mounted, away] = [join(room.folder, 'media'), join(room.folder, 'away')];
  const failures: string[] = [];
  class Forgetful extends RehearsedPeople {
    override confirm(question: { readonly step: string; readonly by: readonly string[] }): Promise<readonly string[]> {
      if (question.step === 'preflight') renameSync(mounted, away);
      return Promise.resolve(question.by);
    }

    override tell(notice: Notice): void {
      if (notice.kind === 'failure') failures.push(notice.text);
    }

    override decide(): Promise<'again'> {
      expect(existsSync(mounted)).toBe(false);
      renameSync(away, mounted);
      return Promise.resolve('again');
    }
  }
  const planText = readFileSync(FIRST_CEREMONY, 'utf8');
  const bundle = join(place.folder, 'bundle');
  await rehearsePlan({
    room,
    planText,
    plan: readPlan(planText),
    bundle,
    connected: await startConnectedSide(join(place.folder, 'not-installed'), room.connected),
    parameters: null,
    before: null,
    people: new Forgetful(() => undefined),
    scripts: builtScripts(join(CHECKOUT, 'build')),
  });
  expect(failures).toHaveLength(1);
  expect(failures[0]).toContain('is the medium mounted?');
  expect(failures[0]).toContain('The bundle itself is complete and sealed; only the copy is missing.');
  const workstation = transcript(bundle).find(({ body }) => body['fact'] === 'workstation')?.body['value'];
  const { observations } = workstation as { observations: { check: string; ok: boolean | null }[] };
  expect(observations.filter(({ check }) => check.startsWith('medium ')).map(({ ok }) => ok)).toEqual([true]);
  const copies = readdirSync(mounted, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('verify.sh'),
  );
  expect(copies).toHaveLength(1);
  expect(tool('sh', [join(mounted, copies[0] ?? '')]).toString()).toMatch(/^verdict: consistent/m);
});
