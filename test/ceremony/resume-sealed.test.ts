/** `keyrite resume` on a ceremony that is closed: a torn seal is made anew, missing copies are made, and no more. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keyrite, scratch, transcript } from './program';
import { writeUnitPlan } from './small-plans';

const place = scratch();
const at = (...parts: string[]): string => join(place.folder, ...parts);
const bundle = at('bundle');
const kept = at('kept');
let media = '';
let copy = '';

beforeAll(async () => {
  const { code, stderr } = await keyrite([
    'rehearse',
    writeUnitPlan(at('unit.ceremony.yaml')),
    '--out',
    bundle,
    '--keep',
    at('room'),
  ]);
  expect(code, stderr).toBe(0);
  media = at('room', 'media');
  copy = readdirSync(media, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('SHA256SUMS')) ?? '';
  expect(copy).not.toBe('');
  cpSync(bundle, kept, { recursive: true });
});
afterAll(place.leave);

const sums = (): Buffer => readFileSync(join(bundle, 'SHA256SUMS'));

it('with all of its copies it is refused: nothing is left to do', async () => {
  const { code, stderr } = await keyrite(['resume', bundle]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/closed and sealed[^]*Nothing is left to do/);
});

it('a copy that is missing is made, and nothing else changes', async () => {
  const before = transcript(bundle).length;
  rmSync(join(media, copy, '..'), { recursive: true });
  const { code, stderr } = await keyrite(['resume', bundle]);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('what is left is its copy on evidence-usb');
  expect(readFileSync(join(media, copy))).toEqual(sums());
  expect(sums()).toEqual(readFileSync(join(kept, 'SHA256SUMS')));
  expect(transcript(bundle)).toHaveLength(before);
  expect((await keyrite(['resume', bundle])).code).toBe(2);
});

it('a medium that is not there is named, with how to go on; once it is there it gets its copy', async () => {
  renameSync(media, at('away'));
  rmSync(join(at('away'), copy, '..'), { recursive: true });
  const { code, stderr } = await keyrite(['resume', bundle]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/complete and sealed, but it is not on evidence-usb[^]*is the medium mounted\?/);
  expect(stderr).toContain(`keyrite resume ${bundle}`);
  expect(sums()).toEqual(readFileSync(join(kept, 'SHA256SUMS')));
  renameSync(at('away'), media);
  expect((await keyrite(['resume', bundle])).code).toBe(0);
  expect(existsSync(join(media, copy))).toBe(true);
});

it('a torn seal is made anew', async () => {
  rmSync(join(media, copy, '..'), { recursive: true });
  truncateSync(join(bundle, 'SHA256SUMS'), 0);
  const { code, stderr } = await keyrite(['resume', bundle]);
  expect(code, stderr).toBe(0);
  const verdict = await keyrite(['verify', bundle, '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
  expect(readFileSync(join(media, copy))).toEqual(sums());
});

it('what was changed after the seal is refused, and left as it is', async () => {
  mkdirSync(join(bundle, 'attachments'), { recursive: true });
  cpSync(join(bundle, 'plan.yaml'), join(bundle, 'attachments', 'more.yaml'));
  const before = sums();
  const { code, stderr } = await keyrite(['resume', bundle]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/changed after the bundle was sealed[^]*auditor/);
  expect(sums()).toEqual(before);
});
