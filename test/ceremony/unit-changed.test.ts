/** SECURITY: what happens to a unit without being recorded is found at the next connect, and the ceremony stops. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalJson, type JsonObject } from '../../ceremony/canonical-json';
import { keyrite, scratch, SOFTHSM2, start, tool, transcript } from './program';
import { knownToPlayer } from './secrets';

const place = scratch();
const bundle = join(place.folder, 'bundle');
const room = join(place.folder, 'room');
const stateFile = join(place.folder, 'state.json');

beforeAll(async () => {
  const { child, ended } = start(['rehearse', '--out', bundle, '--keep', room]);
  const isActive = (): boolean =>
    existsSync(join(bundle, 'transcript.jsonl')) &&
    transcript(bundle).some(
      ({ type, step, body }) => type === 'step.outcome' && step === 'activate' && body['act'] === null,
    );
  while (!isActive() && child.exitCode === null) await sleep(2);
  child.kill('SIGKILL');
  expect((await ended).signal).toBe('SIGKILL');
  unit('--read-object', '--type', 'data', '--label', 'keyrite:state', '--output-file', stateFile);
});
afterAll(place.leave);

/** Does with unit-a what its PIN allows, without Keyrite. */
function unit(...args: string[]): void {
  const pin = knownToPlayer(room).find(({ name }) => name === 'user PIN of unit-a');
  if (pin === undefined || !('pin' in pin)) throw new Error('the player knows no PIN of unit-a');
  const token = ['--module', SOFTHSM2, '--token-label', 'payments-unit-a', '--login', '--pin', pin.pin];
  tool('pkcs11-tool', [...token, ...args], undefined, { SOFTHSM2_CONF: join(room, 'units', 'softhsm2.conf') });
}

function keepState(text: string): void {
  const file = join(place.folder, 'written.json');
  writeFileSync(file, text);
  unit(
    '--write-object',
    file,
    '--type',
    'data',
    '--label',
    'keyrite:state',
    '--application-label',
    'keyrite',
    '--private',
  );
}

const forgetState = (): void => {
  unit('--delete-object', '--type', 'data', '--label', 'keyrite:state');
};

async function expectStopped(how: string): Promise<void> {
  const { code, stderr } = await keyrite(['resume', bundle]);
  expect(stderr).toContain(`Unit unit-a is not as the record says: ${how}`);
  expect(code).toBe(1);
}

it('a state that is gone, another one, or a key that no command brought, stops the ceremony; as recorded it lets it go on to its end', async () => {
  const state = readFileSync(stateFile, 'utf8');
  const { counter } = JSON.parse(state) as { counter: number };

  forgetState();
  await expectStopped('its state is gone from the token');

  keepState(canonicalJson({ ...(JSON.parse(state) as JsonObject), counter: counter + 1 }));
  await expectStopped(`its state has counter ${String(counter + 1)}, the record has ${String(counter)}`);

  forgetState();
  keepState(state);
  unit('--keygen', '--key-type', 'AES:32', '--label', 'keyrite:mk:uncommitted', '--usage-sign');
  await expectStopped('its registers (new/current) are full-uncommitted/valid, the record has empty/valid');

  unit('--delete-object', '--type', 'secrkey', '--label', 'keyrite:mk:uncommitted');
  expect((await keyrite(['resume', bundle])).code).toBe(0);
  expect((await keyrite(['verify', bundle])).code).toBe(0);
});
