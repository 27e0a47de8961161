/** SECURITY: nothing is wrapped to a key that was not authenticated in the way the plan names. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FIRST_CEREMONY, keyrite, scratch, transcript } from './program';

const place = scratch();
afterAll(place.leave);

it('a wrapping key that is not the one the plan pins: no key is made, and the ceremony stops', async () => {
  const text = readFileSync(FIRST_CEREMONY, 'utf8');
  const pinned = text.replace(
    /authenticate:\n {6}by: read-back\n {6}positions: .*\n/,
    `authenticate:\n      by: pinned\n      publicKeySha256: '${'ab'.repeat(32)}'\n`,
  );
  expect(pinned).not.toBe(text);
  const plan = join(place.folder, 'pinned.ceremony.yaml');
  writeFileSync(plan, pinned);
  const bundle = join(place.folder, 'bundle');

  const { code, stderr } = await keyrite(['rehearse', plan, '--out', bundle]);
  expect(code, stderr).toBe(1);
  expect(stderr).toContain(`the plan pins the key ${'ab'.repeat(32)}, the file has `);
  expect(stderr).toContain('No key was made and nothing was wrapped.');
  const lines = transcript(bundle);
  expect(lines.some(({ type, step }) => type === 'step.failed' && step === 'package')).toBe(true);
  expect(lines.filter(({ type, step }) => type === 'step.intent' && step === 'package')).toEqual([]);
  expect(existsSync(join(bundle, 'packages'))).toBe(false);
});
