/** A whole ceremony on units that take their PINs on pads of their own: nobody is asked for one, and the record tells. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { keyrite, scratch, tool, transcript } from './program';

const room = scratch();
afterAll(() => {
  room.leave();
});

test('it ends with a bundle that verifies, whose record and report say where the PINs were entered', async () => {
  const at = (name: string) => join(room.folder, name);
  execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', at('shim.so'), resolve('test/fault-shim.c'), '-ldl']);
  mkdirSync(at('tokens'));
  writeFileSync(at('conf'), `directories.tokendir = ${at('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  writeFileSync(at('pad'), '660184093526\n291730485561\n');
  const environment = { SOFTHSM2_CONF: at('conf'), KEYRITE_PAD: at('pad'), KEYRITE_PAD_DELAY: '20' };
  const args = ['rehearse', '--module', at('shim.so'), '--out', at('bundle'), '--keep', at('room')];
  const done = await keyrite(args, environment);
  expect(done.code, done.stderr).toBe(0);
  expect(done.stderr).toMatch(/ ! \S.* (?:make|makes) a new security officer PIN of .* on the device’s own pad$/m);
  expect(done.stderr).toMatch(/ ! \S.* (?:enter|enters) the user PIN of .* on the device’s own pad$/m);

  const verdict = await keyrite(['verify', at('bundle'), '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
  expect(tool('sh', [join(at('bundle'), 'verify.sh')]).toString()).toMatch(/^verdict: consistent/m);

  const lines = transcript(at('bundle'));
  const results = lines.flatMap(({ type, body }) => {
    const result = type === 'step.outcome' ? (body['result'] as { token?: { protectedPath: boolean } } | null) : null;
    return result?.token === undefined ? [] : [result.token.protectedPath];
  });
  expect(results.length).toBeGreaterThanOrEqual(4);
  expect(new Set(results)).toEqual(new Set([true]));
  expect(readFileSync(join(at('bundle'), 'report.html'), 'utf8')).toContain('on the token’s own pad');
  // Cards of people have none: theirs are the only PINs that the player was asked for.
  const { pins } = JSON.parse(readFileSync(join(at('room'), 'player.json'), 'utf8')) as { pins: { role: string }[] };
  expect(new Set(pins.map(({ role }) => role))).toEqual(new Set(['card']));
  for (const pin of ['660184093526', '291730485561']) expect(JSON.stringify(lines)).not.toContain(pin);
});
