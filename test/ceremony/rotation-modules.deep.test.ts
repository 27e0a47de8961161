/**
 * The same rotation on the other modules: NSS carries it out whole; opencryptoki has no AES key wrap, so that wrapping is
 * refused there, and a master key that wraps nothing is replaced all the same.
 */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { itWhere } from '../run-where';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles } from '../bundle/mutation/bundle-files';
import { keyrite, scratch, transcript } from './program';
import { writeRotationPlans, type RotationVariant } from './small-plans';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const isRoot = process.getuid?.() === 0;
const place = scratch();
afterAll(place.leave);

async function rehearsed(
  module: string,
  variant: RotationVariant,
): Promise<{ code: number | null; stderr: string; bundle: string }> {
  const bundle = join(place.folder, `${module}-${Object.keys(variant).join('-')}`);
  const plan = writeRotationPlans(place.folder, variant);
  const { code, stderr } = await keyrite(['rehearse', plan, '--module', module, '--out', bundle]);
  return { code, stderr, bundle };
}

async function holds(bundle: string): Promise<void> {
  const files = await readFiles(bundle);
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
}

const done = (bundle: string, act: string): Record<string, unknown> =>
  (transcript(bundle).find((line) => line.type === 'step.outcome' && line.body['act'] === act)?.body['result'] ??
    {}) as Record<string, unknown>;

it('NSS: every key is wrapped anew, and comes back', { timeout: 120_000 }, async () => {
  const { code, stderr, bundle } = await rehearsed('nss', {});
  expect(code, stderr).toBe(0);
  await holds(bundle);
  expect(done(bundle, 'unit-a/rotate')).toMatchObject({ keys: 4 });
  expect(done(bundle, 'unit-a/activate')).toMatchObject({
    registers: { new: { status: 'empty' }, current: { status: 'valid' } },
    stateKept: 'none',
  });
});

itWhere(isRoot && DEEP)('opencryptoki: wrapping is refused, and nothing is changed', { timeout: 120_000 }, async () => {
  const { code, stderr } = await rehearsed('opencryptoki', { withoutPairs: true });
  expect(stderr).toContain('the token wraps no secret key by AES-KWP or AES-KW, as known answers showed.');
  expect(stderr).toContain('Nothing was changed.');
  expect(code).not.toBe(0);
});

itWhere(isRoot && DEEP)('opencryptoki: a master key that wraps nothing is replaced', { timeout: 240_000 }, async () => {
  const { code, stderr, bundle } = await rehearsed('opencryptoki', { withoutStore: true });
  expect(code, stderr).toBe(0);
  await holds(bundle);
  expect(done(bundle, 'unit-a/activate')).toMatchObject({
    registers: { new: { status: 'empty' }, current: { status: 'valid' } },
  });
});
