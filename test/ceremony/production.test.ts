/** SECURITY: a checkout does no production, whatever plan and binding say. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CHECKOUT, FIRST_CEREMONY, keyrite, scratch } from './program';

const place = scratch();
afterAll(place.leave);

it('a production binding is refused before anything is started or written', async () => {
  const out = join(place.folder, 'bundle');
  const binding = join(CHECKOUT, 'examples', 'first-ceremony.binding.example.yaml');
  const { code, stdout, stderr } = await keyrite(['run', FIRST_CEREMONY, '--binding', binding, '--out', out]);
  expect(stderr).toContain('production needs the packaged app on a supported runtime; a checkout is refused');
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
});
